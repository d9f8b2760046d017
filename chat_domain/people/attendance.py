"""Which users have sessions on this node: for the presence, and for the users who list them."""

from collections.abc import Collection

import attrs

from chat_domain.errors import TryAgain
from chat_domain.log.sessions import Sessions
from chat_domain.model import User
from chat_domain.people.announcer import Announcer
from chat_domain.ports.cluster import Presence
from chat_domain.ports.runtime import Tasks


@attrs.define(eq=False)
class Attendance:
    presence: Presence
    sessions: Sessions
    announcer: Announcer
    tasks: Tasks
    node: str
    _changed: dict[int, User] = attrs.field(factory=dict, init=False)
    _busy: bool = attrs.field(default=False, init=False)

    def changed(self, user: User) -> None:
        """A user's first session has begun here, or their last has ended."""
        self._changed[user.id] = user
        self.flush()

    def flush(self) -> None:
        """Write what has changed. To be called regularly, in case that failed before."""
        if self._changed and not self._busy:
            self._busy = True
            self.tasks.start(self._write())

    async def _write(self) -> None:
        try:
            while self._changed:
                changed, self._changed = self._changed, {}
                try:
                    await self._write_presence(list(changed))
                except TryAgain:
                    self._changed = changed | self._changed
                    return  # the clock tries again
                for user in changed.values():
                    self.announcer.changed(user)
        finally:
            self._busy = False

    async def _write_presence(self, user_ids: Collection[int]) -> None:
        here = [user_id for user_id in user_ids if self.sessions.of(user_id)]
        if here:
            await self.presence.came(self.node, here)
        gone = [user_id for user_id in user_ids if not self.sessions.of(user_id)]  # by now
        if gone:
            await self.presence.left(self.node, gone)

    async def audit(self) -> None:
        """Correct what the presence wrongly says of this node: an answer can be lost, or come late,
        and the presence can have forgotten the node. To be called regularly. Raises TryAgain."""
        stored = await self.presence.users_of(self.node)
        await self._write_presence(set(stored) ^ set(self.sessions.users()))
