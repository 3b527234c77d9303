-- Forgets frames that have expired and drops the oldest until the rest fit; answers how many it dropped.
-- KEYS: 1 hash name -> "size put until", 2 hash name -> "used until" (frames whose unit is persisted). Times are epoch seconds.
-- ARGV: 1 prefix of the frames' keys, 2 bytes that may stay, 3 now.
local prefix, limit, now = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local function pairs_of(key)
  local flat, held = redis.call('HGETALL', key), {}
  for i = 1, #flat, 2 do held[flat[i]] = flat[i + 1] end
  return held
end

local function forget(names, with_frame)
  for first = 1, #names, 1000 do
    local some, keys = {}, {}
    for i = first, math.min(first + 999, #names) do
      some[#some + 1], keys[#keys + 1] = names[i], prefix .. names[i]
    end
    if with_frame then redis.call('UNLINK', unpack(keys)) end
    redis.call('HDEL', KEYS[1], unpack(some))
    redis.call('HDEL', KEYS[2], unpack(some))
  end
end

local sizes, used, live, gone, total = pairs_of(KEYS[1]), pairs_of(KEYS[2]), {}, {}, 0
for name, text in pairs(sizes) do
  local size, put, ends = string.match(text, '^(%S+) (%S+) (%S+)$')
  local frame = { name = name, size = tonumber(size), put = tonumber(put), ends = tonumber(ends), waits = 1 }
  local since, last = string.match(used[name] or '', '^(%S+) (%S+)$')
  if since and tonumber(since) >= frame.put then frame.waits, frame.ends = 0, tonumber(last) end
  if frame.ends <= now then
    gone[#gone + 1] = name
  else
    live[#live + 1], total = frame, total + frame.size
  end
end
for name in pairs(used) do
  if not sizes[name] then gone[#gone + 1] = name end
end

local dropped = {}
if total > limit then
  table.sort(live, function(a, b)
    if a.waits ~= b.waits then return a.waits < b.waits end
    if a.put ~= b.put then return a.put < b.put end
    return a.name < b.name
  end)
  for _, frame in ipairs(live) do
    if total <= limit then break end
    dropped[#dropped + 1], total = frame.name, total - frame.size
  end
end
forget(gone, false)
forget(dropped, true)
return #dropped
