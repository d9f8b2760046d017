"""The store that forgets everything at its end: for demonstrations, and the fake of unit tests.

Each method runs without a single `await`, so that it is one atomic step of the event loop,
and what it hands out is immutable or a copy.
"""

from adapters.memory.friends import MemoryFriends
from adapters.memory.groups import MemoryGroups
from adapters.memory.mailbox import MemoryMailbox
from adapters.memory.tokens import MemoryTokens
from adapters.memory.users import MemoryUsers
from chat_domain.ports.store import Store

__all__ = ["memory_store"]


def memory_store(*, mailbox_capacity: int = 1000) -> Store:
    users = MemoryUsers()
    tokens, friends = MemoryTokens(users), MemoryFriends(users)
    mailbox = MemoryMailbox(users, friends, mailbox_capacity)
    users.forget += [tokens.forget, friends.forget, mailbox.forget]
    return Store(
        users=users, tokens=tokens, friends=friends, groups=MemoryGroups(users), mailbox=mailbox
    )
