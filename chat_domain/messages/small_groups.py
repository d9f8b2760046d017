"""Which groups are small enough for their members to be told what each of them is doing.

How many members one has is looked up at most every LOOKED_AT_EVERY seconds, for nothing depends on
it but who is told of marks and typing.
"""

import attrs

from chat_domain.errors import NoSuchGroup
from chat_domain.ports.runtime import Clock
from chat_domain.ports.store import Groups

MOST_MEMBERS = 50
LOOKED_AT_EVERY = 60.0  # seconds
REMEMBERED = 10_000  # groups


@attrs.define(eq=False)
class SmallGroups:
    groups: Groups
    clock: Clock
    _known: dict[int, tuple[float, bool]] = attrs.field(factory=dict, init=False)

    async def has(self, group_id: int) -> bool:
        """Whether a group has at most MOST_MEMBERS. Raises TryAgain."""
        now, known = self.clock.monotonic(), self._known
        looked_at, small = known.get(group_id, (float("-inf"), False))
        if now - looked_at < LOOKED_AT_EVERY:
            return small
        small = await self._is_small(group_id)
        if len(known) >= REMEMBERED:
            known.clear()
        known[group_id] = now, small
        return small

    async def _is_small(self, group_id: int) -> bool:
        try:
            return await self.groups.size(group_id) <= MOST_MEMBERS
        except NoSuchGroup:
            return False
