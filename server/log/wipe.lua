-- Deletes a room's log: for good, or, to be begun again, if it still stands where it was seen.
--
-- KEYS: the room's hash. ARGV: for how many ms it is known that it is gone for good, or ''; the beginning of the head that was seen.

local room = KEYS[1]
if ARGV[1] == '' then
  if string.sub(redis.call('HGET', room, 'head') or '', 1, #ARGV[2]) == ARGV[2] then redis.call('DEL', room) end
else
  redis.call('DEL', room)
  redis.call('HSET', room, 'wiped', 1)
  redis.call('PEXPIRE', room, ARGV[1])
end
return 1
