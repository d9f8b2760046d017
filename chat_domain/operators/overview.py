"""What an operator sees: who is on which node, and what is stored about a user."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

import attrs

from chat_domain.entries import Entry, LogSlice
from chat_domain.model import Membership, User
from chat_domain.ports.cluster import Lease, Presence
from chat_domain.ports.store import Store

PAGE = 200
ENTRIES = 50  # read at a time, since they may be long
MOST_ENTRIES = 1_000  # in a part of an export
MOST_BYTES = 1024 * 1024  # of a part, beyond which it has no more than was read last

T = TypeVar("T")


@attrs.frozen
class Overview:
    """name: this node's."""

    store: Store
    presence: Presence
    lease: Lease
    name: str

    async def nodes(self) -> dict[str, list[int]]:
        """The ids of the users who have sessions on each node that holds its lease, ascending; by
        the names of the nodes, in order."""
        names = await self.lease.other_nodes()
        if self.lease.held():
            names = names | {self.name}
        return {name: await self.presence.users_of(name) for name in sorted(names)}

    async def friends(self, user_id: int) -> list[User]:
        return await _all(partial(self.store.friends.page, user_id), lambda friend: friend.id)

    async def groups(self, user_id: int) -> list[Membership]:
        return await _all(partial(self.store.groups.page_of, user_id), lambda own: own.group.id)

    async def entries(self, user_id: int, after: int, upto: int) -> LogSlice:
        """A part of what a user may see of the log above one position and up to another: there may
        be thousands of times as much, and others have their turns in between."""
        found, size = list[Entry](), 0
        while after < upto and len(found) < MOST_ENTRIES and size < MOST_BYTES:
            log_slice = await self.store.log.read(user_id, after, ENTRIES)
            found += [entry for entry in log_slice.entries if entry.at <= upto]
            size += sum(entry.size for entry in log_slice.entries)
            after = log_slice.upto if log_slice.upto > after else upto  # the log ends there
        return LogSlice(tuple(found), after)


async def _all(
    page: Callable[[int, int], Awaitable[Sequence[T]]], id_of: Callable[[T], int]
) -> list[T]:
    """All items of a list that comes in pages."""
    found: list[T] = []
    while some := await page(id_of(found[-1]) if found else 0, PAGE):
        found += some
    return found
