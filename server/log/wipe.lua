-- Deletes a room's log: for good, or only if it still stands where it was seen.
--
-- KEYS: the room's hash. ARGV: either epoch and seq where it was seen; or for how many ms it is known that it is gone for good.

local room = KEYS[1]
if #ARGV == 2 then
  local epoch, seq = unpack(redis.call('HMGET', room, 'epoch', 'seq'))
  if epoch == ARGV[1] and seq == ARGV[2] then redis.call('DEL', room) end
else
  redis.call('DEL', room)
  redis.call('HSET', room, 'wiped', 1)
  redis.call('PEXPIRE', room, ARGV[1])
end
return 1
