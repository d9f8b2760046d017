"""The store that forgets everything when it ends: for demonstrations, and as the fake of unit
tests. `nodes` connects the nodes of one process, without Redis.

No method of the store ever waits, so each is one atomic step of the event loop. What methods return
is immutable, or a copy.
"""

from adapters.memory.friends import MemoryFriends
from adapters.memory.groups import MemoryGroups
from adapters.memory.log import MemoryLog
from adapters.memory.members import Members
from adapters.memory.settings import MemorySettings
from adapters.memory.tokens import MemoryTokens
from adapters.memory.users import MemoryUsers
from chat_domain.ports.store import Store

__all__ = ["memory_store"]


def memory_store() -> Store:
    users, members = MemoryUsers(), Members()
    tokens, friends = MemoryTokens(users), MemoryFriends(users)
    groups = MemoryGroups(users, members)
    settings = MemorySettings(users, members)
    log = MemoryLog(users, members, groups, settings)
    users.end_tokens = tokens.forget
    users.forget += [tokens.forget, friends.forget, settings.forget, log.forget_user]
    return Store(
        users=users, tokens=tokens, friends=friends, groups=groups, settings=settings, log=log
    )
