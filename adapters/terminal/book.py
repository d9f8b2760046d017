"""The people and groups that the line client knows by name."""

import itertools
from collections.abc import Iterator

from attrs import evolve

from adapters.client import InGroup, Where, With
from adapters.ids import id_in
from chat_domain.model import Friend, Group, Membership, User
from chat_domain.names import name_key

_MAX_OTHERS = 1_000


class Book:
    """Finds people and groups by id, written in digits, or by name, ignoring case."""

    def __init__(self) -> None:
        self.friends: dict[int, Friend] = {}
        self.groups: dict[int, Membership] = {}
        self._others: dict[int, str] = {}

    def meet(self, user_id: int, name: str) -> None:
        """Remember the name of a user who has written, or was looked up."""
        self._others[user_id] = name
        if len(self._others) > _MAX_OTHERS:
            del self._others[next(iter(self._others))]

    def note_presence(self, user_id: int, name: str, *, online: bool) -> None:
        if user_id in self.friends:
            self.friends[user_id] = Friend(user_id, name, online)

    def user(self, who: str) -> User | None:
        """The user with this id, known or not, or of this name, if known."""
        number = id_in(who)
        if number is not None:
            return User(number, self.name_of(number))
        return next((user for user in self._users() if _same(user.name, who)), None)

    def group(self, which: str) -> Group | None:
        """The user's own group of this name; by id, any group."""
        number = id_in(which)
        if number is None:
            mine = (membership.group for membership in self.groups.values())
            return next((group for group in mine if _same(group.name, which)), None)
        membership = self.groups.get(number)
        return membership.group if membership else Group(number, f"group {number}", "")

    def known_name(self, where: Where) -> str:
        """The name of a conversation in this book, "" if the book does not have it."""
        if isinstance(where, InGroup):
            membership = self.groups.get(where.group_id)
            return membership.group.name if membership else ""
        friend = self.friends.get(where.user_id)
        return friend.name if friend else self._others.get(where.user_id, "")

    def name_of(self, user_id: int) -> str:
        return self.known_name(With(user_id)) or f"user {user_id}"

    def group_name(self, group_id: int) -> str:
        return self.known_name(InGroup(group_id)) or f"group {group_id}"

    def rename(self, group_id: int, name: str) -> None:
        """One of the user's own groups has a new name."""
        own = self.groups.get(group_id)
        if own is not None:
            self.groups[group_id] = evolve(own, group=evolve(own.group, name=name))

    def user_names(self) -> list[str]:
        return sorted({user.name for user in self._users()}, key=name_key)

    def group_names(self) -> list[str]:
        mine = (membership.group.name for membership in self.groups.values())
        return sorted(mine, key=name_key)

    def _users(self) -> Iterator[User]:
        friends = (User(friend.id, friend.name) for friend in self.friends.values())
        return itertools.chain(friends, itertools.starmap(User, self._others.items()))


def _same(name: str, typed: str) -> bool:
    return name_key(name) == name_key(typed)
