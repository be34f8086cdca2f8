-- What one worker says about one limit, and the answer: `sluicegate_metering::bucket::Pool` in Lua, number for number.
-- Levels are fractions of a unit and below 2^53 in size. The time is the server's, so that clocks of workers do not matter.
-- KEYS: pool. ARGV: holder, kind ('rate' or 'slots'), op, held, back, owed, spare, lease ms, then
--   rate: full, deepest, refill, unit; slots: limit, 0, 0, 0; then needs, in fractions or in slots.
-- Answers: late, or ok, time, spare, left, and for each need its wait in ms, 0 when it was taken.
local SPARE_PART, SLOT_WAIT = 8, 1000
local pool, holder, is_rate = KEYS[1], ARGV[1], ARGV[2] == 'rate'
local op, held, back, owed, wish, lease =
  tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local full, deepest, refill, unit = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12])
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)

-- Division of whole numbers that stays exact near 2^53.
local function quotient(a, b) return (a - math.fmod(a, b)) / b end
local function rounded_up(a, b)
  if a <= 0 then return 0 end
  local rest = math.fmod(a, b)
  return (a - rest) / b + (rest > 0 and 1 or 0)
end
local function text(number) return string.format('%.0f', number) end

local stored, holdings = {}, {}
local flat = redis.call('HGETALL', pool)
for i = 1, #flat, 2 do
  local other = string.match(flat[i], '^h:(.*)$')
  if other then
    local its_op, units, ends = string.match(flat[i + 1], '^(%d+):(%d+):(%d+)$')
    if tonumber(ends) > now then
      holdings[other] = {op = tonumber(its_op), units = tonumber(units), ends = tonumber(ends)}
    else
      redis.call('HDEL', pool, flat[i])
    end
  else
    stored[flat[i]] = tonumber(flat[i + 1])
  end
end
if holdings[holder] and holdings[holder].op >= op then return {'late'} end
local elsewhere, free_at = 0, now + lease
for other, holding in pairs(holdings) do
  if other ~= holder then
    elsewhere = elsewhere + holding.units
    free_at = math.max(free_at, holding.ends)
  end
end

local waits, left, spare, mine = {}, 0, 0, held
if is_rate then
  local level, at = stored.level or full, stored.at or now
  if stored.unit and (stored.unit ~= unit or stored.full ~= full or stored.refill ~= refill) then
    local whole = level >= 0 and quotient(level, stored.unit) or -rounded_up(-level, stored.unit)
    level = math.max(deepest, math.min(full, whole * unit))
  end
  if now >= at then
    level, at = level + (now - at) * refill, now
  elseif at - now > rounded_up(full, refill) then
    at = now
  end
  local function make_room(outside) level = math.max(deepest, math.min(level, full - outside * unit)) end
  make_room(elsewhere + (holdings[holder] and holdings[holder].units or 0))
  level = level + back * unit - owed * unit
  make_room(elsewhere + held)
  local all = true
  for i = 13, #ARGV do
    local wanted = tonumber(ARGV[i])
    local fits = wanted <= level
    if fits then level = level - wanted end
    all = all and fits
    waits[#waits + 1] = fits and 0 or wanted
  end
  left = quotient(math.max(level, 0), unit)
  if all then spare = math.min(wish, quotient(left, SPARE_PART)) end
  level, left, mine = level - spare * unit, left - spare, held + spare
  local most, ahead = full - (elsewhere + mine) * unit, math.max(at - now, 0)
  for i, wanted in ipairs(waits) do
    if wanted > 0 then
      if wanted <= most then
        waits[i] = rounded_up(wanted - level, refill) + ahead
      else
        local later = math.min(level + (free_at - now) * refill, most)
        waits[i] = rounded_up(wanted - later, refill) + free_at - now + ahead
      end
    end
  end
  redis.call('HSET', pool, 'level', text(level), 'at', text(at), 'full', text(full), 'refill', text(refill), 'unit', text(unit))
  lease = free_at - now + ahead + rounded_up(full - level, refill)
else
  local free, all = math.max(full - elsewhere - held, 0), true
  for i = 13, #ARGV do
    local slots = tonumber(ARGV[i])
    local fits = slots <= free
    if fits then free, mine = free - slots, mine + slots end
    all = all and fits
    waits[#waits + 1] = fits and 0 or SLOT_WAIT
  end
  if all then spare = math.min(wish, quotient(free, SPARE_PART)) end
  left, mine = free - spare, mine + spare
  lease = free_at - now
end
redis.call('HSET', pool, 'h:' .. holder, text(op) .. ':' .. text(mine) .. ':' .. text(now + tonumber(ARGV[8])))
-- By then it says no more than a new one would.
redis.call('PEXPIRE', pool, text(lease + 1000))

local answer = {'ok', text(now), text(spare), text(left)}
for _, wait in ipairs(waits) do answer[#answer + 1] = text(wait) end
return answer
