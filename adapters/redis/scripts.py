"""What must happen in Redis atomically, in Lua. ARGV[1] is always the prefix (see `keys`).

Others may have written to our keys. An invalid claim counts for nothing, and a key of a wrong type
is removed if it is in the way, so that neither locks out a user or a node. Each script looks at no
more than it is told to, since Redis does nothing else meanwhile.
"""

_COMMON = """
local P = ARGV[1]
local function alive(node) return redis.call('EXISTS', P .. ':lease:' .. node) == 1 end
-- a key that may hold nothing but a set
local function set(key)
  local kind = redis.call('TYPE', key).ok
  if kind ~= 'set' and kind ~= 'none' then redis.call('DEL', key) end
  return key
end
local function nodes() return set(P .. ':nodes') end
local function present_on(node) return set(P .. ':present:' .. node) end
local function claims_of(node) return set(P .. ':claims:' .. node) end
-- all members of a set; nil if there are more than `most`
local function all(key, most)
  if redis.call('SCARD', key) > tonumber(most) then return nil end
  return redis.call('SMEMBERS', key)
end
-- no node's id is that long; `answers` counts it as malformed
local function too_long(node) return #node > 200 end
-- members of the set of nodes, with ids that are too long cut, and removed from the set: looking
-- them up takes long
local function judged(some)
  for i, node in ipairs(some or {}) do
    if too_long(node) then
      redis.call('SREM', nodes(), node)
      some[i] = string.sub(node, 1, 201)
    end
  end
  return some
end
local function too_many(what) return redis.error_reply('TOOMANY ' .. what) end
"""

_SLOTS = (
    _COMMON
    + """
-- the claim of a user's slot, false if there is none
local function claim_of(user)
  local claim = redis.pcall('GET', P .. ':slot:' .. user)
  return type(claim) == 'string' and claim
end
-- nil if it is no claim, by the same rule as in `answers`
local function node_of(claim)
  local node, session = string.match(claim or '', '^([ -{}~]+)|([ -{}~]*)$')
  if node and not too_long(node) and #session <= 100 then return node end
end
"""
)

# node, life in ms, whether nobody can have claims that are lost -> 1: it still had its lease
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

# own node, the most nodes there may be -> the ids of the other nodes with a lease
OTHERS = (
    _COMMON
    + """
local others, known = {}, judged(all(nodes(), ARGV[3]))
if not known then return too_many('nodes') end
for _, node in ipairs(known) do
  if node ~= ARGV[2] and (too_long(node) or alive(node)) then others[#others + 1] = node end
end
return others
"""
)

# node, users ... -> 'ok', 'again' (no lease)
CAME = (
    _COMMON
    + """
if not alive(ARGV[2]) then return 'again' end
redis.call('SADD', present_on(ARGV[2]), unpack(ARGV, 3))
return 'ok'
"""
)

# node, users ...
LEFT = (
    _COMMON
    + """
redis.call('SREM', present_on(ARGV[2]), unpack(ARGV, 3))
return 'ok'
"""
)

# the most nodes there may be, whether all have to be known, users ... -> for each node with a lease
# that has any of these users: its id and those users; or 'again' (lost, or settling)
WHERE = (
    _COMMON
    + """
if ARGV[3] == '1' then
  local settling = redis.call('EXISTS', P .. ':settling') == 1
  if settling or redis.call('EXISTS', P .. ':born') == 0 then return 'again' end
end
local found, known = {}, judged(all(nodes(), ARGV[2]))
if not known then return too_many('nodes') end
for _, node in ipairs(known) do
  if too_long(node) then
    found[#found + 1] = {node}
  elseif alive(node) then
    local row = {node}
    for i, is_there in ipairs(redis.call('SMISMEMBER', present_on(node), unpack(ARGV, 4))) do
      if is_there == 1 then row[#row + 1] = ARGV[i + 3] end
    end
    if row[2] then found[#found + 1] = row end
  end
end
return found
"""
)

# node, the most users there may be -> the users on it, none if it has no lease
USERS_OF = (
    _COMMON
    + """
if not alive(ARGV[2]) then return {} end
return all(present_on(ARGV[2]), ARGV[3]) or too_many('users')
"""
)

# user, claim, the claim that it may replace (or ''), whether it is made again
# -> 'ok', 'again' (no lease, or settling), or the claim in the way
CLAIM = (
    _SLOTS
    + """
local user, claim, instead = ARGV[2], ARGV[3], ARGV[4]
local node = node_of(claim)
if not alive(node) then return 'again' end
if ARGV[5] == '0' and redis.call('EXISTS', P .. ':settling') == 1 then return 'again' end
local current = claim_of(user)
local old = node_of(current)
if old then
  if current ~= instead and alive(old) then return current end
  redis.call('SREM', claims_of(old), user)
end
redis.call('SET', P .. ':slot:' .. user, claim)
redis.call('SADD', claims_of(node), user)
return 'ok'
"""
)

# user, claim
RELEASE = (
    _SLOTS
    + """
if claim_of(ARGV[2]) == ARGV[3] then
  redis.call('DEL', P .. ':slot:' .. ARGV[2])
  redis.call('SREM', claims_of(node_of(ARGV[3])), ARGV[2])
end
return 'ok'
"""
)

# node, the most claims there may be -> user, claim, user, claim ... for the slots that it claims
OWN = (
    _SLOTS
    + """
local found, users = {}, all(claims_of(ARGV[2]), ARGV[3])
if not users then return too_many('claims') end
for _, user in ipairs(users) do
  local claim = claim_of(user)
  if node_of(claim) == ARGV[2] then
    found[#found + 1] = user
    found[#found + 1] = claim
  end
end
return found
"""
)

_CLEAR_AWAY = (
    _SLOTS
    + """
-- remove some of what a node has here, and the node itself if nothing is left; return the users who
-- were on it, and how much was removed
local function clear_away(node, most)
  local claimed = redis.call('SPOP', claims_of(node), most)
  for _, user in ipairs(claimed) do
    if node_of(claim_of(user)) == node then redis.call('DEL', P .. ':slot:' .. user) end
  end
  local users = redis.call('SPOP', present_on(node), most)
  if redis.call('EXISTS', claims_of(node), present_on(node)) == 0 then
    redis.call('SREM', nodes(), node)
  end
  return users, math.max(#users, #claimed)
end
"""
)

# own node, how many nodes to look at, how many users, and as many claims, to take -> for each node
# without a lease: its id and the users taken from it. Only one caller gets them. A node that has
# some left stays.
TAKE_FROM_DEAD = (
    _CLEAR_AWAY
    + """
local taken, room = {}, tonumber(ARGV[4])
for _, node in ipairs(judged(redis.call('SRANDMEMBER', nodes(), ARGV[3]))) do
  if room > 0 and node ~= ARGV[2] and not alive(node) then
    local users, given_up = clear_away(node, room)
    room = room - given_up
    table.insert(users, 1, node)
    taken[#taken + 1] = users
  end
end
return taken
"""
)

# own node, how many users and claims to remove: the node leaves
RETIRE = (
    _CLEAR_AWAY
    + """
redis.call('DEL', P .. ':lease:' .. ARGV[2])
clear_away(ARGV[2], ARGV[3])
return 'ok'
"""
)
