-- How a limit stands for everybody together, as `sluicegate_metering::bucket::Pool::standing` tells it: what is held
-- counts as left. Writes nothing.
-- KEYS: pool. ARGV: kind, then rate: full, deepest, refill, unit; slots: limit, 0, 0, 0. Answers: ok, remaining, ms until full.
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local full, deepest, refill, unit = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local stored, held = {}, 0
local flat = redis.call('HGETALL', KEYS[1])
for i = 1, #flat, 2 do
  if string.sub(flat[i], 1, 2) == 'h:' then
    local units, ends = string.match(flat[i + 1], '^%d+:(%d+):(%d+)$')
    if tonumber(ends) > now then held = held + tonumber(units) end
  else
    stored[flat[i]] = tonumber(flat[i + 1])
  end
end
local function text(number) return string.format('%.0f', number) end
if ARGV[1] == 'slots' then return {'ok', text(math.max(full - held, 0)), '0'} end
-- A limit that has just been changed is told of as new until a worker counts by it.
if not stored.level or stored.unit ~= unit or stored.refill ~= refill or stored.full ~= full then
  return {'ok', text(full / unit), '0'}
end
local level, ahead = stored.level, math.max(stored.at - now, 0)
level = level + math.max(now - stored.at, 0) * refill
level = math.min(math.max(deepest, math.min(level, full - held * unit)) + held * unit, full)
local remaining = math.max(level, 0)
remaining = (remaining - math.fmod(remaining, unit)) / unit
local missing, rest = full - level, math.fmod(full - level, refill)
local reset = (missing - rest) / refill + (rest > 0 and 1 or 0)
if reset > 0 then reset = reset + ahead end
return {'ok', text(remaining), text(reset)}
