-- Ends the telling: from here on the generation grants.
-- KEYS: generation. ARGV: run, number, pending epochs, epoch..., (worker, first epoch that is not closed)...
local known = redis.call('HMGET', KEYS[1], 'number', 'open', 'run')
if not known[1] or known[3] ~= ARGV[1] then return {'forgotten'} end
if known[1] ~= ARGV[2] or known[2] ~= '0' then return {'generation', struct.pack('<d', tonumber(known[1]))} end
local pending = tonumber(ARGV[3])
for i = 4, 3 + pending do
  redis.call('HSET', KEYS[1], 'p:' .. ARGV[i], '1')
end
for i = 4 + pending, #ARGV, 2 do
  redis.call('HSET', KEYS[1], 'c:' .. ARGV[i], ARGV[i + 1], 'b:' .. ARGV[i], ARGV[i + 1])
end
redis.call('HSET', KEYS[1], 'pending', ARGV[3], 'open', '1')
return {'ok'}
