-- Tells a generation that has begun of accounts.
-- KEYS: generation, account... ARGV: run, number, start of the keys that list what an epoch claims,
--       (packed limit, version, exposure, end, base; epochs, (epoch, spent)...)...
local KEPT = 172800000
local call, pack, unpack = redis.call, struct.pack, struct.unpack
local known = call('HMGET', KEYS[1], 'number', 'open', 'run')
if not known[1] or known[3] ~= ARGV[1] then return {'forgotten'} end
local generation = tonumber(known[1])
if known[1] ~= ARGV[2] or known[2] ~= '0' then return {'generation', pack('<d', generation)} end
local at = 4
for i = 2, #KEYS do
  local key, epochs = KEYS[i], tonumber(ARGV[at + 1])
  local limit, version, exposure, finish, claimed = unpack('<ddddd', ARGV[at])
  call('DEL', key)
  for j = at + 2, at + epochs * 2, 2 do
    local epoch, spent = ARGV[j], tonumber(ARGV[j + 1])
    claimed = claimed + spent
    call('HSET', key, 'e:' .. epoch, pack('<ddd', spent, 0, 0))
    call('SADD', ARGV[3] .. epoch, key)
  end
  call('HSET', key, 'sums', pack('<ddddddd', generation, limit, version, exposure, finish, claimed, 0))
  if finish ~= 0 then call('PEXPIREAT', key, string.format('%d', finish + KEPT)) end
  at = at + 2 + epochs * 2
end
return {'ok'}
