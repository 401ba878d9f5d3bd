-- Notes that a log is whole on this server, if it still stands where it was seen when nobody had more of it.
--
-- KEYS: the room's hash. ARGV: epoch, seq and tag where it was seen. See append.lua for the hash.

local room = KEYS[1]
local epoch, seq, tag = unpack(redis.call('HMGET', room, 'epoch', 'seq', 'tag'))
if epoch == ARGV[1] and seq == ARGV[2] and tag == ARGV[3] then
  redis.call('HSET', room, 'server', string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)'))
end
return 1
