-- How accounts stand: limit, claimed, open, presumed of each; empty for one nobody has claimed.
-- KEYS: generation, account... ARGV: run.
local MOST = 9007199254740991
local known = redis.call('HMGET', KEYS[1], 'number', 'open', 'run', 'pending')
if not known[1] or known[2] ~= '1' or known[3] ~= ARGV[1] then return {'forgotten'} end
local reply = {'ok'}
for i = 2, #KEYS do
  local has = redis.call('HMGET', KEYS[i], 'generation', 'limit', 'claimed', 'open', 'exposure')
  if has[1] == known[1] then
    local presumed = math.min(MOST, tonumber(has[5]) * tonumber(known[4]))
    for _, value in ipairs({has[2], has[3], has[4], string.format('%d', presumed)}) do
      reply[#reply + 1] = value
    end
  else
    for _ = 1, 4 do reply[#reply + 1] = '' end
  end
end
return reply
