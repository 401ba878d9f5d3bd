-- Appends a batch to a room's log, wholly or not at all, and publishes it.
--
-- KEYS: the room's hash. Its channel is not among them: it exists nowhere, and a script whose keys are partly there and partly
-- not waits until a cluster has moved their slot.
-- ARGV: the worker; epoch, seq, tag and version that the batch was decided on; which of its events is the last that moves (0: none);
--   the log's life in ms; and four lists, each led by its length: payloads, numbers of the events to forget with what is left
--   of them, commands as participant and id, participants who have parted; then the list of payloads' head and what follows
--   them in the news.
-- Returns the tag and the seq before the batch, the seq of the snapshot, and the entries that the worker has missed; or 0
-- for a conflict: the state has moved, the log is another, or one of the commands was carried out before; or 1 where it is not
-- known of this server whether it has all of the log: a replica that was promoted may have lost its end.
--
-- The hash: epoch, seq, tag, version, saved and snapshot, was (what it was written back from), server (the
-- replication id of the server that is known to have all of it), first (the number of the first entry that is kept), before (the
-- tag before it), e{seq} (tag and payload of an entry), c{participant} (the last command carried out, and for it and the 63
-- before it, backwards, whether they were).

local WINDOW, TAG = 64, 8
local room, channel = KEYS[1], KEYS[1] .. ':news'
local at = 7

local function list(width)
  at = at + 1
  local found, length = {}, tonumber(ARGV[at]) * width
  for i = 1, length do found[i] = ARGV[at + i] end
  at = at + length
  return found
end

local epoch, seq, tag, version, saved, first, server =
  unpack(redis.call('HMGET', room, 'epoch', 'seq', 'tag', 'version', 'saved', 'first', 'server'))
local base = tonumber(ARGV[3])
seq = tonumber(seq)
if epoch ~= ARGV[2] or version ~= ARGV[5] or base < tonumber(first) - 1 or base > seq then return 0 end
local based_on = tag
if base < tonumber(first) then
  based_on = redis.call('HGET', room, 'before')
elseif base < seq then
  based_on = string.sub(redis.call('HGET', room, 'e' .. base), 1, TAG)
end
if based_on ~= ARGV[4] then return 0 end -- a log that has lost its end, and has got another one

if server ~= string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)') then return 1 end

local payloads, forgotten, commands, parted = list(1), list(2), list(2), list(1)
local head, tail = ARGV[at + 1], ARGV[at + 2]

local windows = {}
for i = 1, #commands, 2 do
  local who, id = commands[i], tonumber(commands[i + 1])
  local window = windows[who]
  if not window then
    local last, done = string.match(redis.call('HGET', room, 'c' .. who) or '0 ', '^(%d+) (%d*)$')
    window = {last = tonumber(last), done = done}
    windows[who] = window
  end
  local ahead = id - window.last
  if ahead > 0 then
    window.done = string.sub('1' .. string.rep('0', math.min(ahead, WINDOW) - 1) .. window.done, 1, WINDOW)
    window.last = id
  else
    if -ahead >= WINDOW or string.sub(window.done, 1 - ahead, 1 - ahead) == '1' then return 0 end
    window.done = window.done .. string.rep('0', 1 - ahead - #window.done)
    window.done = string.sub(window.done, 1, -ahead) .. '1' .. string.sub(window.done, 2 - ahead)
  end
end

local missed = {}
for i = base + 1, seq do missed[i - base] = redis.call('HGET', room, 'e' .. i) end

local chained, fields = tag, {}
for i, payload in ipairs(payloads) do
  chained = string.sub(redis.sha1hex(chained .. payload), 1, TAG)
  fields[2 * i - 1], fields[2 * i] = 'e' .. (seq + i), chained .. payload
end
local function set(name, value)
  fields[#fields + 1] = name
  fields[#fields + 1] = value
end
set('seq', seq + #payloads)
set('tag', chained)
if ARGV[6] ~= '0' then set('version', seq + ARGV[6]) end
for who, window in pairs(windows) do set('c' .. who, string.format('%.0f %s', window.last, window.done)) end
for i = 1, #fields, 1000 do redis.call('HSET', room, unpack(fields, i, math.min(i + 999, #fields))) end

for i = 1, #forgotten, 2 do
  local number = tonumber(forgotten[i])
  if number > base then number = number + seq - base end
  local entry = redis.call('HGET', room, 'e' .. number)
  if entry then redis.call('HSET', room, 'e' .. number, string.sub(entry, 1, TAG) .. forgotten[i + 1]) end
end
for _, who in ipairs(parted) do redis.call('HDEL', room, 'c' .. who) end
redis.call('PEXPIRE', room, ARGV[7])

local position = cmsgpack.pack(epoch) .. cmsgpack.pack(seq) .. cmsgpack.pack(tag)
redis.call('SPUBLISH', channel, ARGV[1] .. '\150' .. position .. head .. table.concat(payloads) .. tail)
return {tag, seq, tonumber(saved), missed}
