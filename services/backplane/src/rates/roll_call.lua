-- Notes that a worker is there, and counts those that were there lately.
-- KEYS: workers. ARGV: worker, how long it counts in ms. Answers: ok, workers.
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {'ok', tostring(redis.call('ZCARD', KEYS[1]))}
