-- Begins a generation. Accounts of earlier ones are told apart by the generation they carry.
-- KEYS: generation. ARGV: run, number.
local number = redis.call('HGET', KEYS[1], 'number')
if number and tonumber(number) >= tonumber(ARGV[2]) then return {'generation', struct.pack('<d', tonumber(number))} end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'number', ARGV[2], 'open', '0', 'run', ARGV[1], 'pending', '0')
return {'ok'}
