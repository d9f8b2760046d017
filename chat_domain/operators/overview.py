"""What an operator sees: who is on which node, and what is stored about a user."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

import attrs

from chat_domain.entries import Entry
from chat_domain.model import Account, Export
from chat_domain.people.devices import Devices
from chat_domain.ports.cluster import Lease, Presence
from chat_domain.ports.store import Store

PAGE = 200

T = TypeVar("T")


@attrs.frozen
class Overview:
    """name: this node's."""

    store: Store
    devices: Devices
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

    async def export(self, account: Account) -> Export:
        """All that is stored about a user, except what only proves their identity."""
        user, store = account.user, self.store
        friends = partial(store.friends.page, user.id)
        groups = partial(store.groups.page_of, user.id)
        return Export(
            user=user,
            disabled=account.disabled,
            friends=await _all(friends, lambda friend: friend.id),
            groups=await _all(groups, lambda membership: membership.group.id),
            tokens=tuple(await self.devices.resumable(user)),
            entries=tuple(await self._entries(user.id)),
        )

    async def _entries(self, user_id: int) -> list[Entry]:
        found: list[Entry] = []
        after, head = 0, (await self.store.log.ends()).head
        while after < head:
            log_slice = await self.store.log.read(user_id, after, PAGE)
            found += log_slice.entries
            after = log_slice.upto
        return found


async def _all(
    page: Callable[[int, int], Awaitable[Sequence[T]]], id_of: Callable[[T], int]
) -> tuple[T, ...]:
    """All items of a list that comes in pages."""
    found: list[T] = []
    while some := await page(id_of(found[-1]) if found else 0, PAGE):
        found += some
    return tuple(found)
