-- How accounts stand: limit, claimed, open, presumed of each; empty for one nobody has claimed.
-- KEYS: generation, account... ARGV: run.
local MOST = 9007199254740991
local known = redis.call('HMGET', KEYS[1], 'number', 'open', 'run', 'pending')
if not known[1] or known[2] ~= '1' or known[3] ~= ARGV[1] then return {'forgotten'} end
local generation, pending = tonumber(known[1]), tonumber(known[4])
local reply = {'ok'}
for i = 2, #KEYS do
  local sums = redis.call('HGET', KEYS[i], 'sums')
  reply[i] = ''
  if sums then
    local of, limit, _, exposure, _, claimed, open = struct.unpack('<ddddddd', sums)
    if of == generation then
      reply[i] = struct.pack('<dddd', limit, claimed, open, math.min(MOST, exposure * pending))
    end
  end
end
return reply
