-- Acknowledges entries and drops what lies behind the first one that is still owed to somebody.
-- KEYS[1] stream; ARGV[1] group; ARGV[2..] entry ids. One script, so that nothing is handed out in between.
-- Safe to repeat. Answers how many entries were dropped.
redis.call('XACK', KEYS[1], ARGV[1], unpack(ARGV, 2))
local pending = redis.pcall('XPENDING', KEYS[1], ARGV[1])
if pending.err then
  return 0
end
if pending[2] then
  return redis.call('XTRIM', KEYS[1], 'MINID', '=', pending[2])
end
-- Nothing is owed: everything up to the last entry handed out is done with.
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local name, delivered
  for i = 1, #group, 2 do
    if group[i] == 'name' then name = group[i + 1] end
    if group[i] == 'last-delivered-id' then delivered = group[i + 1] end
  end
  if name == ARGV[1] then
    local millis, count = string.match(delivered, '^(%d+)-(%d+)$')
    return redis.call('XTRIM', KEYS[1], 'MINID', '=', string.format('%s-%d', millis, tonumber(count) + 1))
  end
end
return 0
