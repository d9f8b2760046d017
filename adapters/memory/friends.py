"""The list of friends of each user."""

from collections import defaultdict

import attrs

from adapters.memory.users import MemoryUsers
from chat_domain.errors import AlreadyFriends, NoSuchUser, NotFriends
from chat_domain.model import User


def _sets() -> defaultdict[int, set[int]]:
    return defaultdict(set)


@attrs.define
class MemoryFriends:
    _users: MemoryUsers
    _lists: defaultdict[int, set[int]] = attrs.field(factory=_sets, init=False)
    _listed_by: defaultdict[int, set[int]] = attrs.field(factory=_sets, init=False)

    async def add(self, user_id: int, friend_id: int) -> None:
        if self._users.user(friend_id) is None:
            raise NoSuchUser(friend_id)
        if friend_id in self._lists[user_id]:
            raise AlreadyFriends(friend_id)
        self._lists[user_id].add(friend_id)
        self._listed_by[friend_id].add(user_id)

    async def lists(self, user_id: int, friend_id: int) -> bool:
        return friend_id in self._lists.get(user_id, ())

    async def remove(self, user_id: int, friend_id: int) -> None:
        if friend_id not in self._lists[user_id]:
            raise NotFriends(friend_id)
        self._lists[user_id].remove(friend_id)
        self._listed_by[friend_id].remove(user_id)

    async def page(self, user_id: int, after: int, limit: int) -> list[User]:
        following = sorted(friend for friend in self._lists[user_id] if friend > after)
        friends = [self._users.user(friend) for friend in following[:limit]]
        return [friend for friend in friends if friend]

    def forget(self, user_id: int) -> None:
        """The account was removed: drop the user's list, and take them off all other lists."""
        for friend_id in self._lists.pop(user_id, ()):
            self._listed_by[friend_id].discard(user_id)
        for lister in self._listed_by.pop(user_id, ()):
            self._lists[lister].discard(user_id)

    async def count(self, user_id: int) -> int:
        return len(self._lists[user_id])

    async def listed_by(self, user_id: int, after: int, limit: int) -> list[int]:
        return sorted(lister for lister in self._listed_by[user_id] if lister > after)[:limit]
