-- Appends a batch to a room's log, wholly or not at all, and publishes it.
--
-- KEYS: the room's hash. Its channel is not among them: it exists nowhere, and a script whose keys are partly there and partly
-- not waits until a cluster has moved their slot.
-- ARGV: the worker; epoch, seq, tag and version that the batch was decided on; which of its events is the last that moves (0: none);
--   the log's life in ms, or 0 if it was told lately; and four lists, each led by its length: entries as they are stored if
--   they come right after that tag, numbers of the events to forget with what is left of them, commands as participant and
--   id, participants who have parted; then the list of entries' head and what follows them in the news; and the replication
--   id that this server had when the worker connected: while that is the room's nobody need ask the server itself.
-- Returns the seq of the snapshot; if the worker has missed something, a list of that, the tag and the seq before the batch,
-- and the entries that it has missed; nothing for a conflict: the state has moved, the log is another, or one of the
-- commands was carried out before; or -1 where it is not known of this server whether it has all of the log: a replica that
-- was promoted may have lost its end.
--
-- The hash: epoch, seq, tag, version, saved and snapshot, was (what it was written back from), server (the replication id of
-- the server that is known to have all of it), first (the number of the first entry that is kept), before (the tag before
-- it), e{seq} (an entry: a MessagePack array of its tag and its payload), c{participant} (the last command carried out, and
-- for it and the 63 before it, backwards, whether they were).
--
-- What it costs is in bench/README.md: mostly nothing was missed, and one command follows another, so that goes first.

local WINDOW, TAG, NONE = 64, 8, {}
local room, channel = KEYS[1], KEYS[1] .. ':news'
local call, sub = redis.call, string.sub
local at = 7

local function list(width)
  at = at + 1
  if ARGV[at] == '0' then return NONE end
  local found, length = {}, ARGV[at] * width
  for i = 1, length do found[i] = ARGV[at + i] end
  at = at + length
  return found
end

local function tag_of(entry) return sub(entry, 3, 2 + TAG) end
local function payload_of(entry) return sub(entry, 3 + TAG) end
local function entry_of(tag, payload) return '\146\168' .. tag .. payload end

local entries, forgotten, commands, parted = list(1), list(2), list(2), list(1)
local head, tail, connected_to = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]

local stored = call('HMGET', room, 'epoch', 'seq', 'tag', 'version', 'saved', 'first', 'server', 'c' .. (commands[1] or ''))
local epoch, seq, tag, version, saved = stored[1], tonumber(stored[2]), stored[3], stored[4], tonumber(stored[5])
if epoch ~= ARGV[2] or version ~= ARGV[5] then return false end

local base, based_on, missed = tonumber(ARGV[3]), tag, NONE
if base ~= seq then
  local first = tonumber(stored[6])
  if base < first - 1 or base > seq then return false end
  based_on = base < first and call('HGET', room, 'before') or tag_of(call('HGET', room, 'e' .. base))
end
if based_on ~= ARGV[4] then return false end -- a log that has lost its end, and has got another one

local server = stored[7]
if server ~= connected_to and server ~= string.match(call('INFO', 'replication'), 'master_replid:(%x+)') then return -1 end

if base ~= seq then
  missed = {}
  for i = base + 1, seq do missed[i - base] = call('HGET', room, 'e' .. i) end
  local chained = tag
  for i, entry in ipairs(entries) do
    local payload = payload_of(entry)
    chained = sub(redis.sha1hex(chained .. payload), 1, TAG)
    entries[i] = entry_of(chained, payload)
  end
end

local windows, lasts = {}, {}
for i = 1, #commands, 2 do
  local who, id = commands[i], commands[i + 1]
  local done, last = windows[who], lasts[who]
  if not done then
    local kept = stored[8]
    if i > 1 then kept = call('HGET', room, 'c' .. who) end
    last, done = string.match(kept or '0 ', '^(%d+) (%d*)$')
  end
  local ahead = id - last
  if ahead > 0 then
    if ahead > 1 then done = string.rep('0', math.min(ahead, WINDOW) - 1) .. done end
    done, last = '1' .. sub(done, 1, WINDOW - 1), id
  else
    if -ahead >= WINDOW or sub(done, 1 - ahead, 1 - ahead) == '1' then return false end
    done = done .. string.rep('0', 1 - ahead - #done)
    done = sub(done, 1, -ahead) .. '1' .. sub(done, 2 - ahead)
  end
  windows[who], lasts[who] = done, last
end

local fields = {'seq', seq + #entries}
for i = 1, #entries do
  fields[2 * i + 1], fields[2 * i + 2] = 'e' .. (seq + i), entries[i]
end
local function set(name, value)
  fields[#fields + 1] = name
  fields[#fields + 1] = value
end
if #entries > 0 then set('tag', tag_of(entries[#entries])) end
if ARGV[6] ~= '0' then set('version', seq + ARGV[6]) end
for who, done in pairs(windows) do set('c' .. who, lasts[who] .. ' ' .. done) end
for i = 1, #fields, 1000 do call('HSET', room, unpack(fields, i, math.min(i + 999, #fields))) end

for i = 1, #forgotten, 2 do
  local number = tonumber(forgotten[i])
  if number > base then number = number + seq - base end
  local entry = call('HGET', room, 'e' .. number)
  if entry then call('HSET', room, 'e' .. number, entry_of(tag_of(entry), forgotten[i + 1])) end
end
for i = 1, #parted do call('HDEL', room, 'c' .. parted[i]) end
if ARGV[7] ~= '0' then call('PEXPIRE', room, ARGV[7]) end

call('SPUBLISH', channel, ARGV[1] .. '\150' .. cmsgpack.pack(epoch, seq, tag) .. head .. table.concat(entries) .. tail)
if missed == NONE then return saved end
return {saved, tag, seq, missed}
