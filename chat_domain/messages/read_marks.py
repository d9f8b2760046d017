"""How far users have read their conversations.

Rules:
1. A mark only grows, and is never above what this node has applied: a request waits until this
   node has applied what another node has just written. The mark is written as `log.marks` says.
2. It is sent at most twice a second: to the reader's other devices and, unless the reader hides it,
   to the `audience` of the conversation; of a group, only while the reader is in it.
3. A session that has read MOST_READ conversations before that time has them sent at once.
4. One turn of the event loop sends marks to TOLD_AT_ONCE sessions, each of which counts once for
   each conversation.
"""

from collections import defaultdict
from collections.abc import Mapping

import attrs

from chat_domain.entries import is_group
from chat_domain.errors import BeyondTheLog, NotMember
from chat_domain.log.follower import Follower
from chat_domain.log.marks import Marks
from chat_domain.log.session import Session
from chat_domain.log.sessions import Sessions
from chat_domain.log.untold import Untold
from chat_domain.messages.audience import Audience
from chat_domain.notes import MOST_READ, HasRead
from chat_domain.people.settings import OwnSettings
from chat_domain.ports.cluster import Broker
from chat_domain.ports.log import Log
from chat_domain.ports.runtime import Tasks

TOLD_AT_ONCE = 20_000  # sessions; some 10 ms of the event loop


@attrs.define(eq=False)
class ReadMarks:
    log: Log
    follower: Follower
    sessions: Sessions
    marks: Marks
    settings: OwnSettings
    audience: Audience
    broker: Broker
    tasks: Tasks
    # By reader, and whether for their own devices only; then by conversation.
    _untold: Untold[tuple[Session, bool]] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._untold = Untold(self.tasks, self._weigh, self._tell_all)

    async def of(self, user_id: int, conv: int) -> int | None:
        """How far a user has read a conversation; None if they never were in it. Raises
        TryAgain."""
        mark = self.marks.remembered(user_id, conv)
        if mark is not None:
            return mark
        epoch = self.follower.epoch
        stored = await self.log.visibility(user_id, conv)
        if stored is None:
            return None
        if epoch != self.follower.epoch:  # nothing to remember: the mark may be above the head
            return stored.read
        return self.marks.remember(user_id, conv, stored.read)

    async def read(self, session: Session, conv: int, at: int) -> bool:
        """A client's user has read a conversation up to this position. If there is no such
        conversation, or they had read as far before, nothing is done. Return whether other users
        are told. Raises BeyondTheLog, TryAgain, and NotMember for a group that they never were
        in."""
        user_id, epoch = session.user.id, self.follower.epoch
        if at > self.follower.applied:
            await self._reach(at)
        before = await self.of(user_id, conv)
        if before is None and is_group(conv):
            raise NotMember(conv)
        if before is None:
            return False
        await self.marks.make_room(user_id)
        private = not await self._may_tell(session, conv)
        read = self.marks.of(user_id, before, conv)  # by now, with another device
        if at > read and epoch == self.follower.epoch:
            self._grow(session, conv, at, private)
            return not private
        return False

    async def _reach(self, at: int) -> None:
        """Wait until a position that another node has just written is applied here. Raises
        BeyondTheLog and TryAgain."""
        await self.follower.poll_head()
        head = self.follower.applied + self.follower.lag
        if at > head:
            raise BeyondTheLog(at, head)
        await self.follower.wait_until_applied(at)

    async def _may_tell(self, session: Session, conv: int) -> bool:
        if (await self.settings.of(session.user.id)).hide_read:
            return False
        is_in_it = not is_group(conv) or conv in session.groups
        return is_in_it and await self.audience.has_recipients(conv)

    def _grow(self, session: Session, conv: int, at: int, private: bool) -> None:
        self.marks.grow(session.user.id, conv, at)
        self.marks.remember(session.user.id, conv, at)
        key, marks = (session, private), self._untold.marks
        marks[key][conv] = at
        if len(marks[key]) >= MOST_READ:
            self._tell_all(key, marks.pop(key))

    def on_note(self, note: HasRead) -> None:
        """A user has read something on another node."""
        if note.epoch != self.follower.epoch:
            return
        for conv, at in note.marks.items():
            if self.marks.remembered(note.user_id, conv) is not None:
                self.marks.remember(note.user_id, conv, at)
        self._tell(note)

    def tick(self) -> None:
        """Send the marks that have grown. To be called about twice a second."""
        self._untold.tell_all(TOLD_AT_ONCE)

    def reset(self) -> None:
        """The follower was reset."""
        self._untold.marks.clear()

    def _weigh(self, key: tuple[Session, bool], conv: int) -> int:
        """The sessions that are told of a mark, and one, or more."""
        (session, private), sessions = key, self.sessions
        others = sessions.in_group(conv) if is_group(conv) else sessions.of_people(conv)
        return 1 + len(sessions.of(session.user.id)) + (0 if private else len(others))

    def _tell_all(self, key: tuple[Session, bool], marks: Mapping[int, int]) -> None:
        session, private = key
        note = HasRead(self.follower.epoch, session.user.id, marks, private)
        self._tell(note, session)
        self.broker.broadcast(note)

    def _tell(self, note: HasRead, by: Session | None = None) -> None:
        told: defaultdict[Session, dict[int, int]] = defaultdict(dict)
        for session in self.sessions.of(note.user_id):
            if session is not by:
                told[session].update(note.marks)
        if not note.private:
            for conv, at in note.marks.items():
                for session in self.audience.local_sessions(conv, note.user_id):
                    told[session][conv] = at
        for session, marks in told.items():
            if session.ready and not session.choked:
                session.client.read_marks_changed(note.user_id, marks)
