"""The client's methods for other people."""

from collections.abc import AsyncIterator

from adapters.client.requester import Requester, id_or_name
from adapters.wire import requests
from chat_domain.model import Friend


class People(Requester):
    async def find_user(self, name: str) -> Friend:
        """The user of this name, on the list or not. Refused if there is none: `no_such_user`."""
        return (await self._ask(requests.FindUser(name=name))).friend()

    async def add_friend(self, who: int | str) -> Friend:
        """Put a user on the list of friends, by id or name."""
        number, name = id_or_name(who)
        ack = await self._ask(requests.AddFriend(friendid=number, friendname=name))
        return ack.friend.friend() if ack.friend else Friend(0, str(who), online=False)

    async def remove_friend(self, friend_id: int) -> None:
        await self._ask(requests.RemoveFriend(friendid=friend_id))

    async def friends(self, page: int = 100) -> AsyncIterator[Friend]:
        """The list of friends, ascending by id, fetched page by page."""
        async for ack in self._pages(requests.ListFriends(limit=page)):
            for row in ack.friends:
                yield row.friend()
