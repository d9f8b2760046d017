"""What must happen in Redis at once, in Lua. ARGV[1] is always the prefix (see `keys`).

Somebody else may have written to our keys. What is no claim counts for nothing, and a key of
another type than ours is removed where it is in the way, so that neither keeps a user or a node
out. No script looks at more than it is told to, since Redis does nothing else meanwhile.
"""

_COMMON = """
local P = ARGV[1]
local function alive(node) return redis.call('EXISTS', P .. ':lease:' .. node) == 1 end
-- the claim on a user, false if there is none
local function claim_on(user)
  local claim = redis.pcall('GET', P .. ':user:' .. user)
  return type(claim) == 'string' and claim
end
-- nil where it is no claim; the same as `answers` takes for one
local function node_of(claim)
  local node, session, key = string.match(claim or '', '^([ -{}~]+)|([ -{}~]*)|([ -{}~]*)$')
  if node and #node <= 200 and #session <= 100 and #key <= 100 then return node end
end
-- a key that may hold nothing but a set
local function set(key)
  local kind = redis.call('TYPE', key).ok
  if kind ~= 'set' and kind ~= 'none' then redis.call('DEL', key) end
  return key
end
local function claims_of(node) return set(P .. ':claims:' .. node) end
local function nodes() return set(P .. ':nodes') end
"""

# node, life in ms, whether nobody can have claims that are lost -> 1: it had its lease still
RENEW = (
    _COMMON
    + """
local had = redis.call('EXISTS', P .. ':lease:' .. ARGV[2])
redis.call('SET', P .. ':lease:' .. ARGV[2], '1', 'PX', ARGV[3])
redis.call('SADD', nodes(), ARGV[2])
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
local current = claim_on(user)
local old = node_of(current)
if old then
  if current ~= instead and alive(old) then return current end
  redis.call('SREM', claims_of(old), user)
end
redis.call('SET', P .. ':user:' .. user, claim)
redis.call('SADD', claims_of(node), user)
return 'ok'
"""
)

# user, claim
RELEASE = (
    _COMMON
    + """
if claim_on(ARGV[2]) == ARGV[3] then
  redis.call('DEL', P .. ':user:' .. ARGV[2])
  redis.call('SREM', claims_of(node_of(ARGV[3])), ARGV[2])
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
  local claim = claim_on(ARGV[i])
  local node = node_of(claim)
  if node then
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

# node, how many there may be -> user, claim, user, claim ... of those whom it claims
OWN = (
    _COMMON
    + """
local found, key = {}, claims_of(ARGV[2])
if redis.call('SCARD', key) > tonumber(ARGV[3]) then return redis.error_reply('TOOMANY claims') end
for _, user in ipairs(redis.call('SMEMBERS', key)) do
  local claim = claim_on(user)
  if node_of(claim) == ARGV[2] then
    found[#found + 1] = user
    found[#found + 1] = claim
  end
end
return found
"""
)

# own node, how many there may be -> the ids of the other nodes with a lease
OTHERS = (
    _COMMON
    + """
local others, key = {}, nodes()
if redis.call('SCARD', key) > tonumber(ARGV[3]) then return redis.error_reply('TOOMANY nodes') end
for _, node in ipairs(redis.call('SMEMBERS', key)) do
  if node ~= ARGV[2] and alive(node) then others[#others + 1] = node end
end
return others
"""
)

# own node, how many nodes to look at, how many users to take -> for each node without a lease: its
# id and the users taken from it. Only one caller gets them. A node of which some are left stays.
TAKE_FROM_DEAD = (
    _COMMON
    + """
local taken, room = {}, tonumber(ARGV[4])
for _, node in ipairs(redis.call('SRANDMEMBER', nodes(), ARGV[3])) do
  if room > 0 and node ~= ARGV[2] and not alive(node) then
    local row = {node}
    for _, user in ipairs(redis.call('SPOP', claims_of(node), room)) do
      room = room - 1
      if node_of(claim_on(user)) == node then
        redis.call('DEL', P .. ':user:' .. user)
        row[#row + 1] = user
      end
    end
    if redis.call('EXISTS', claims_of(node)) == 0 then redis.call('SREM', nodes(), node) end
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
for _, user in ipairs(redis.call('SMEMBERS', claims_of(ARGV[2]))) do
  if node_of(claim_on(user)) == ARGV[2] then redis.call('DEL', P .. ':user:' .. user) end
end
redis.call('DEL', P .. ':claims:' .. ARGV[2], P .. ':lease:' .. ARGV[2])
redis.call('SREM', nodes(), ARGV[2])
return 'ok'
"""
)
