"""Telling people that somebody on their list has come or gone."""

import attrs

from chat_domain.errors import TryAgain
from chat_domain.model import Friend, User
from chat_domain.ports import Friends, Presence, Tasks, Users
from chat_domain.sessions import Sessions


@attrs.frozen
class Announcer:
    users: Users
    friends: Friends
    presence: Presence
    sessions: Sessions
    tasks: Tasks

    def came(self, user: User) -> None:
        """Tell it, and paint the `state` column. Both are done by the way: nobody waits."""
        self.tasks.start(self._announce(user))

    gone = came  # what is told is how things are when it is told, so the two cannot overtake

    async def _announce(self, user: User) -> None:
        try:
            listed_by = await self.friends.listed_by(user.id)
            online = bool(await self.presence.online([user.id]))
            self._tell(listed_by, Friend(user.id, user.name, online))
            await self.users.mark([user.id] if online else [], [] if online else [user.id])
        except TryAgain:
            return  # presence events are hints; the next change tells again

    def _tell(self, listed_by: list[int], friend: Friend) -> None:
        for user_id in listed_by:
            session = self.sessions.get(user_id)
            if session is not None:
                session.client.friend_changed(friend)
