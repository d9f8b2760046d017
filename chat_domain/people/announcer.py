"""Telling people that somebody on their list has come or gone."""

from collections.abc import Collection, Iterable

import attrs

from chat_domain.delivery.sessions import Sessions
from chat_domain.errors import TryAgain
from chat_domain.model import Friend, User
from chat_domain.notes import PresenceChanged
from chat_domain.ports.cluster import Broker, Presence
from chat_domain.ports.runtime import Owner, Tasks
from chat_domain.ports.store import Friends, Users


@attrs.frozen
class Announcer:
    users: Users
    friends: Friends
    presence: Presence
    broker: Broker
    sessions: Sessions
    tasks: Tasks

    def came(self, user: User, owner: Owner | None = None) -> None:
        """Tell it, and paint the `state` column. Both are done by the way: nobody waits."""
        self.tasks.start(self._announce(user), owner)

    gone = came  # what is told is how things are when it is told, so the two cannot overtake

    async def _announce(self, user: User) -> None:
        try:
            listed_by = await self.friends.listed_by(user.id)
            online = bool(await self.presence.online([user.id]))
            self._tell_everywhere(listed_by, Friend(user.id, user.name, online))
            await self.users.mark([user.id] if online else [], [] if online else [user.id])
        except TryAgain:
            return  # presence events are hints; the next change tells again

    def _tell_everywhere(self, listed_by: list[int], friend: Friend) -> None:
        elsewhere = [user_id for user_id in listed_by if self.sessions.get(user_id) is None]
        if elsewhere:
            self.broker.broadcast(PresenceChanged(friend.id, friend.name, friend.online, elsewhere))
        self.tell(listed_by, friend)

    def tell(self, listed_by: Iterable[int], friend: Friend) -> None:
        """Tell those of these users who have sessions here."""
        for user_id in listed_by:
            session = self.sessions.get(user_id)
            if session is not None:
                session.client.friend_changed(friend)

    async def left_behind(self, user_ids: Collection[int]) -> None:
        """Announce those users of a dead node who have not come back on another."""
        try:
            online = await self.presence.online(user_ids)
            names = await self.users.names([one for one in user_ids if one not in online])
        except TryAgain:
            return  # as above
        for user_id, name in names.items():
            self.gone(User(user_id, name))
