"""Each user's list of friends. One-way: to list somebody takes no consent."""

import attrs

from chat_domain.errors import AlreadyFriends, NoSuchUser, Oneself, TooManyFriends
from chat_domain.fairness.guard import Guard
from chat_domain.model import Friend, Page, User
from chat_domain.names import name_key
from chat_domain.people.online import who_is_online
from chat_domain.ports.cluster import Presence
from chat_domain.ports.store import Friends, Users


@attrs.frozen
class FriendList:
    users: Users
    friends: Friends
    presence: Presence
    guard: Guard

    async def add(self, user_id: int, who: int | str) -> Friend:
        """List somebody, by their id or exact name (in any case). Raises Oneself, NoSuchUser,
        AlreadyFriends and TooManyFriends."""
        user = await self._user(who)
        if user.id == user_id:
            raise Oneself
        await self._check_room(user_id, user.id)
        await self.friends.add(user_id, user.id)
        return await self._with_presence(user)

    async def _check_room(self, user_id: int, friend_id: int) -> None:
        """A client whose answer was lost asks again: it is told that the user is on the list, also
        if they have the last place."""
        limit = self.guard.limits.friends_per_user
        if not limit or await self.friends.count(user_id) < limit:
            return
        if await self.friends.lists(user_id, friend_id):
            raise AlreadyFriends(friend_id)
        self.guard.counters.friends_refused += 1
        raise TooManyFriends(limit)

    async def remove(self, user_id: int, friend_id: int) -> None:
        """Raises NotFriends."""
        await self.friends.remove(user_id, friend_id)

    async def page(self, user_id: int, after: int, limit: int) -> Page[Friend]:
        found = await self.friends.page(user_id, after, limit + 1)
        online = await who_is_online(self.presence, [user.id for user in found])
        friends = [Friend(user.id, user.name, online[user.id]) for user in found]
        return Page.cut(friends, [friend.id for friend in friends], limit)

    async def find(self, name: str) -> Friend:
        """Look any user up by their exact name (in any case). Raises NoSuchUser."""
        return await self._with_presence(await self._user(name))

    async def _user(self, who: int | str) -> User:
        account = await self.users.find(who if isinstance(who, int) else name_key(who))
        if account is None:
            raise NoSuchUser(who)
        return account.user

    async def _with_presence(self, user: User) -> Friend:
        online = await who_is_online(self.presence, [user.id])
        return Friend(user.id, user.name, online[user.id])
