"""How sessions begin and end."""

from contextlib import suppress

import attrs

from chat_domain.entries import FOREVER, TEXT, LogEnds, Opening, is_group, people
from chat_domain.errors import TryAgain
from chat_domain.log.follower import Follower
from chat_domain.log.marks import Marks
from chat_domain.log.offline import Offline
from chat_domain.log.queue import AppendQueue
from chat_domain.log.session import Session
from chat_domain.log.sessions import Sessions
from chat_domain.log.subscriptions import Subscriptions
from chat_domain.model import User
from chat_domain.people.attendance import Attendance
from chat_domain.people.slots import SlotKeeper
from chat_domain.ports.client import Client
from chat_domain.ports.log import Log
from chat_domain.ports.runtime import Ids, Tasks

MISSED_AT_MOST = 5_000  # of its user's entries that a device is sent; with more, it is reset
ENDED_AT_ONCE = 20_000  # memberships of sessions; some 10 ms of the event loop


@attrs.frozen
class Start:
    """What a device is told about its session. ends: of the log, as far as its node has applied it.
    reset: whether its positions are no longer valid, or it has missed too much: then it begins at
    `ends.head`."""

    session: Session
    ends: LogEnds
    reset: bool


@attrs.define(eq=False)
class Logins:
    log: Log
    follower: Follower
    queue: AppendQueue
    sessions: Sessions
    subscriptions: Subscriptions
    offline: Offline
    marks: Marks
    slots: SlotKeeper
    attendance: Attendance
    ids: Ids
    tasks: Tasks
    _ended: int = attrs.field(default=0, init=False)  # memberships, in this turn of the loop

    async def begin_device(
        self,
        user: User,
        client: Client,
        name: str,
        since: int | None = None,
        epoch: str | None = None,
    ) -> Start:
        """Begin a session of a device, whose user has proved their identity.

        name: its tokens are stored under it. since, epoch: the highest position that the device
        says it has stored, and the epoch of that; None if it has none. Nothing is shown before
        `ready`. Raises TryAgain and TooManyConnections.
        """
        session = Session(client, user, name)
        opening = await self.subscriptions.subscribe(session)
        try:
            reset = await self._set_position(session, since, epoch, opening)
        except BaseException:
            self._discard(session)
            raise
        self._note_arrival(session)
        return Start(session, attrs.evolve(opening.ends, head=self.follower.applied), reset)

    async def _set_position(
        self, session: Session, since: int | None, epoch: str | None, opening: Opening
    ) -> bool:
        """Set a device's position in the log; return whether it is reset."""
        user_id, applied, ends = session.user.id, self.follower.applied, opening.ends
        if since is None:
            after = max(self.marks.of(user_id, opening.got), ends.oldest - 1)
            lost = False
        else:
            after = since
            lost = epoch != ends.epoch or after > applied or after < ends.oldest - 1
        if not lost and applied - after > MISSED_AT_MOST:
            lost = await self.log.missed(user_id, after, MISSED_AT_MOST + 1) > MISSED_AT_MOST
        if session.ended:  # the follower was reset meanwhile
            raise TryAgain
        session.after = self.follower.applied if lost else after
        if since is not None and not lost:  # what it has stored it has taken over
            self._record_taken(session, self.marks.of(user_id, opening.got))
        return lost

    def _record_taken(self, session: Session, got: int) -> None:
        """A device has everything up to its position. got: up to where some device is known to have
        it, usually this one from an earlier connection: then nothing has to be written."""
        if session.after <= got:
            session.taken = session.after
        else:
            self._remember_writers(session, got)
            self.marks.record_taken(session, session.after)

    def _remember_writers(self, session: Session, got: int) -> None:
        """Add receipts for what the device received on an earlier connection and did not report, as
        far as it is in the ring."""
        user_id = session.user.id
        for entry in self.follower.ring.above(got, session.after) or ():
            is_private = entry.kind == TEXT and not is_group(entry.conv)
            if is_private and entry.sender_id != user_id and user_id in people(entry.conv):
                session.add_receipt(entry)

    async def begin_version1(self, user: User, client: Client) -> Session:
        """Begin a session of a client of version 1. It is first shown what no device has taken
        over, some of that before this returns. Raises AlreadyOnline and TryAgain."""
        name = self.ids.session()
        claim = await self.slots.claim(user.id, name)
        session = Session(client, user, name, claim)
        try:
            opening = await self.subscriptions.subscribe(session)
            got = self.marks.of(user.id, opening.got)
            session.after = session.taken = max(got, opening.ends.oldest - 1)
            await self.offline.read_some(session)
        except BaseException:
            self._discard(session)
            await self.slots.release(claim)
            raise
        self._note_arrival(session)
        return session

    def ready(self, session: Session) -> None:
        """The client knows that it is logged in: show it what it has missed."""
        session.ready = True
        self.offline.catch_up(session)

    def _note_arrival(self, session: Session) -> None:
        if self.sessions.of(session.user.id) == (session,):
            self.attendance.changed(session.user)

    def _discard(self, session: Session) -> bool:
        """End and remove a session. Return whether it was here."""
        session.ended = True
        session.live_above = FOREVER
        return self.sessions.discard(session)

    async def drain(self, session: Session) -> None:
        """Show a session nothing more, and wait until what it has written is answered."""
        session.fall_behind(self.follower.applied)
        session.ready, session.ended = False, True
        await self.queue.wait_answered(session)

    async def end(self, session: Session) -> None:
        """End a session: its client has logged out, or gone. Idempotent.

        By then, what it has written is in the log or was refused, and its mark is stored: a session
        that follows on another node begins behind it.
        """
        await self.drain(session)
        await self._wait_for_turn(len(session.groups))
        if not self._discard(session):
            return
        if not self.sessions.of(session.user.id):
            self.attendance.changed(session.user)
        with suppress(TryAgain):  # it is written with the next ones
            await self.marks.write(session.user.id)
        if session.claim is not None:
            await self.slots.release(session.claim)

    async def _wait_for_turn(self, memberships: int) -> None:
        """Wait for a turn of the event loop in which few memberships have ended: very many sessions
        may be disconnected at once."""
        while self._ended + memberships > ENDED_AT_ONCE and self._ended:
            await self.tasks.next_turn()
        if not self._ended:
            self.tasks.soon(self._begin_turn)
        self._ended += memberships

    def _begin_turn(self) -> None:
        self._ended = 0
