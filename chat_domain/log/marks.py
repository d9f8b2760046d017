"""How far each user's devices have got in the log.

Rules:
1. A mark only grows. It is written behind, about once a second, and when a session ends: one of
   version 1 gives its slot up after that.
2. Who wrote to a user is told of it at most twice a second, and only as far as their own texts.
"""

from collections import defaultdict

import attrs

from chat_domain.errors import NotSentYet, TryAgain
from chat_domain.log.follower import Follower
from chat_domain.log.session import Session
from chat_domain.log.sessions import Sessions
from chat_domain.notes import Marked
from chat_domain.ports.cluster import Broker
from chat_domain.ports.runtime import Tasks
from chat_domain.ports.store import Log

WRITTEN_EVERY = 1.0  # seconds


@attrs.define(eq=False)
class Marks:
    log: Log
    follower: Follower
    sessions: Sessions
    broker: Broker
    tasks: Tasks
    _unwritten: dict[int, int] = attrs.field(factory=dict, init=False)
    _untold: defaultdict[int, dict[int, int]] = attrs.field(
        factory=lambda: defaultdict(dict), init=False
    )  # by the user whose devices have got something, then by writer
    _written_at: float = attrs.field(default=0.0, init=False)
    _writing: bool = attrs.field(default=False, init=False)

    def __len__(self) -> int:
        """How many are not written yet."""
        return len(self._unwritten)

    def of(self, user_id: int, stored: int) -> int:
        """A user's mark. stored: as the log has it, which may be behind."""
        return max(stored, self._unwritten.get(user_id, 0))

    def taken_over(self, session: Session, at: int) -> None:
        """A client has taken over all that it was shown up to this position. Raises NotSentYet."""
        place = session.place(self.follower.applied)
        if at > place:
            raise NotSentYet(at, place)
        if at <= session.taken:
            return
        user_id = session.user.id
        told = session.take_over(at)
        if at > self._unwritten.get(user_id, 0):
            self._unwritten[user_id] = at
        if told:
            self._untold[user_id].update(told)

    def heard(self, note: Marked) -> None:
        """Devices of a user on another node have got something."""
        if note.epoch == self.follower.epoch:
            self._tell(note)

    def tick(self, now: float) -> None:
        """Tell and write what has grown. To be called about twice a second."""
        untold, self._untold = self._untold, defaultdict(dict)
        for user_id, got in untold.items():
            note = Marked(self.follower.epoch, user_id, got)
            self._tell(note)
            self.broker.broadcast(note)
        if self._unwritten and not self._writing and now - self._written_at >= WRITTEN_EVERY:
            self._written_at, self._writing = now, True
            self.tasks.start(self._write_behind())

    def _tell(self, note: Marked) -> None:
        for writer, at in note.got.items():
            for session in self.sessions.of(writer):
                session.client.marked(note.user_id, at)

    async def _write_behind(self) -> None:
        try:
            await self.write()
        except TryAgain:
            pass  # they stay, and are written with the next
        finally:
            self._writing = False

    async def write(self, user_id: int | None = None) -> None:
        """Write the marks of one user, or of all. Raises TryAgain."""
        unwritten, epoch = self._unwritten, self.follower.epoch
        if user_id is None:
            marks = dict(unwritten)
        else:
            marks = {user_id: unwritten[user_id]} if user_id in unwritten else {}
        if not marks:
            return
        await self.log.got(marks)
        if epoch != self.follower.epoch:
            return
        for one, at in marks.items():
            if unwritten.get(one) == at:
                del unwritten[one]

    def forget(self) -> None:
        """Positions have begun anew."""
        self._unwritten.clear()
        self._untold.clear()
