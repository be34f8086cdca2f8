-- Raises the watermarks of one worker; none ever falls.
-- KEYS[1] hash of the worker; ARGV[1] seconds to keep it; ARGV[2..] epoch, seq, epoch, seq ...
for i = 2, #ARGV, 2 do
  local known = tonumber(redis.call('HGET', KEYS[1], ARGV[i]) or '')
  if not known or known < tonumber(ARGV[i + 1]) then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
  end
end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 1
