-- Ends an epoch: what it claims on the named accounts becomes what it spent; the last call takes back the rest, some
-- hundreds of accounts at a time, and answers how many are left to do.
-- KEYS: generation, accounts claimed by the epoch, account...
-- ARGV: run, epoch, worker, first number that is not closed, whether this is the last call, (end, spent)...
local SOME, KEPT = 500, 172800000
local SUMS, STANDING = '<ddddddd', '<ddd'
local call, pack, unpack = redis.call, struct.pack, struct.unpack
local known = call('HMGET', KEYS[1], 'number', 'open', 'run', 'c:' .. ARGV[3], 'b:' .. ARGV[3])
if not known[1] or known[2] ~= '1' or known[3] ~= ARGV[1] then return {'forgotten'} end
-- What was closed before the generation is in the sums that were loaded.
if known[5] and tonumber(ARGV[4]) <= tonumber(known[5]) then return {'ok', pack('<d', 0)} end
local generation, field = tonumber(known[1]), 'e:' .. ARGV[2]
if not known[4] or tonumber(known[4]) < tonumber(ARGV[4]) then
  call('HSET', KEYS[1], 'c:' .. ARGV[3], ARGV[4])
end

local function settle(key, spent, finish)
  local has = call('HMGET', key, 'sums', field)
  local of, limit, version, exposure, ends, claimed, open
  if has[1] then of, limit, version, exposure, ends, claimed, open = unpack(SUMS, has[1]) end
  local known_here, claim, own, op = of == generation, 0, 0, 0
  if known_here then
    if has[2] then claim, own, op = unpack(STANDING, has[2]) end
  else
    if spent == 0 then return end
    limit, version, exposure, ends, claimed, open = 0, 0, 0, finish, 0, 0
    call('DEL', key)
  end
  call('HSET', key,
    'sums', pack(SUMS, generation, limit, version, exposure, ends, claimed - claim + spent, open - own),
    field, pack(STANDING, spent, 0, op))
  if not known_here and finish ~= 0 then call('PEXPIREAT', key, string.format('%d', finish + KEPT)) end
end

for i = 3, #KEYS do
  local at = 6 + (i - 3) * 2
  settle(KEYS[i], tonumber(ARGV[at + 1]), tonumber(ARGV[at]))
  call('SREM', KEYS[2], KEYS[i])
end
if ARGV[5] == '0' then return {'ok', pack('<d', 0)} end
for _, key in ipairs(call('SPOP', KEYS[2], SOME)) do
  settle(key, 0, 0)
end
local left = call('SCARD', KEYS[2])
if left == 0 and call('HDEL', KEYS[1], 'p:' .. ARGV[2]) == 1 then
  call('HINCRBY', KEYS[1], 'pending', -1)
end
return {'ok', pack('<d', left)}
