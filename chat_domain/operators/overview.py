"""What an operator wants to see: who is where, and what is kept about somebody."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import attrs

from chat_domain.entries import Entry
from chat_domain.errors import BadNotice
from chat_domain.model import Account, Export, Membership, NodeUsers, User
from chat_domain.notes import MAX_NOTICE
from chat_domain.people.notices import Notices
from chat_domain.people.tokens import LoginTokens
from chat_domain.ports.cluster import Lease, Presence
from chat_domain.ports.runtime import Depths
from chat_domain.ports.store import Store

PAGE = 200

T = TypeVar("T")


@attrs.frozen
class Overview:
    """name: this node's. depths: of the queues that it has."""

    store: Store
    tokens: LoginTokens
    presence: Presence
    lease: Lease
    notices: Notices
    name: str
    depths: Depths = attrs.field(factory=dict)

    async def nodes(self) -> list[NodeUsers]:
        """The nodes that hold their leases, by name, each with its users, ascending."""
        names = await self.lease.others()
        if self.lease.held():
            names = names | {self.name}
        return [
            NodeUsers(name, tuple(await self.presence.users_of(name))) for name in sorted(names)
        ]

    def broadcast(self, text: str) -> None:
        """Show a notice to everybody. Raises BadNotice."""
        if not 0 < len(text) <= MAX_NOTICE:
            raise BadNotice(MAX_NOTICE)
        self.notices.tell(text)

    async def export(self, account: Account) -> Export:
        """All that is kept about a user, less what only proves who they are."""
        user = account.user
        return Export(
            user=user,
            disabled=account.disabled,
            friends=tuple(await self._friends(user.id)),
            groups=tuple(await self._groups(user.id)),
            tokens=tuple(await self.tokens.resumable(user, "")),
            entries=tuple(await self._entries(user.id)),
        )

    async def _entries(self, user_id: int) -> list[Entry]:
        found: list[Entry] = []
        after, head = 0, (await self.store.log.ends()).head
        while after < head:
            reading = await self.store.log.read(user_id, after, PAGE)
            found += reading.entries
            after = reading.upto
        return found

    async def _friends(self, user_id: int) -> list[User]:
        return await _all(
            lambda after: self.store.friends.page(user_id, after, PAGE), lambda user: user.id
        )

    async def _groups(self, user_id: int) -> list[Membership]:
        return await _all(
            lambda after: self.store.groups.page_of(user_id, after, PAGE),
            lambda membership: membership.group.id,
        )


async def _all(page: Callable[[int], Awaitable[Sequence[T]]], id_of: Callable[[T], int]) -> list[T]:
    """Everything that comes in pages."""
    found: list[T] = []
    while some := await page(id_of(found[-1]) if found else 0):
        found += some
    return found
