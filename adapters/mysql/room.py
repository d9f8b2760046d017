"""How many messages wait for whom, as far as this node knows: the bound of the mailboxes.

To count a mailbox takes the longer the fuller it is, so it is not counted for each insertion.
What is kept here is an upper bound of what this node knows: counted once, raised by what this node
adds, never lowered but by counting again. It is counted again
- when it leaves no room, unless nothing has changed here since it was counted, less than
  RECOUNT seconds ago (so a flood at a full mailbox costs one count per second);
- when it is older than EXPIRY seconds: what other nodes have added is not seen before that.

So one node keeps the capacity exactly. Several nodes that fill the same mailbox in the same EXPIRY
seconds can exceed it, each by what it found to be free: N nodes hold N capacities at the very most.
And a mailbox that another node has emptied may be called full for RECOUNT seconds more.
The alternative, a number in each user's row, would make each message write one more row, which is
hot for busy recipients, and on a cluster of databases let nodes run into each other's conflicts.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

import attrs

from adapters.mysql.link import Link
from adapters.mysql.lists import marks, pieces
from chat_domain.model import Entry

EXPIRY = 60.0  # seconds
RECOUNT = 1.0
REMEMBERED = 100_000  # mailboxes
AT_ONCE = 500  # mailboxes in one statement


@attrs.define
class _Count:
    number: int
    counted: float
    exact: bool = True  # nothing has been added or removed here since


class Room:
    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._counts: dict[int, _Count] = {}

    async def crowded(self, link: Link, entries: Sequence[Entry], now: float) -> set[int]:
        """Whose mailboxes may not have room for all of these entries."""
        wanted = Counter(entry.recipient_id for entry in entries)
        await self._count(link, [user for user in wanted if self._expired(user, now)], now)
        crowded = {user for user, number in wanted.items() if number > self.left(user)}
        await self._count(link, [user for user in crowded if self._doubtful(user, now)], now)
        return {user for user in crowded if wanted[user] > self.left(user)}

    def left(self, user_id: int) -> int:
        """How many more there is room for, below 0 where some of the reserve is taken.

        Only of users that `crowded` was asked about.
        """
        return self._capacity - self._counts[user_id].number

    def added(self, recipients: Iterable[int]) -> None:
        """An entry for each of these has been stored."""
        for user_id, number in Counter(recipients).items():
            count = self._counts.get(user_id)
            if count:
                count.number += number
                count.exact = False

    def removed(self, users: Iterable[int]) -> None:
        """Something of these users' was removed; how much is not known."""
        for user_id in users:
            count = self._counts.get(user_id)
            if count:
                count.exact = False

    def forget(self, users: Iterable[int]) -> None:
        """Nobody knows what has been stored for these."""
        for user_id in users:
            self._counts.pop(user_id, None)

    def _expired(self, user_id: int, now: float) -> bool:
        count = self._counts.get(user_id)
        return count is None or now - count.counted > EXPIRY

    def _doubtful(self, user_id: int, now: float) -> bool:
        count = self._counts[user_id]
        return count.counted != now and (not count.exact or now - count.counted > RECOUNT)

    async def _count(self, link: Link, users: Sequence[int], now: float) -> None:
        if len(self._counts) + len(users) > REMEMBERED:
            self._counts = {
                user: count for user, count in self._counts.items() if count.counted == now
            }
        for some in pieces(users, AT_ONCE):
            these = marks(len(some))
            found = await link.rows(
                f"SELECT userid, COUNT(*) FROM OfflineMessage WHERE userid IN ({these})"  # noqa: S608
                " GROUP BY userid",  # placeholders
                some,
            )
            self._counts |= {user: _Count(0, now) for user in some}
            self._counts |= {user: _Count(number, now) for user, number in found}
