-- Makes a room's log, where there is none or the one that was seen to be behind, unless it was wiped.
--
-- KEYS: the room's hash. ARGV: the beginning of the head of the log that it takes the place of ('' if there was none); the
-- log's life in ms; then the fields of the hash and their values. See append.lua for the hash.

local room = KEYS[1]
local head, wiped = unpack(redis.call('HMGET', room, 'head', 'wiped'))
if wiped or (head and ARGV[1] == '') or string.sub(head or '', 1, #ARGV[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', room)
local fields = {}
for i = 3, #ARGV do fields[#fields + 1] = ARGV[i] end
for i = 1, #fields, 1000 do redis.call('HSET', room, unpack(fields, i, math.min(i + 999, #fields))) end
redis.call('HSET', room, 'server', string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)'))
redis.call('PEXPIRE', room, ARGV[2])
return 1
