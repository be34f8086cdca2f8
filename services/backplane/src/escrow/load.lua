-- Tells a generation that has begun of accounts.
-- KEYS: generation, account... ARGV: run, number, start of the keys that list what an epoch claims,
--       (limit, version, exposure, end, base, epochs, (epoch, spent)...)...
local KEPT = 172800000
local known = redis.call('HMGET', KEYS[1], 'number', 'open', 'run')
if not known[1] or known[3] ~= ARGV[1] then return {'forgotten'} end
if known[1] ~= ARGV[2] or known[2] ~= '0' then return {'generation', known[1]} end
local at = 3
for i = 2, #KEYS do
  local key = KEYS[i]
  local claimed, epochs = tonumber(ARGV[at + 5]), tonumber(ARGV[at + 6])
  redis.call('DEL', key)
  for j = 1, epochs do
    local epoch, spent = ARGV[at + 5 + j * 2], ARGV[at + 6 + j * 2]
    claimed = claimed + tonumber(spent)
    redis.call('HSET', key, 'e:' .. epoch, spent .. ' 0 0')
    redis.call('SADD', ARGV[3] .. epoch, key)
  end
  redis.call('HSET', key, 'generation', ARGV[2], 'limit', ARGV[at + 1], 'version', ARGV[at + 2],
    'exposure', ARGV[at + 3], 'end', ARGV[at + 4], 'claimed', string.format('%d', claimed), 'open', '0')
  if ARGV[at + 4] ~= '0' then
    redis.call('PEXPIREAT', key, string.format('%d', tonumber(ARGV[at + 4]) + KEPT))
  end
  at = at + 6 + epochs * 2
end
return {'ok'}
