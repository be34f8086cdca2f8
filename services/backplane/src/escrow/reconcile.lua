-- Takes the claims of an epoch on some accounts, then answers its asks. The arithmetic of metering's Store::reconcile.
-- KEYS: generation, accounts claimed by the epoch, account...
-- ARGV: run, generation, epoch, worker, number, op, channel, organization,
--       claims, (limit, version, exposure, end, claim, open)..., asks, (want, min, accounts, position...)...
-- Reads and checks everything, then writes: a script that fails half-way is not rolled back.
local MOST = 9007199254740991
local CLOSING, KEPT = 86400000, 172800000
local known = redis.call('HMGET', KEYS[1], 'number', 'open', 'run', 'pending', 'c:' .. ARGV[4])
if not known[1] or known[2] ~= '1' or known[3] ~= ARGV[1] then return {'forgotten'} end
if known[1] ~= ARGV[2] then return {'generation', known[1]} end
if known[5] and tonumber(ARGV[5]) < tonumber(known[5]) then return {'closed'} end
local pending, op, field = tonumber(known[4]), tonumber(ARGV[6]), 'e:' .. ARGV[3]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local function clamp(amount)
  return math.max(-MOST, math.min(MOST, amount))
end

local count, accounts = tonumber(ARGV[9]), {}
for i = 1, count do
  local key, at = KEYS[2 + i], 9 + (i - 1) * 6
  local limit, version, exposure = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  local finish, claim, open = tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5]), tonumber(ARGV[at + 6])
  local has = redis.call('HMGET', key, 'generation', 'limit', 'version', 'exposure', 'end', 'claimed', 'open', field)
  local one = {key = key, limit = limit, version = version, exposure = exposure, finish = finish}
  one.claimed, one.total_open, one.fresh = 0, 0, has[1] ~= known[1]
  one.claim, one.open = claim, open
  if not one.fresh then
    one.exposure = math.max(exposure, tonumber(has[4]))
    if version <= tonumber(has[3]) then
      one.limit, one.version, one.finish = tonumber(has[2]), tonumber(has[3]), tonumber(has[5])
      one.agreed = one.exposure == tonumber(has[4])
    end
    one.claimed, one.total_open = tonumber(has[6]), tonumber(has[7])
    if has[8] then
      local old_claim, old_open, last = string.match(has[8], '^(%d+) (%d+) (%d+)$')
      if tonumber(last) >= op then return {'stale'} end
      one.claimed = one.claimed - tonumber(old_claim)
      one.total_open = one.total_open - tonumber(old_open)
      one.told = true
    end
  end
  one.claimed, one.total_open = one.claimed + claim, one.total_open + open
  accounts[i] = one
end

local at = 10 + count * 6
local answers, denied = {}, {}
for _ = 1, tonumber(ARGV[at]) do
  local want, least, size = tonumber(ARGV[at + 1]), math.max(1, tonumber(ARGV[at + 2])), tonumber(ARGV[at + 3])
  local grant, short, unclear, path = want, nil, false, {}
  for i = 1, size do
    local position = tonumber(ARGV[at + 3 + i])
    local one = accounts[position + 1]
    path[i] = one
    local available = clamp(one.limit - one.claimed)
    if one.finish ~= 0 and one.finish + CLOSING <= now then available = 0 end
    if available < least and not short then short = position end
    local certain = available - clamp(one.exposure * pending)
    if certain < least then unclear = true end
    grant = math.min(grant, certain)
  end
  at = at + 3 + size
  if short then
    denied[#denied + 1] = short
    answers[#answers + 1] = {1, short}
  elseif unclear then
    answers[#answers + 1] = {2, 0}
  else
    for _, one in ipairs(path) do
      one.claimed, one.claim = one.claimed + grant, one.claim + grant
      one.total_open, one.open = one.total_open + grant, one.open + grant
    end
    answers[#answers + 1] = {0, grant}
  end
end

local reply = {'ok'}
for _, one in ipairs(accounts) do
  if one.fresh then redis.call('DEL', one.key) end
  if not one.agreed then
    redis.call('HSET', one.key, 'generation', known[1], 'limit', string.format('%d', one.limit),
      'version', string.format('%d', one.version), 'exposure', string.format('%d', one.exposure),
      'end', string.format('%d', one.finish))
    if one.finish ~= 0 then redis.call('PEXPIREAT', one.key, string.format('%d', one.finish + KEPT)) end
  end
  redis.call('HSET', one.key, 'claimed', string.format('%d', one.claimed), 'open', string.format('%d', one.total_open),
    field, string.format('%d %d %d', one.claim, one.open, op))
  if not one.told then redis.call('SADD', KEYS[2], one.key) end
  one.elsewhere = clamp(one.total_open - one.open)
  reply[#reply + 1] = string.format('%d', clamp(one.limit - one.claimed))
  reply[#reply + 1] = string.format('%d', clamp(one.exposure * pending))
  reply[#reply + 1] = string.format('%d', one.elsewhere)
end
for _, answer in ipairs(answers) do
  reply[#reply + 1] = string.format('%d', answer[1])
  reply[#reply + 1] = string.format('%d', answer[2])
end
for _, position in ipairs(denied) do
  if accounts[position + 1].elsewhere > 0 then
    redis.call('PUBLISH', ARGV[7], ARGV[8])
    break
  end
end
return reply
