-- Takes the claims of an epoch on some accounts, then answers its asks. The arithmetic of metering's Store::reconcile.
-- KEYS: generation, accounts claimed by the epoch, account...
-- ARGV: run, generation, epoch, worker, number, op, channel, organization,
--       claims, (limit, version, exposure, end, claim, open)..., asks, (want, min, accounts, position...)...
-- Reads and checks everything, then writes: a script that fails half-way is not rolled back.
-- A call may wait for it, and most of its time goes into turning numbers into texts and back: what is only compared or
-- stored stays a text, and each element of the reply is several numbers in one text.
local MOST = 9007199254740991
local CLOSING, KEPT = 86400000, 172800000
local call, number, format, match = redis.call, tonumber, string.format, string.match
local known = call('HMGET', KEYS[1], 'number', 'open', 'run', 'pending', 'c:' .. ARGV[4])
if not known[1] or known[2] ~= '1' or known[3] ~= ARGV[1] then return {'forgotten'} end
if known[1] ~= ARGV[2] then return {'generation', known[1]} end
if known[5] and number(ARGV[5]) < number(known[5]) then return {'closed'} end
local pending, op, field = number(known[4]), number(ARGV[6]), 'e:' .. ARGV[3]
local time

local function now()
  time = time or call('TIME')
  return number(time[1]) * 1000 + math.floor(number(time[2]) / 1000)
end

local function clamp(amount)
  if amount > MOST then return MOST end
  if amount < -MOST then return -MOST end
  return amount
end

local count, accounts = number(ARGV[9]), {}
for i = 1, count do
  local key, at = KEYS[2 + i], 9 + (i - 1) * 6
  local limit, version, exposure, finish = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  local claim, open = number(ARGV[at + 5]), number(ARGV[at + 6])
  local has = call('HMGET', key, 'generation', 'limit', 'version', 'exposure', 'end', 'claimed', 'open', field)
  local claimed, total, agreed, told, fresh = 0, 0, false, false, has[1] ~= known[1]
  if not fresh then
    if version == has[3] or number(version) < number(has[3]) then
      limit, version, finish, agreed = has[2], has[3], has[5], true
    end
    if exposure ~= has[4] then
      if number(exposure) < number(has[4]) then exposure = has[4] else agreed = false end
    end
    claimed, total = number(has[6]), number(has[7])
    if has[8] then
      local old_claim, old_open, last = match(has[8], '^(%d+) (%d+) (%d+)$')
      if number(last) >= op then return {'stale'} end
      claimed, total, told = claimed - old_claim, total - old_open, true
    end
  end
  accounts[i] = {
    key = key, limit = limit, version = version, exposure = exposure, finish = finish,
    fresh = fresh, agreed = agreed, told = told,
    claim = claim, open = open, claimed = claimed + claim, total = total + open,
    most = number(limit), presumed = pending > 0 and clamp(number(exposure) * pending) or 0, elsewhere = 0,
  }
end

local at = 10 + count * 6
local answers, denied = {}, {}
for _ = 1, number(ARGV[at]) do
  local want, least, size = number(ARGV[at + 1]), math.max(1, number(ARGV[at + 2])), number(ARGV[at + 3])
  local grant, short, unclear, path = want, nil, false, {}
  for i = 1, size do
    local position = number(ARGV[at + 3 + i])
    local one = accounts[position + 1]
    path[i] = one
    local available = clamp(one.most - one.claimed)
    if one.finish ~= '0' and one.finish + CLOSING <= now() then available = 0 end
    if available < least and not short then short = position end
    local certain = available - one.presumed
    if certain < least then unclear = true end
    grant = math.min(grant, certain)
  end
  at = at + 3 + size
  if short then
    denied[#denied + 1] = short
    answers[#answers + 1] = '1 ' .. short
  elseif unclear then
    answers[#answers + 1] = '2 0'
  else
    for _, one in ipairs(path) do
      one.claimed, one.claim = one.claimed + grant, one.claim + grant
      one.total, one.open = one.total + grant, one.open + grant
    end
    answers[#answers + 1] = format('0 %d', grant)
  end
end

local reply = {'ok'}
for i, one in ipairs(accounts) do
  if one.fresh then call('DEL', one.key) end
  if not one.agreed then
    call('HSET', one.key, 'generation', known[1], 'limit', one.limit, 'version', one.version, 'exposure', one.exposure,
      'end', one.finish)
    if one.finish ~= '0' then call('PEXPIREAT', one.key, format('%d', one.finish + KEPT)) end
  end
  call('HSET', one.key, 'claimed', format('%d', one.claimed), 'open', format('%d', one.total),
    field, format('%d %d %d', one.claim, one.open, op))
  if not one.told then call('SADD', KEYS[2], one.key) end
  one.elsewhere = clamp(one.total - one.open)
  reply[1 + i] = format('%d %d %d', clamp(one.most - one.claimed), one.presumed, one.elsewhere)
end
for i, answer in ipairs(answers) do reply[1 + count + i] = answer end
for _, position in ipairs(denied) do
  if accounts[position + 1].elsewhere > 0 then
    call('PUBLISH', ARGV[7], ARGV[8])
    break
  end
end
return reply
