-- Appends a batch to a room's log and publishes it, where the log stands just as the worker knows it: nearly always.
--
-- Then all that changes is known to the worker, and is only to be written. Whatever else there is to be said, append.lua says.
--
-- KEYS: the room's hash. ARGV: how many windows the batch moves; the names of their fields; the windows, as they were before
--   ('' for one that was not); the head as it was; the news; the fields that change and their values; and the replication id
--   that this server had when the worker connected. See append.lua for the hash.
-- Returns the seq of the snapshot, or nothing if anything is not as the worker knows it.

local room, windows, call = KEYS[1], ARGV[1] + 0, redis.call

local stored = call('HMGET', room, 'head', 'server', 'saved', unpack(ARGV, 2, 1 + windows))
local at = 2 + 2 * windows
if stored[1] ~= ARGV[at] or stored[2] ~= ARGV[#ARGV] then return false end
for i = 1, windows do
  if (stored[3 + i] or '') ~= ARGV[1 + windows + i] then return false end
end

for i = at + 2, #ARGV - 1, 1000 do call('HSET', room, unpack(ARGV, i, math.min(i + 999, #ARGV - 1))) end
call('SPUBLISH', room .. ':news', ARGV[at + 1])
return stored[3]
