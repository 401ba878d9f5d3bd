-- Notes that a log is whole on this server, if it still stands where it was seen when nobody had more of it.
--
-- KEYS: the room's hash. ARGV: the beginning of the head that was seen. See append.lua for the hash.

local room = KEYS[1]
if string.sub(redis.call('HGET', room, 'head') or '', 1, #ARGV[1]) == ARGV[1] then
  redis.call('HSET', room, 'server', string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)'))
end
return 1
