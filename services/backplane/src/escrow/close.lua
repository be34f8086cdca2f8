-- Ends an epoch: what it claims on the named accounts becomes what it spent; the last call takes back the rest, some
-- hundreds of accounts at a time, and answers how many are left to do.
-- KEYS: generation, accounts claimed by the epoch, account...
-- ARGV: run, epoch, worker, first number that is not closed, whether this is the last call, (end, spent)...
local SOME, KEPT = 500, 172800000
local known = redis.call('HMGET', KEYS[1], 'number', 'open', 'run', 'c:' .. ARGV[3], 'b:' .. ARGV[3])
if not known[1] or known[2] ~= '1' or known[3] ~= ARGV[1] then return {'forgotten'} end
-- What was closed before the generation is in the sums that were loaded.
if known[5] and tonumber(ARGV[4]) <= tonumber(known[5]) then return {'ok', '0'} end
local field = 'e:' .. ARGV[2]
if not known[4] or tonumber(known[4]) < tonumber(ARGV[4]) then
  redis.call('HSET', KEYS[1], 'c:' .. ARGV[3], ARGV[4])
end

local function settle(key, spent, finish)
  local has = redis.call('HMGET', key, 'generation', 'claimed', 'open', field)
  if has[1] ~= known[1] then
    if spent == 0 then return end
    redis.call('DEL', key)
    redis.call('HSET', key, 'generation', known[1], 'limit', '0', 'version', '0', 'exposure', '0', 'end', finish)
    if finish ~= '0' then redis.call('PEXPIREAT', key, string.format('%d', tonumber(finish) + KEPT)) end
    has = {known[1], '0', '0', false}
  end
  local claim, open, last = 0, 0, '0'
  if has[4] then claim, open, last = string.match(has[4], '^(%d+) (%d+) (%d+)$') end
  redis.call('HSET', key, 'claimed', string.format('%d', tonumber(has[2]) - tonumber(claim) + spent),
    'open', string.format('%d', tonumber(has[3]) - tonumber(open)), field, string.format('%d 0 ', spent) .. last)
end

for i = 3, #KEYS do
  local at = 6 + (i - 3) * 2
  settle(KEYS[i], tonumber(ARGV[at + 1]), ARGV[at])
  redis.call('SREM', KEYS[2], KEYS[i])
end
if ARGV[5] == '0' then return {'ok', '0'} end
for _, key in ipairs(redis.call('SPOP', KEYS[2], SOME)) do
  settle(key, 0, '0')
end
local left = redis.call('SCARD', KEYS[2])
if left == 0 and redis.call('HDEL', KEYS[1], 'p:' .. ARGV[2]) == 1 then
  redis.call('HINCRBY', KEYS[1], 'pending', -1)
end
return {'ok', string.format('%d', left)}
