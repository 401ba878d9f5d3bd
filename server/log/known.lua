-- Notes how much of a room that the log has lost a worker has, and tells what all have said about it lately.
--
-- KEYS: what is known of the room. ARGV: the worker; how many events it has; for how many ms that counts.
-- Returns how many events each has who has said so.

local known, worker, has, counts = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', known, '-inf', now - counts) -- so that one who has gone since is not waited for
redis.call('ZADD', known, now, worker .. ' ' .. has)
redis.call('PEXPIRE', known, counts)
local said = redis.call('ZRANGE', known, 0, -1)
for i, it in ipairs(said) do said[i] = tonumber(string.match(it, '%d+$')) end
return said
