-- An epoch has claimed everything in this generation: nothing of it is presumed any more.
-- KEYS: generation. ARGV: run, generation, epoch.
local known = redis.call('HMGET', KEYS[1], 'number', 'open', 'run')
if not known[1] or known[2] ~= '1' or known[3] ~= ARGV[1] then return {'forgotten'} end
if known[1] ~= ARGV[2] then return {'generation', struct.pack('<d', tonumber(known[1]))} end
if redis.call('HDEL', KEYS[1], 'p:' .. ARGV[3]) == 1 then
  redis.call('HINCRBY', KEYS[1], 'pending', -1)
end
return {'ok'}
