"""This process as one node of many: the notes of others, what its lease means, and its clock.

Messages depend on the log alone: notes only bring entries sooner than this node would find them
there. Without a lease (see `people.slots`) chat goes on.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress

import attrs

from chat_domain.errors import TryAgain
from chat_domain.log.crowds import Crowds
from chat_domain.log.follower import Follower
from chat_domain.log.marks import Marks
from chat_domain.log.offline import Offline
from chat_domain.log.queue import AppendQueue
from chat_domain.log.session import Session
from chat_domain.log.sessions import Sessions
from chat_domain.log.subscriptions import Subscriptions
from chat_domain.messages.read_marks import ReadMarks
from chat_domain.messages.typing import Typing
from chat_domain.notes import (
    Appended,
    CrowdsThere,
    Delivered,
    HasRead,
    IsTyping,
    Note,
    Notice,
    PresenceChanged,
    Replaced,
    SettingsChanged,
)
from chat_domain.people.announcer import Announcer
from chat_domain.people.attendance import Attendance
from chat_domain.people.devices import Devices
from chat_domain.people.notices import Notices
from chat_domain.people.settings import OwnSettings
from chat_domain.people.slots import SlotKeeper
from chat_domain.ports.cluster import Broker
from chat_domain.ports.runtime import Clock, Tasks, Timers

GRACE = 5.0  # seconds in which a dead node's users can reconnect without being announced
POLL_EVERY = 1.0  # seconds; of the log's head, in case a note was lost
POLL_ALONE_EVERY = 0.1  # seconds; the same while nothing is received from others
DROPPED_AT_ONCE = 20  # clients, which takes about 5 ms


@attrs.define(eq=False)
class Node:
    """What the broker's adapter and the gateway's clock call."""

    sessions: Sessions
    follower: Follower
    queue: AppendQueue
    subscriptions: Subscriptions
    offline: Offline
    marks: Marks
    read_marks: ReadMarks
    typing: Typing
    settings: OwnSettings
    slots: SlotKeeper
    attendance: Attendance
    announcer: Announcer
    devices: Devices
    notices: Notices
    crowds: Crowds
    broker: Broker
    clock: Clock
    tasks: Tasks
    timers: Timers

    async def start(self) -> None:
        """Begin to follow the log, at its head. Raises TryAgain."""
        self.follower.on_reset = self._reset
        self.sessions.on_growth = self.crowds.grown
        await self.follower.start()

    def _reset(self) -> None:
        self.queue.reset()
        self.marks.reset()
        self.read_marks.reset()
        leaving, staying = self.subscriptions.reset()
        self.tasks.start(self._drop(leaving))
        self.tasks.start(self._resubscribe(staying))

    async def _drop(self, sessions: Sequence[Session]) -> None:
        for start in range(0, len(sessions), DROPPED_AT_ONCE):
            for session in sessions[start : start + DROPPED_AT_ONCE]:
                session.client.dropped()
            await self.tasks.next_turn()

    async def _resubscribe(self, sessions: Collection[Session]) -> None:
        await self.subscriptions.resubscribe(sessions)
        for session in self.sessions:
            self.offline.catch_up(session)

    # -- notes from other nodes ------------------------------------------------------------

    def receive(self, note: Note) -> None:
        """Carry out what another node's note says."""
        match note:
            case Appended():
                self.follower.on_note(note)
            case Delivered():
                self.marks.on_note(note)
            case HasRead():
                self.read_marks.on_note(note)
            case IsTyping():
                self.typing.on_note(note)
            case SettingsChanged():
                self.settings.on_note(note)
            case Replaced():
                self.slots.on_note(note)
            case PresenceChanged():
                self.announcer.on_note(note)
            case Notice():
                self.notices.on_note(note)
            case CrowdsThere():
                self.crowds.on_note(note)

    def notes_lost(self) -> None:
        """Notes to this node may have been lost."""
        self.settings.forget()
        self.follower.poll_head_soon()

    async def other_died(self, user_ids: Collection[int]) -> None:
        """Another node, which had these users, has lost its lease."""
        if user_ids:
            await self.timers.sleep(GRACE)
            await self.announcer.announce_gone(user_ids)

    # -- the lease ---------------------------------------------------------------------------

    def suspend(self) -> None:
        """The lease is lost."""
        self.slots.suspended = True

    async def resume(self) -> None:
        """There is a lease again. Raises TryAgain, and then the node stays suspended."""
        if self.slots.suspended:
            await self.attendance.audit()
            await self.devices.drop_ended()
            await self.slots.resume()

    async def audit(self) -> None:
        """See `SlotKeeper.audit` and `Attendance.audit`. Raises TryAgain."""
        await self.slots.audit()
        await self.attendance.audit()

    # -- time ----------------------------------------------------------------------------------

    def tick(self) -> None:
        """Look after what depends on time. Called about twice a second."""
        now = self.clock.monotonic()
        self.slots.check_lease()
        self.marks.tick(now)
        self.read_marks.tick()
        self.announcer.announce_due()
        self.crowds.tick(now)
        self.devices.retry_unwritten()
        if self.slots.is_active():
            self.slots.retry_releases()
            self.attendance.flush()

    async def poll_head(self) -> None:
        """Wait until the log's head is to be polled, then poll it. To be called forever."""
        receiving = self.broker.is_receiving()
        await self.timers.sleep(POLL_EVERY if receiving else POLL_ALONE_EVERY)
        with suppress(TryAgain):  # it is polled again soon
            await self.follower.poll_head()
