-- Appends a batch to a room's log, wholly or not at all, and publishes it. The usual batch is left to advance.lua.
--
-- KEYS: the room's hash. Its channel is not among them: it exists nowhere, and a script whose keys are partly there and partly
-- not waits until a cluster has moved their slot.
-- ARGV: the worker; the head that the batch was decided on; which of its events is the last that moves (0: none); the log's
--   life in ms, or 0 if it was told lately; and four lists, each led by its length: entries as they are stored if they come
--   right after that head, numbers of the events to forget with what is left of them, commands as participant and id,
--   participants who have parted; then the list of entries' head and what follows them in the news; and the replication id
--   that this server had when the worker connected: while that is the room's nobody need ask the server itself.
-- Returns the seq of the snapshot; the tag and the seq before the batch; the entries up to there that the worker has missed;
-- and of those who made them, and of those whose commands these are, each followed by the window as it is now.
-- Or nothing for a conflict: the state has moved, the log is another, or one of the commands was carried out before.
-- Or -1 where it is not known of this server whether it has all of the log: a replica that was promoted may have lost its end.
--
-- The hash: head (epoch, seq, tag and version, with spaces between them), saved and snapshot, was (what it was written back
-- from), server (the replication id of the server that is known to have all of it), first (the number of the first entry that
-- is kept), before (the tags of those before it, the latest last), e{seq} (an entry: a MessagePack array of its tag and its payload), c{participant} (a
-- window: the last command carried out; and for it and the 63 before it, backwards, whether they were, up to the last that was).

local WINDOW, TAG, HEAD = 64, 8, '^(%S*) (%d+) (%S*) (%d+)$'
local room, call, sub, match = KEYS[1], redis.call, string.sub, string.match
local at = 4

local function list(width)
  at = at + 1
  local found, length = {}, ARGV[at] * width
  for i = 1, length do found[i] = ARGV[at + i] end
  at = at + length
  return found
end

local function tag_of(entry) return sub(entry, 3, 2 + TAG) end
local function payload_of(entry) return sub(entry, 3 + TAG) end
local function entry_of(tag, payload) return '\146\168' .. tag .. payload end

local entries, forgotten, commands, parted = list(1), list(2), list(2), list(1)
local array_head, tail, connected_to = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]

local head, server, saved, first = unpack(call('HMGET', room, 'head', 'server', 'saved', 'first'))
if not head then return false end
local epoch, seq, tag, version = match(head, HEAD)
local base_epoch, base, base_tag, expected = match(ARGV[2], HEAD)
if epoch ~= base_epoch or version ~= expected then return false end

seq, base = tonumber(seq), tonumber(base)
local based_on = tag
if base ~= seq then
  if base < first - 1 or base > seq then return false end
  based_on = base < tonumber(first) and sub(call('HGET', room, 'before'), -TAG) or tag_of(call('HGET', room, 'e' .. base))
end
if based_on ~= base_tag then return false end -- a log that has lost its end, and has got another one

if server ~= connected_to and server ~= match(call('INFO', 'replication'), 'master_replid:(%x+)') then return -1 end

local missed = {}
for i = base + 1, seq do missed[i - base] = call('HGET', room, 'e' .. i) end

local windows, lasts = {}, {}
for i = 1, #commands, 2 do
  local who, id = commands[i], commands[i + 1]
  local done, last = windows[who], lasts[who]
  if not done then
    last, done = match(call('HGET', room, 'c' .. who) or '0 ', '^(%d+) (%d*)$')
  end
  local ahead = id - last
  if ahead > 0 then
    done = '1' .. sub(string.rep('0', math.min(ahead, WINDOW) - 1) .. done, 1, WINDOW - 1)
    last = id
  else
    if -ahead >= WINDOW or sub(done, 1 - ahead, 1 - ahead) == '1' then return false end
    done = done .. string.rep('0', 1 - ahead - #done)
    done = sub(done, 1, -ahead) .. '1' .. sub(done, 2 - ahead)
  end
  windows[who], lasts[who] = done, last
end

local fields, new_tag = {}, tag
local function set(name, value)
  fields[#fields + 1] = name
  fields[#fields + 1] = value
end
for i, entry in ipairs(entries) do
  if #missed > 0 then
    local payload = payload_of(entry)
    entry = entry_of(sub(redis.sha1hex(new_tag .. payload), 1, TAG), payload)
    entries[i] = entry
  end
  new_tag = tag_of(entry)
  set('e' .. (seq + i), entry)
end
if ARGV[3] ~= '0' then version = seq + ARGV[3] end
set('head', table.concat({epoch, seq + #entries, new_tag, version}, ' '))
for who, done in pairs(windows) do set('c' .. who, lasts[who] .. ' ' .. match(done, '^(.-)0*$')) end
for i = 1, #fields, 1000 do call('HSET', room, unpack(fields, i, math.min(i + 999, #fields))) end

for i = 1, #forgotten, 2 do
  local number = tonumber(forgotten[i])
  if number > base then number = number + seq - base end
  local entry = call('HGET', room, 'e' .. number)
  if entry then call('HSET', room, 'e' .. number, entry_of(tag_of(entry), forgotten[i + 1])) end
end
for i = 1, #parted do call('HDEL', room, 'c' .. parted[i]) end
if ARGV[4] ~= '0' then call('PEXPIRE', room, ARGV[4]) end

local news = {ARGV[1], '\150', cmsgpack.pack(epoch, seq, tag), array_head, table.concat(entries), tail}
call('SPUBLISH', room .. ':news', table.concat(news))

for _, entry in ipairs(missed) do
  local who = cmsgpack.unpack(entry)[2][1].by
  if who then windows[who] = true end
end
local known = {}
for who in pairs(windows) do
  known[#known + 1] = who
  known[#known + 1] = call('HGET', room, 'c' .. who) or ''
end
return {saved, tag, seq, missed, known}
