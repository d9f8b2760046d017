"""Who is told what a user does in a conversation: how far they have read, and that they are typing.

The other of two users; or the other members of a group that has at most MOST_MEMBERS. The size of a
group is looked up at most every SIZE_VALID_FOR seconds, since nothing else depends on it.
"""

import attrs

from chat_domain.entries import is_group, other_of
from chat_domain.errors import NoSuchGroup
from chat_domain.log.session import Session
from chat_domain.log.sessions import MOST_OF_A_USER, Sessions
from chat_domain.ports.runtime import Clock
from chat_domain.ports.store import Groups

MOST_MEMBERS = 50
MOST_TOLD = MOST_MEMBERS * MOST_OF_A_USER  # sessions of a group; only forged notes concern more
SIZE_VALID_FOR = 60.0  # seconds
REMEMBERED = 10_000  # groups


@attrs.define(eq=False)
class Audience:
    groups: Groups
    sessions: Sessions
    clock: Clock
    _small_cache: dict[int, tuple[float, bool]] = attrs.field(factory=dict, init=False)

    async def has_recipients(self, conv: int) -> bool:
        """Whether anybody is told what is done in a conversation. Raises TryAgain."""
        if not is_group(conv):
            return True
        now, known = self.clock.monotonic(), self._small_cache
        looked_at, small = known.get(conv, (float("-inf"), False))
        if now - looked_at >= SIZE_VALID_FOR:
            small = await self._is_small(conv)
            if len(known) >= REMEMBERED:
                known.clear()
            known[conv] = now, small
        return small

    def local_sessions(self, conv: int, user_id: int) -> list[Session]:
        """The sessions on this node that are told what this user does: the other users'."""
        if is_group(conv):
            members = self.sessions.in_group(conv)
            some = members if len(members) <= MOST_TOLD else ()
            return [one for one in some if one.user.id != user_id]
        other = other_of(conv, user_id)
        return list(self.sessions.of(other)) if other != user_id else []

    async def _is_small(self, group_id: int) -> bool:
        try:
            return await self.groups.size(group_id) <= MOST_MEMBERS
        except NoSuchGroup:
            return False
