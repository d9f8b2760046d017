"""How far each user's devices have received the log, and how far users have read conversations.

Rules:
1. A mark only grows. It is written behind, about once a second, and when a session ends: a session
   of version 1 releases its slot after that.
2. Writers of one-to-one texts get receipts: how far the recipient's devices have received their
   texts, at most twice a second, and TOLD_AT_ONCE of them in one turn of the event loop. Who is
   told how far a user has read is in `messages.read_marks`.
3. At most MOST_OF_A_USER marks of one user, and MOST in total, wait to be written.
4. The last REMEMBERED marks that were written or looked up are remembered: what was read from the
   store before a mark was written, and arrives only now, lacks it.
"""

from collections.abc import Mapping

import attrs

from chat_domain.entries import EVERYWHERE
from chat_domain.errors import NotSentYet, TryAgain
from chat_domain.fairness.recent import Recent
from chat_domain.log.follower import Follower
from chat_domain.log.session import Session
from chat_domain.log.sessions import Sessions
from chat_domain.log.untold import Untold
from chat_domain.notes import Delivered
from chat_domain.ports.cluster import Broker
from chat_domain.ports.log import Log
from chat_domain.ports.runtime import Tasks

WRITTEN_EVERY = 1.0  # seconds
WRITTEN_AT_ONCE = 1_000  # so that no message waits for long behind them
TOLD_AT_ONCE = 5_000  # sessions; some 4 ms of the event loop
MOST_OF_A_USER = 1_000
MOST = 100_000
REMEMBERED = 100_000


@attrs.define(eq=False)
class Marks:
    log: Log
    follower: Follower
    sessions: Sessions
    broker: Broker
    tasks: Tasks
    _unwritten: dict[int, dict[int, int]] = attrs.field(
        factory=dict, init=False
    )  # by user, then by conversation; at EVERYWHERE, what the user's devices have received
    _count: int = attrs.field(default=0, init=False)  # of them all
    # By the user whose devices have received something, then by writer.
    _receipts: Untold[int] = attrs.field(init=False)
    _remembered: Recent[tuple[int, int], int] = attrs.field(
        factory=lambda: Recent(REMEMBERED), init=False
    )
    _written_at: float = attrs.field(default=0.0, init=False)
    _writing: bool = attrs.field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._receipts = Untold(self.tasks, self._weigh, self._tell_all)

    def __len__(self) -> int:
        """How many users have marks that are not written yet."""
        return len(self._unwritten)

    def of(self, user_id: int, stored: int, conv: int = EVERYWHERE) -> int:
        """A user's mark. stored: as it was read from the log, which may be behind."""
        waiting = self._unwritten.get(user_id, {}).get(conv, 0)
        return max(stored, waiting, self.remembered(user_id, conv) or 0)

    def remembered(self, user_id: int, conv: int) -> int | None:
        """A mark that is remembered, None if it is not."""
        return self._remembered.get((user_id, conv))

    def remember(self, user_id: int, conv: int, at: int) -> int:
        """Remember a mark, which is at least this high. Return it."""
        mark = self.of(user_id, at, conv)
        self._remembered.keep((user_id, conv), mark)
        return mark

    def record_taken(self, session: Session, at: int) -> None:
        """A client has taken over all that it was shown up to this position. Raises NotSentYet."""
        shown = session.position(self.follower.applied)
        if at > shown:
            raise NotSentYet(at, shown)
        if at <= session.taken:
            return
        if session.pending_receipts:
            self._add_receipts(session, at)
        session.taken = at
        self.grow(session.user.id, EVERYWHERE, at)

    def _add_receipts(self, session: Session, at: int) -> None:
        """Add receipts for what no other session of its user has taken over before."""
        user_id = session.user.id
        told_of = max(one.taken for one in (session, *self.sessions.of(user_id)))
        told = {
            writer: last for writer, last in session.take_receipts(at).items() if last > told_of
        }
        if told:
            self._receipts.marks[user_id].update(told)

    async def make_room(self, user_id: int) -> None:
        """Make room for one more mark of a user. Raises TryAgain."""
        if len(self._unwritten.get(user_id, ())) >= MOST_OF_A_USER:
            await self.write(user_id)
        if self._count >= MOST:
            raise TryAgain

    def grow(self, user_id: int, conv: int, at: int) -> None:
        """Have a mark written, if it is higher than the one that waits."""
        places = self._unwritten.setdefault(user_id, {})
        if conv not in places:
            self._count += 1
        places[conv] = max(at, places.get(conv, 0))

    def on_note(self, note: Delivered) -> None:
        """A user's devices on another node have received something."""
        if note.epoch == self.follower.epoch:
            self._tell(note)

    def tick(self, now: float) -> None:
        """Send receipts, and write the marks that have grown. To be called about twice a second."""
        self._receipts.tell_all(TOLD_AT_ONCE)
        if self._unwritten and not self._writing and now - self._written_at >= WRITTEN_EVERY:
            self._written_at, self._writing = now, True
            self.tasks.start(self._write_behind())

    def _weigh(self, _user_id: int, writer: int) -> int:
        return 1 + len(self.sessions.of(writer))

    def _tell_all(self, user_id: int, got: Mapping[int, int]) -> None:
        note = Delivered(self.follower.epoch, user_id, got)
        self._tell(note)
        self.broker.broadcast(note)

    def _tell(self, note: Delivered) -> None:
        for writer, at in note.got.items():
            for session in self.sessions.of(writer):
                if session.ready:
                    session.client.delivered(note.user_id, at)

    async def _write_behind(self) -> None:
        try:
            await self.write()
        except TryAgain:
            pass  # they stay, and are written with the next ones
        finally:
            self._writing = False

    async def write(self, user_id: int | None = None) -> None:
        """Write the marks of one user, or of all. Raises TryAgain."""
        epoch, last = self.follower.epoch, self.follower.last
        users = list(self._unwritten) if user_id is None else [user_id]
        marks = [
            ((user, conv), at)
            for user in users
            for conv, at in self._unwritten.get(user, {}).items()
        ]
        for start in range(0, len(marks), WRITTEN_AT_ONCE):
            some = dict(marks[start : start + WRITTEN_AT_ONCE])
            await self.log.mark(some, epoch, last)
            if epoch != self.follower.epoch:
                return
            self._forget_written(some)

    def _forget_written(self, written: Mapping[tuple[int, int], int]) -> None:
        for (user_id, conv), at in written.items():
            places = self._unwritten.get(user_id, {})
            if places.get(conv) == at:
                self.remember(user_id, conv, at)
                del places[conv]
                self._count -= 1
                if not places:
                    del self._unwritten[user_id]

    def reset(self) -> None:
        """The follower was reset: no mark is valid any more."""
        self._unwritten.clear()
        self._remembered = Recent(REMEMBERED)
        self._count = 0
        self._receipts.marks.clear()
