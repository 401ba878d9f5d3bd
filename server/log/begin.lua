-- Makes a room's log, where there is none or the one that was seen to be behind, unless it was wiped.
--
-- KEYS: the room's hash. ARGV: epoch and seq of the log that it takes the place of ('' if there was none); the log's life in
-- ms; then the fields of the hash and their values. See append.lua for the hash.

local room = KEYS[1]
local epoch, seq, wiped = unpack(redis.call('HMGET', room, 'epoch', 'seq', 'wiped'))
if wiped or (epoch or '') ~= ARGV[1] or (seq or '') ~= ARGV[2] then return 0 end
redis.call('DEL', room)
local fields = {}
for i = 4, #ARGV do fields[#fields + 1] = ARGV[i] end
for i = 1, #fields, 1000 do redis.call('HSET', room, unpack(fields, i, math.min(i + 999, #fields))) end
redis.call('HSET', room, 'server', string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)'))
redis.call('PEXPIRE', room, ARGV[3])
return 1
