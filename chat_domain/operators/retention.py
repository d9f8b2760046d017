"""Deleting what was kept for long enough.

Every node does it independently of the others: one of them deletes an entry from the log, and each
drops what it has of it in memory.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import attrs

from chat_domain.log.follower import Follower
from chat_domain.model import MAX_DAYS
from chat_domain.operators.pieces import Pieces
from chat_domain.ports.log import Log
from chat_domain.ports.runtime import Clock
from chat_domain.ports.store import Groups

DAY_MS = 24 * 3600 * 1000
LONGER_THAN_ANY = MAX_DAYS + 1
GROUPS_AT_ONCE = 200


@attrs.define(eq=False)
class Retention:
    """keep_days: how long entries are kept, 0 for no limit; those of a group for its own days, if
    these are fewer. forgotten: how many entries this node has deleted."""

    log: Log
    groups: Groups
    follower: Follower
    clock: Clock
    pieces: Pieces
    keep_days: int = 0
    forgotten: int = attrs.field(default=0, init=False)

    async def forget(self) -> None:
        """Delete what is old by now. Raises TryAgain, and leaves the rest for the next time."""
        now_ms = min(self.clock.now_ms(), await self.log.now_ms())  # one of them may be ahead
        everything = _before(now_ms, self.keep_days)
        if everything:
            await self._delete(partial(self.log.forget, everything))
        of_group = {}
        async for group_id, days in self._kept_for_less():
            of_group[group_id] = before = _before(now_ms, days)
            await self._delete(partial(self.log.forget_of, group_id, before))
        if everything or of_group:
            self.follower.ring.forget(
                lambda entry: entry.time_ms < of_group.get(entry.conv, everything)
            )

    async def _kept_for_less(self) -> AsyncIterator[tuple[int, int]]:
        """The groups whose entries are kept for fewer days than all others, and these days."""
        after = 0
        while page := await self.groups.keeping(after, GROUPS_AT_ONCE):
            for group_id, days in page.items():
                if 0 < days < (self.keep_days or LONGER_THAN_ANY):
                    yield group_id, days
            after = max(page)

    async def _delete(self, some: Callable[[int], Awaitable[int]]) -> None:
        async def counted(limit: int) -> bool:
            number = await some(limit)
            self.forgotten += number
            return number == limit

        await self.pieces.run(counted)


def _before(now_ms: int, days: int) -> int:
    """The time in ms before which entries are old; 0, so that none are, if `days` is 0."""
    return now_ms - days * DAY_MS if days else 0
