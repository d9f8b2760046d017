"""What must happen in Redis at once, in Lua. ARGV[1] is always the prefix (see `keys`)."""

_COMMON = """
local P = ARGV[1]
local function alive(node) return redis.call('EXISTS', P .. ':lease:' .. node) == 1 end
local function node_of(claim) return string.match(claim, '^([^|]*)|') end
"""

# node, life in ms, whether nobody can have claims that are lost -> 1: it had its lease still
RENEW = (
    _COMMON
    + """
local had = redis.call('EXISTS', P .. ':lease:' .. ARGV[2])
redis.call('SET', P .. ':lease:' .. ARGV[2], '1', 'PX', ARGV[3])
redis.call('SADD', P .. ':nodes', ARGV[2])
if redis.call('EXISTS', P .. ':born') == 0 then
  redis.call('SET', P .. ':born', '1')
  if ARGV[4] == '0' then redis.call('SET', P .. ':settling', '1', 'PX', ARGV[3]) end
end
return had
"""
)

# user, claim, the claim that it may take the place of (or ''), whether it is made again
# -> 'ok', 'again' (no lease, or settling), or the claim in the way
CLAIM = (
    _COMMON
    + """
local user, claim, instead = ARGV[2], ARGV[3], ARGV[4]
local node = node_of(claim)
if not alive(node) then return 'again' end
if ARGV[5] == '0' and redis.call('EXISTS', P .. ':settling') == 1 then return 'again' end
local current = redis.call('GET', P .. ':user:' .. user)
if current then
  local old = node_of(current)
  if current ~= instead and alive(old) then return current end
  redis.call('SREM', P .. ':claims:' .. old, user)
end
redis.call('SET', P .. ':user:' .. user, claim)
redis.call('SADD', P .. ':claims:' .. node, user)
return 'ok'
"""
)

# user, claim
RELEASE = (
    _COMMON
    + """
if redis.call('GET', P .. ':user:' .. ARGV[2]) == ARGV[3] then
  redis.call('DEL', P .. ':user:' .. ARGV[2])
  redis.call('SREM', P .. ':claims:' .. node_of(ARGV[3]), ARGV[2])
end
return 'ok'
"""
)

# users ... -> user, claim, user, claim ... of those who are online
FIND = (
    _COMMON
    + """
local found, lives = {}, {}
for i = 2, #ARGV do
  local claim = redis.call('GET', P .. ':user:' .. ARGV[i])
  if claim then
    local node = node_of(claim)
    if lives[node] == nil then lives[node] = alive(node) end
    if lives[node] then
      found[#found + 1] = ARGV[i]
      found[#found + 1] = claim
    end
  end
end
return found
"""
)

# node -> user, claim, user, claim ... of those whom it claims
OWN = (
    _COMMON
    + """
local found = {}
for _, user in ipairs(redis.call('SMEMBERS', P .. ':claims:' .. ARGV[2])) do
  local claim = redis.call('GET', P .. ':user:' .. user)
  if claim and node_of(claim) == ARGV[2] then
    found[#found + 1] = user
    found[#found + 1] = claim
  end
end
return found
"""
)

# own node -> the ids of the other nodes with a lease
OTHERS = (
    _COMMON
    + """
local others = {}
for _, node in ipairs(redis.call('SMEMBERS', P .. ':nodes')) do
  if node ~= ARGV[2] and alive(node) then others[#others + 1] = node end
end
return others
"""
)

# own node -> for each node without a lease: its id and the users taken from it. Only one caller
# gets them.
TAKE_FROM_DEAD = (
    _COMMON
    + """
local taken = {}
for _, node in ipairs(redis.call('SMEMBERS', P .. ':nodes')) do
  if node ~= ARGV[2] and not alive(node) then
    local row = {node}
    for _, user in ipairs(redis.call('SMEMBERS', P .. ':claims:' .. node)) do
      local claim = redis.call('GET', P .. ':user:' .. user)
      if claim and node_of(claim) == node then
        redis.call('DEL', P .. ':user:' .. user)
        row[#row + 1] = user
      end
    end
    redis.call('DEL', P .. ':claims:' .. node)
    redis.call('SREM', P .. ':nodes', node)
    taken[#taken + 1] = row
  end
end
return taken
"""
)

# own node: it leaves in good order
RETIRE = (
    _COMMON
    + """
for _, user in ipairs(redis.call('SMEMBERS', P .. ':claims:' .. ARGV[2])) do
  local claim = redis.call('GET', P .. ':user:' .. user)
  if claim and node_of(claim) == ARGV[2] then redis.call('DEL', P .. ':user:' .. user) end
end
redis.call('DEL', P .. ':claims:' .. ARGV[2], P .. ':lease:' .. ARGV[2])
redis.call('SREM', P .. ':nodes', ARGV[2])
return 'ok'
"""
)
