-- Keeps a room's state, and drops what happened before the state that was kept until now.
--
-- KEYS: the room's hash. ARGV: epoch and seq of the state; the state. See append.lua for the hash.

local room = KEYS[1]
local head, saved, first = unpack(redis.call('HMGET', room, 'head', 'saved', 'first'))
local seq = tonumber(ARGV[2])
if not head or string.match(head, '^%S*') ~= ARGV[1] or seq <= tonumber(saved) then return 0 end

local before = redis.call('HGET', room, 'e' .. saved)
if before then
  for i = first, saved do redis.call('HDEL', room, 'e' .. i) end
  redis.call('HSET', room, 'first', saved + 1, 'before', string.sub(before, 3, 10))
end
redis.call('HSET', room, 'saved', seq, 'snapshot', ARGV[3])
return 1
