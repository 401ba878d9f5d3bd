-- Takes one newcomer from the bucket of a network and a room, which fills by itself; see limits.py.
--
-- KEYS: the bucket, which is gone when it would be full. ARGV: how many a second; how many at once.
-- Returns 0, or else the ms after which there will be one.

local bucket, rate, burst = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local level, at = unpack(redis.call('HMGET', bucket, 'level', 'at'))
level = math.min(burst, (level or burst) + (now - (at or now)) * rate / 1000)
local wait = 0
if level >= 1 then level = level - 1 else wait = math.ceil((1 - level) / rate * 1000) end
redis.call('HSET', bucket, 'level', level, 'at', now)
redis.call('PEXPIRE', bucket, math.ceil((burst - level) / rate * 1000))
return wait
