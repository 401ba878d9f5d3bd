-- Keeps a room's state, and drops what happened before the state that was kept until now.
--
-- KEYS: the room's hash. ARGV: epoch and seq of the state; the state; how many bytes of tags to keep of what is dropped. See
-- append.lua for the hash.

local room = KEYS[1]
local head, saved, first, before = unpack(redis.call('HMGET', room, 'head', 'saved', 'first', 'before'))
local seq = tonumber(ARGV[2])
if not head or string.match(head, '^%S*') ~= ARGV[1] or seq <= tonumber(saved) then return 0 end

local tags = {before}
for i = first, saved do
  tags[#tags + 1] = string.sub(redis.call('HGET', room, 'e' .. i), 3, 10)
  redis.call('HDEL', room, 'e' .. i)
end
redis.call('HSET', room, 'first', math.max(first, saved + 1), 'before', string.sub(table.concat(tags), -ARGV[4]))
redis.call('HSET', room, 'saved', seq, 'snapshot', ARGV[3])
return 1
