"""Announcing to users that somebody on their list has come or gone.

Rules:
1. A user's change is due at once, unless the user was announced less than QUIET seconds ago. Then
   it is due at the end of that time, once, however many changes there were.
2. The user whose change has been due for longest is announced first. At most WAITING are due: any
   others are not announced until they change again.
3. This happens in the background: TELLERS at a time, each of which tells MOST_LISTED users in one
   turn of the event loop and by one note, and no more than TOLD_PER_SECOND together.
4. What is told is the state at that time, whatever the change was. So of two announcements of one
   user, neither tells an older state after a newer one.
"""

import math
from collections import OrderedDict
from collections.abc import Collection
from contextlib import suppress

import attrs

from chat_domain.errors import TryAgain
from chat_domain.fairness.buckets import Bucket
from chat_domain.log.sessions import Sessions
from chat_domain.model import Friend, User
from chat_domain.notes import MOST_LISTED, PresenceChanged
from chat_domain.ports.cluster import Broker, Presence
from chat_domain.ports.runtime import Clock, Tasks
from chat_domain.ports.store import Friends, Users

QUIET = 5.0  # seconds
WAITING = 20_000  # users
TELLERS = 4
READ_AT_ONCE = 10_000  # of those who list a user, who may be everybody
TOLD_PER_SECOND = 5_000  # frames to clients of this node; some 4 % of a core
USER_WEIGHS = 10  # frames: finding out whom to tell, and whether the user is online
ABSENT_WEIGH = 0.05  # frames: each user to be told who is not here


@attrs.define(eq=False)
class Announcer:
    users: Users
    friends: Friends
    presence: Presence
    broker: Broker
    sessions: Sessions
    tasks: Tasks
    clock: Clock
    _due: OrderedDict[int, User] = attrs.field(factory=OrderedDict, init=False)
    # Until when those who were announced last are quiet, ascending, and those again who are due
    # then.
    _quiet: OrderedDict[int, tuple[float, User | None]] = attrs.field(
        factory=OrderedDict, init=False
    )
    _budget: Bucket = attrs.field(
        factory=lambda: Bucket(TOLD_PER_SECOND, TOLD_PER_SECOND), init=False
    )
    _tellers: int = attrs.field(default=0, init=False)
    _hurries: bool = attrs.field(default=False, init=False)

    def changed(self, user: User) -> None:
        """A user has come or gone: announce that."""
        self._wait(user)
        self.announce_due()

    def hurry(self) -> None:
        """This node is about to end: announce what is due, and what still comes, without delay."""
        self._hurries = True
        self.announce_due()

    def announce_due(self) -> None:
        """Announce what is due. To be called regularly: more becomes due as time passes."""
        while self._tellers < TELLERS and (user := self._next()) is not None:
            self._tellers += 1
            self.tasks.start(self._announce(user))

    def _wait(self, user: User) -> None:
        if user.id in self._quiet:
            until, _ = self._quiet[user.id]
            self._quiet[user.id] = until, user
        elif len(self._due) < WAITING:
            self._due[user.id] = user

    def _next(self) -> User | None:
        """The next user to be announced, who is quiet from now on; None if there is none."""
        now = math.inf if self._hurries else self.clock.monotonic()
        while self._quiet and next(iter(self._quiet.values()))[0] <= now:
            _, (_, again) = self._quiet.popitem(last=False)
            if again is not None:
                self._wait(again)
        if not self._due or not (self._hurries or self._budget.try_spend(0, now)):
            return None
        user_id, user = self._due.popitem(last=False)
        self._quiet[user_id] = now + QUIET, None
        return user

    async def _announce(self, user: User) -> None:
        """Announce whether this user is online, unless that cannot be found out now: announcements
        are hints, and the next change is announced again."""
        try:
            with suppress(TryAgain):
                await self._tell_of(user)
        finally:
            self._tellers -= 1
        self.announce_due()

    async def _tell_of(self, user: User) -> None:
        listed_by = await self.friends.listed_by(user.id, 0, READ_AT_ONCE)
        self._budget.spend(USER_WEIGHS, self.clock.monotonic())
        await self._tell(user, listed_by)
        while len(listed_by) == READ_AT_ONCE:
            listed_by = await self.friends.listed_by(user.id, listed_by[-1], READ_AT_ONCE)
            await self._tell(user, listed_by)

    async def _tell(self, user: User, listed_by: list[int]) -> None:
        for start in range(0, len(listed_by), MOST_LISTED):
            if start:
                await self.tasks.next_turn()
            # Asked each time, since another node may have announced a newer state meanwhile.
            online = user.id in await self.presence.where([user.id])
            some = listed_by[start : start + MOST_LISTED]
            self._tell_everywhere(PresenceChanged(user.id, user.name, online, some))

    def _tell_everywhere(self, note: PresenceChanged) -> None:
        elsewhere = [user_id for user_id in note.listed_by if not self.sessions.of(user_id)]
        if elsewhere:
            self.broker.broadcast(attrs.evolve(note, listed_by=elsewhere))
        self.on_note(note)

    def on_note(self, note: PresenceChanged) -> None:
        """A user has come or gone, here or on another node."""
        friend = Friend(note.user_id, note.name, note.online)
        here = self.sessions.of_all(note.listed_by)
        for session in here:
            if session.ready:
                session.client.friend_changed(friend)
        weight = len(here) + ABSENT_WEIGH * max(0, len(note.listed_by) - len(here))
        self._budget.spend(weight, self.clock.monotonic())

    async def announce_gone(self, user_ids: Collection[int]) -> None:
        """Announce those users of a dead node who have not come back on another."""
        try:
            online = await self.presence.where(user_ids)
            names = await self.users.names([one for one in user_ids if one not in online])
        except TryAgain:
            return  # they are hints
        for user_id, name in names.items():
            self.changed(User(user_id, name))
