-- Takes the claims of an epoch on some accounts, then answers its asks. The arithmetic of metering's Store::reconcile.
-- KEYS: generation, accounts claimed by the epoch, account...
-- ARGV: run, generation, worker, number, op, claims (limit, version, exposure, end, claim, open of each, in one row),
--       ask (want, min, and a byte for each position)...
-- Answers a row for each account: available, presumed, open elsewhere; then one for each ask: 0 and the grant, 1 and
-- the position of an account with too little, or 2 for "wait".
-- Reads and checks everything, then writes: a script that fails half-way is not rolled back.
-- A call may wait for it, and most of its time goes into making strings: hence few arguments, and numbers in packed rows.
local MOST, CLOSING, KEPT = 9007199254740991, 86400000, 172800000
local keys, argv, call, pack, unpack = KEYS, ARGV, redis.call, struct.pack, struct.unpack
local worker, claims = argv[3], argv[6]
local known = call('HMGET', keys[1], 'number', 'open', 'run', 'pending', 'c:' .. worker)
if not known[1] or known[2] ~= '1' or known[3] ~= argv[1] then return {'forgotten'} end
local generation, pending, op = tonumber(known[1]), tonumber(known[4]), tonumber(argv[5])
if known[1] ~= argv[2] then return {'generation', pack('<d', generation)} end
if known[5] and tonumber(argv[4]) < tonumber(known[5]) then return {'closed'} end
local standing = 'e:' .. worker .. ':' .. argv[4]

local function clamp(amount)
  if amount > MOST then return MOST end
  if amount < -MOST then return -MOST end
  return amount
end

local accounts, count = {}, #keys - 2
for i = 1, count do
  local key = keys[2 + i]
  local limit, version, exposure, finish, claim, open = unpack('<dddddd', claims, i * 48 - 47)
  local has, fresh, told, kept, claimed, total = call('HMGET', key, 'sums', standing), true, false, 0, claim, open
  if has[1] then
    local of, limit0, version0, exposure0, finish0, claimed0, total0 = unpack('<ddddddd', has[1])
    if of == generation then
      fresh, kept, claimed, total = false, finish0, claimed0 + claim, total0 + open
      if version <= version0 then limit, version, finish = limit0, version0, finish0 end
      if exposure < exposure0 then exposure = exposure0 end
      if has[2] then
        local claim0, open0, op0 = unpack('<ddd', has[2])
        if op0 >= op then return {'stale'} end
        told, claimed, total = true, claimed - claim0, total - open0
      end
    end
  end
  accounts[i] = {
    key = key, limit = limit, version = version, exposure = exposure, finish = finish, fresh = fresh, told = told,
    kept = kept, claim = claim, open = open, claimed = claimed, total = total,
    presumed = pending > 0 and clamp(exposure * pending) or 0,
  }
end

local now, answers, denied = nil, {}, {}
for i = 7, #argv do
  local ask = argv[i]
  local want, least = unpack('<dd', ask)
  local path = {string.byte(ask, 17, -1)}
  local grant, short, unclear = want, nil, false
  if least < 1 then least = 1 end
  for j = 1, #path do
    local one = accounts[path[j] + 1]
    local available = clamp(one.limit - one.claimed)
    if one.finish ~= 0 then
      now = now or call('TIME')[1] * 1000
      if one.finish + CLOSING <= now then available = 0 end
    end
    local certain = available - one.presumed
    if available < least then short = short or path[j] end
    if certain < least then unclear = true end
    if certain < grant then grant = certain end
  end
  if short then
    denied[#denied + 1] = short
    answers[i - 6] = pack('<dd', 1, short)
  elseif unclear then
    answers[i - 6] = pack('<dd', 2, 0)
  else
    for j = 1, #path do
      local one = accounts[path[j] + 1]
      one.claim, one.claimed = one.claim + grant, one.claimed + grant
      one.open, one.total = one.open + grant, one.total + grant
    end
    answers[i - 6] = pack('<dd', 0, grant)
  end
end

local reply = {'ok'}
for i = 1, count do
  local one = accounts[i]
  local key, finish = one.key, one.finish
  if one.fresh then call('DEL', key) end
  call('HSET', key,
    'sums', pack('<ddddddd', generation, one.limit, one.version, one.exposure, finish, one.claimed, one.total),
    standing, pack('<ddd', one.claim, one.open, op))
  if finish ~= one.kept and finish ~= 0 then call('PEXPIREAT', key, string.format('%d', finish + KEPT)) end
  if not one.told then call('SADD', keys[2], key) end
  reply[1 + i] = pack('<ddd', clamp(one.limit - one.claimed), one.presumed, clamp(one.total - one.open))
end
for i = 1, #answers do reply[1 + count + i] = answers[i] end
for i = 1, #denied do
  local one = accounts[denied[i] + 1]
  if one.total > one.open then
    local prefix, organization = string.match(keys[1], '^(.-):{(.-)}:generation$')
    call('PUBLISH', prefix .. ':recalls', organization)
    break
  end
end
return reply
