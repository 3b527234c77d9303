-- The ledger's steps, each one atomic call. KEYS: 1 cycle hash, 2 open cycles (zset by deadline), 3 collecting:<index>,
-- 4 newest closed cycle, 5 event stream, 6 atm:<index>, 7 controls, 8 last success.
-- ARGV: 1 step, 2 now, 3 cycle, 4 index, then what the step takes.
-- A stage is one field `<index>:<stage>` = state|holder|lease until|started|ended|starts.
local cycle_key, open_key, collecting_key, newest_key, stream_key, atm_key, controls_key, success_key = unpack(KEYS)
local step, now, cycle, index = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local DAYS = 172800

-- A step reads what it needs of the cycle in one call and writes what it changed in one, when it is through.
local held, changed, lasts = {}, {}, nil

local function fetch(fields)
  for i, value in ipairs(redis.call('HMGET', cycle_key, unpack(fields))) do held[fields[i]] = value or '' end
end

local function get(field)
  if not held[field] then fetch({ field }) end
  return held[field]
end

local function set(...)
  for i = 1, select('#', ...), 2 do
    local field, value = select(i, ...)
    held[field], changed[field] = tostring(value), tostring(value)
  end
end

local function write()
  local flat = {}
  for field, value in pairs(changed) do flat[#flat + 1], flat[#flat + 2] = field, value end
  if #flat > 0 then redis.call('HSET', cycle_key, unpack(flat)) end
  if lasts then redis.call('EXPIRE', cycle_key, lasts) end
end

local function add(field, number)
  local sum = (tonumber(get(field)) or 0) + number
  set(field, sum)
  return sum
end

local function known() return get('opened') ~= '' end

local function analysed(status) return status == 'OK' or status == 'PARTIAL' end

local function read_stage(stage)
  local parts = {}
  for part in string.gmatch(get(index .. ':' .. stage) .. '|', '([^|]*)|') do parts[#parts + 1] = part end
  return { state = parts[1] or '', holder = parts[2] or '', lease = tonumber(parts[3]) or 0,
           started = parts[4] or '0', ended = parts[5] or '0', starts = tonumber(parts[6]) or 0 }
end

local function write_stage(stage, s)
  set(index .. ':' .. stage, table.concat({ s.state, s.holder, string.format('%.6f', s.lease), s.started, s.ended, s.starts }, '|'))
end

local function take(stage, s, task, seconds)
  s.state, s.holder, s.lease, s.started, s.starts = 'run', task, now + seconds, ARGV[2], s.starts + 1
  write_stage(stage, s)
end

local function open(expected, config, deadline, due)
  if known() then return end
  local _, commas = string.gsub(expected, ',', '')
  set('expected', expected, 'config', config, 'deadline', deadline, 'due', due, 'opened', ARGV[2],
      'left', commas + 1, 'fired', '0', 'closed', '0', 'attempt', '1')
  redis.call('ZADD', open_key, deadline, cycle)
  lasts = DAYS
end

-- False of a unit that was claimed before this ledger forgot its cycle, while the rerun of another one has opened that again.
-- It ended for the one that was waited for, and the cycle was closed too soon. Skipped later, it had ended, and nobody closed that.
local function awaited()
  return string.find(',' .. get('expected') .. ',', ',' .. index .. ',', 1, true) ~= nil
end

-- True where the cycle was not opened for this unit: the rerun of another one had opened what this ledger had forgotten.
local function expect()
  if awaited() then return false end
  set('expected', get('expected') .. ',' .. index)
  add('left', 1)
  return true
end

-- Has the cycle wait for this unit as well. One that was fired without it is closed anew, as another attempt.
local function join()
  if not expect() or tonumber(get('fired')) == 0 then return end
  set('attempt', tonumber(get('attempt')) + 1, 'fired', '0', 'closed', '0')
  redis.call('ZADD', open_key, get('deadline'), cycle)
  lasts = DAYS
end

local function report(first)
  if ARGV[first] and ARGV[first] ~= '' then
    redis.call('XADD', stream_key, 'MAXLEN', '~', ARGV[first], '*', unpack(ARGV, first + 1))
  end
end

-- True for the one call that completes the cycle.
local function terminal(status, reason, summary)
  set(index .. ':status', status, index .. ':reason', reason, index .. ':summary', summary)
  if add('left', -1) <= 0 and tonumber(get('fired')) == 0 then
    set('fired', ARGV[2])
    return true
  end
  return false
end

local function hold_collecting(lease, seconds, ...)
  local milliseconds = math.max(1, math.floor(seconds * 4000))
  return redis.call('SET', collecting_key, cycle .. '|' .. string.format('%.6f', lease), 'PX', milliseconds, ...)
end

-- A sweep closed the unit of a collection that had renewed its lease just before its deadline. Its index was free until the
-- next renewal, and the next cycle was collected beside it. A dead collector does not renew, and holds its index no longer.
local RENEWED_WITHIN = 1.7

local function hold_until_renewed()
  local holder = redis.call('GET', collecting_key)
  if not holder then return end
  local other, lease = string.match(holder, '^([^|]*)|([^|]*)$')
  local till = now + RENEWED_WITHIN
  if other ~= cycle or tonumber(lease) <= till then return end
  hold_collecting(till, RENEWED_WITHIN)
end

local function release_collecting()
  local holder = redis.call('GETDEL', collecting_key)
  if not holder then return end
  local other, lease = string.match(holder, '^([^|]*)|([^|]*)$')
  -- Nearly always it is this cycle's. Another's that took over stays, for as long as its lease says.
  if other ~= cycle then
    redis.call('SET', collecting_key, holder, 'PX', math.max(1, math.floor((tonumber(lease) - now) * 4000)))
  end
end

-- Takes the index for this cycle; false where another one's lease has not lapsed.
local function take_collecting(lease, seconds)
  local holder = hold_collecting(lease, seconds, 'NX', 'GET')
  if not holder then return true end
  local other, until_then = string.match(holder, '^([^|]*)|([^|]*)$')
  if other ~= cycle and tonumber(until_then) > now then return false end
  hold_collecting(lease, seconds)
  return true
end

-- A settled cycle is kept for sixty cycles (its grace is 0.8 of one), at least five minutes and at most an hour.
local function settled()
  redis.call('ZREM', open_key, cycle)
  local grace = (tonumber(get('deadline')) or 0) - (tonumber(get('due')) or 0)
  lasts = math.floor(math.max(300, math.min(3600, 75 * grace)))
end

-- True for a cycle that is closed, whose overview is stored, and of which everything is persisted that can be.
local function is_whole()
  if tonumber(get('closed')) == 0 or get('stored') ~= get('attempt') then return false end
  local mine, unread = index, {}
  for name in string.gmatch(get('expected'), '[^,]+') do
    for _, field in ipairs({ name .. ':status', name .. ':persist' }) do
      if not held[field] then unread[#unread + 1] = field end
    end
  end
  if #unread > 0 then fetch(unread) end
  for name in string.gmatch(get('expected'), '[^,]+') do
    index = name
    local status, persisted = get(name .. ':status'), read_stage('persist').state == 'done'
    index = mine
    if analysed(status) and not persisted then return false end
  end
  return true
end

-- When a rerun began while rows of its cycle may have been written, 0 where none did.
local function overtaken() return tonumber(get('overtaken')) or 0 end

-- Forget a cycle once it is whole and nobody can put older rows over its newest any more.
local function settle_when_whole()
  if is_whole() and overtaken() == 0 then settled() end
end

local steps = {}

local function begin() -- 5 task, 6 expected, 7 config, 8 deadline, 9 due, 10 lease seconds
  local task, seconds = ARGV[5], tonumber(ARGV[10])
  open(ARGV[6], ARGV[7], ARGV[8], ARGV[9])
  join()
  if get(index .. ':status') ~= '' then return 'closed' end
  local owner, s = get(index .. ':task'), read_stage('collect')
  if owner ~= '' and owner ~= task and (s.state == 'done' or s.lease > now) then return 'twin' end
  if s.state == 'done' then return 'done' end
  -- Past its deadline only who renews is still collecting: a dead collector must not cost the next cycle too.
  local deadline, lease = tonumber(get('deadline')), now + seconds
  if not take_collecting(now < deadline and math.min(lease, deadline) or lease, seconds) then
    set(index .. ':task', task)
    if terminal('SKIPPED', 'overrun', '') then return 'overrun!' end
    return 'overrun'
  end
  set(index .. ':task', task, index .. ':attempt', get('attempt'))
  take('collect', s, task, seconds)
  -- Who comes a lease after the cycle was opened was sent again: the first message was lost.
  return (s.starts > 1 or now - tonumber(get('opened')) >= seconds) and 'again' or 'run'
end

function steps.begin()
  local answer = begin()
  if answer ~= 'run' and answer ~= 'again' then return { answer, get('deadline') } end
  return { answer, get('deadline'), unpack(redis.call('HGETALL', controls_key)) }
end

local function start(s) -- 5 stage, 6 task, 7 lease seconds
  if not awaited() then return 'unknown' end
  local stage, task = ARGV[5], ARGV[6]
  if s.state == 'done' then return 'done' end
  if stage ~= 'persist' and get(index .. ':status') ~= '' then return 'closed' end
  if stage == 'persist' and read_stage('analyse').state ~= 'done' then return 'closed' end
  if s.state == 'run' and s.lease > now and s.holder ~= task then return 'busy' end
  take(stage, s, task, tonumber(ARGV[7]))
  return s.starts > 1 and 'again' or 'run'
end

function steps.start() -- … 8 the stage before
  local s = read_stage(ARGV[5])
  local before = s.started
  local answer = start(s)
  local config = get('config')
  -- A chain belongs to the settings of its row. Those of the cycle may be another unit's by now.
  if ARGV[5] == 'persist' then config = string.match(get(index .. ':summary'), '"config_id":"([^"]*)"') or '' end
  return { answer, get('deadline'), read_stage(ARGV[8]).ended, config, before }
end

-- The ATM per expiry of the latest cycle of a session; an older cycle changes nothing.
local function remember_atm(session, at, atm)
  local kept = redis.call('HMGET', atm_key, 'session', 'at')
  if kept[1] == session and tonumber(kept[2]) > tonumber(at) then return end
  redis.call('HSET', atm_key, 'session', session, 'at', at, 'atm', atm)
end

function steps.renew() -- 5 stage, 6 task, 7 until
  local s = read_stage(ARGV[5])
  if s.state ~= 'run' or s.holder ~= ARGV[6] then return 0 end
  s.lease = tonumber(ARGV[7])
  write_stage(ARGV[5], s)
  if ARGV[5] == 'collect' then
    hold_collecting(s.lease, s.lease - now)
  end
  return 1
end

function steps.done() -- 5 stage, 6 task, 7… report
  local s = read_stage(ARGV[5])
  if s.state == 'done' or not known() or (ARGV[6] ~= '' and s.holder ~= ARGV[6]) then return 0 end
  s.state, s.ended = 'done', ARGV[2]
  write_stage(ARGV[5], s)
  if ARGV[5] == 'collect' then release_collecting() end
  report(7)
  if ARGV[5] == 'persist' then settle_when_whole() end
  return 1
end

-- Who publishes older rows now may put them over the newest and be killed before it looks: they are written once more.
local function note_publishing()
  if tonumber(get('closed')) ~= 0 and get('stored') ~= get('attempt') then set('overtaken', ARGV[2]) end
end

-- A rerun that failed leaves its unit as it was when its rows were stored last: its status, reason and summary of then.
local function end_as_stored(failure)
  local status, reason, summary = string.match(get(index .. ':stored_end'), '^([^|]*)|([^|]*)|(.*)$')
  -- As one that was never started: who looks for the newest chain finds none of this rerun.
  write_stage('persist', { state = 'done', holder = '', lease = 0, started = '0', ended = ARGV[2], starts = 0 })
  set(index .. ':stored_end', '', index .. ':failure', failure)
  return status, reason, summary
end

function steps.finish() -- 5 status, 6 reason, 7 summary, 8 config, 9 session, 10 epoch of the cycle, 11 atm, 12 task, 13… report
  if not awaited() or get(index .. ':status') ~= '' then return 0 end
  if ARGV[12] ~= '' and read_stage('analyse').holder ~= ARGV[12] then return 0 end
  local status, reason, summary = ARGV[5], ARGV[6], ARGV[7]
  if ARGV[11] ~= '' then remember_atm(ARGV[9], ARGV[10], ARGV[11]) end
  if analysed(status) then
    local s = read_stage('analyse')
    s.state, s.ended = 'done', ARGV[2]
    write_stage('analyse', s)
    if status == 'OK' and ARGV[8] ~= get('config') then status, reason = 'PARTIAL', 'config' end
  elseif get(index .. ':stored_end') ~= '' then
    status, reason, summary = end_as_stored(reason)
  end
  if read_stage('collect').state ~= 'done' then hold_until_renewed() end
  local completes = terminal(status, reason, summary)
  report(13)
  return completes and 2 or 1
end

-- A rerun was analysed, and its chain is lost before it was stored: its row would be of other settings than the stored chain.
function steps.fail_persist() -- 5 task, 6 reason, 7… report
  local s = read_stage('persist')
  if s.state == 'done' or not known() or (ARGV[5] ~= '' and s.holder ~= ARGV[5]) then return 0 end
  report(7)
  if get(index .. ':stored_end') == '' then
    s.state, s.ended = 'done', ARGV[2]
    write_stage('persist', s)
    settle_when_whole()
    return 1
  end
  note_publishing()
  local status, reason, summary = end_as_stored(ARGV[6])
  set(index .. ':status', status, index .. ':reason', reason, index .. ':summary', summary)
  set(index .. ':attempt', add('attempt', 1), 'closed', '0')
  redis.call('ZADD', open_key, get('deadline'), cycle)
  lasts = DAYS
  if tonumber(get('left')) > 0 then return 1 end
  set('fired', ARGV[2])
  return 2
end

function steps.fire_again() -- 5 seconds since it was fired
  local fired = tonumber(get('fired')) or 0
  if fired == 0 or tonumber(get('closed')) ~= 0 or now - fired < tonumber(ARGV[5]) then return 0 end
  set('fired', ARGV[2])
  return 1
end

-- True when an index of the cycle was analysed.
local function succeeded()
  local fields = {}
  for name in string.gmatch(get('expected'), '[^,]+') do fields[#fields + 1] = name .. ':status' end
  fetch(fields)
  for _, field in ipairs(fields) do
    if analysed(held[field]) then return true end
  end
  return false
end

function steps.close() -- 5 epoch of the cycle, 6 attempt of the report, 7… report
  if not known() or tonumber(get('closed')) ~= 0 or tonumber(get('fired')) == 0 then return 0 end
  if ARGV[6] ~= '' and ARGV[6] ~= get('attempt') then return 0 end
  set('closed', ARGV[2])
  if succeeded() then redis.call('SET', success_key, ARGV[2]) end
  local newest = redis.call('GET', newest_key)
  if not newest or tonumber(string.match(newest, '^[^|]*')) < tonumber(ARGV[5]) then
    redis.call('SET', newest_key, ARGV[5] .. '|' .. cycle)
  end
  report(7)
  settle_when_whole()
  return 1
end

function steps.stored() -- 5 attempt, 6… report
  if not known() or get('attempt') ~= ARGV[5] or get('stored') == ARGV[5] then return 0 end
  set('stored', ARGV[5])
  report(6)
  settle_when_whole()
  return 1
end

function steps.store_again() -- 5 seconds since it was closed, or sent to be stored again
  local closed, told = tonumber(get('closed')) or 0, tonumber(get('told')) or 0
  if closed == 0 or get('stored') == get('attempt') or now - math.max(closed, told) < tonumber(ARGV[5]) then return 0 end
  set('told', ARGV[2])
  return 1
end

function steps.send_again() -- 5 seconds since the unit was sent again
  if not known() or now - (tonumber(get(index .. ':sent')) or 0) < tonumber(ARGV[5]) then return 0 end
  set(index .. ':sent', ARGV[2])
  return 1
end

-- True for a whole cycle whose rows a rerun overtook more than so many seconds ago.
local function is_overtaken(seconds)
  return known() and is_whole() and overtaken() ~= 0 and now - overtaken() > tonumber(seconds)
end

function steps.must_write_again() -- 5 seconds since a rerun overtook who wrote
  return is_overtaken(ARGV[5]) and 1 or 0
end

function steps.forget_overtaken() -- 5 seconds since a rerun overtook who wrote
  if not is_overtaken(ARGV[5]) then return 0 end
  set('overtaken', '0')
  settle_when_whole()
  return 1
end

function steps.settle()
  settled()
  return 1
end

function steps.skip() -- 5 reason, 6 expected, 7 config, 8 deadline, 9 due
  open(ARGV[6], ARGV[7], ARGV[8], ARGV[9])
  join()
  if get(index .. ':status') ~= '' then return 0 end
  return terminal('SKIPPED', ARGV[5], '') and 2 or 1
end

-- How the unit ended when its rows were stored last, as far as anybody knows, empty where nobody does.
local function stored_end(in_store)
  local status = get(index .. ':status')
  if analysed(status) and read_stage('persist').state == 'done' then
    return table.concat({ status, get(index .. ':reason'), get(index .. ':summary') }, '|')
  end
  local before = get(index .. ':stored_end')
  return (status == '' and before == '') and in_store or before
end

function steps.reopen() -- 5 first stage, 6 deadline, 7 expected, 8 config, 9 due, 10 status|reason|summary of the store
  open(ARGV[7], ARGV[8], ARGV[6], ARGV[9])
  lasts = DAYS
  note_publishing()
  local writing = read_stage('persist')
  if writing.state == 'run' or writing.starts > 1 then set('overtaken', ARGV[2]) end
  -- From persist on the overview stays as it is.
  local kept = ARGV[5] == 'persist' and get('stored') == get('attempt')
  local attempt = add('attempt', 1)
  if kept then set('stored', attempt) end
  expect()
  set(index .. ':stored_end', stored_end(ARGV[10]))
  if ARGV[5] == 'analyse' then
    if get(index .. ':status') ~= '' then add('left', 1) end
    redis.call('HDEL', cycle_key, index .. ':status', index .. ':reason', index .. ':summary', index .. ':analyse')
    set('fired', '0', 'closed', '0')
  end
  redis.call('HDEL', cycle_key, index .. ':persist', index .. ':sent', index .. ':failure')
  held[index .. ':persist'] = ''
  set(index .. ':attempt', attempt, index .. ':task', 'rerun', 'deadline', ARGV[6], 'config', ARGV[8])
  -- The attempt is the cycle's: by it six indices that were each done again once were at runs 2 to 7.
  set(index .. ':runs', (tonumber(get(index .. ':runs')) or 1) + 1)
  redis.call('ZADD', open_key, ARGV[6], cycle)
  -- Nobody persists a unit that was not analysed, and a cycle whose unit waited for it stayed open for ever.
  settle_when_whole()
  return attempt
end

fetch({ 'opened', 'expected', 'config', 'deadline', 'left', 'fired', 'closed', 'attempt', 'stored', index .. ':status', index .. ':task',
        'overtaken', index .. ':collect', index .. ':analyse', index .. ':persist' })
local answer = steps[step]()
write()
return answer
