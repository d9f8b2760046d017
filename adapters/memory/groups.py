"""The groups and who is in them."""

import itertools
from collections import defaultdict
from collections.abc import Iterator

import attrs

from adapters.memory.looks import Looks
from adapters.memory.users import MemoryUsers
from chat_domain.errors import AlreadyMember, GroupNameTaken, NoSuchGroup, NotMember
from chat_domain.model import Group, Member, Membership, Role, SizedGroup
from chat_domain.names import Name


@attrs.define
class _Record:
    group: Group
    name: Name
    roles: dict[int, Role]  # of each member, in the order in which they came

    def succeed(self) -> None:
        """Make the longest member creator."""
        self.roles[next(iter(self.roles))] = Role.CREATOR


@attrs.define
class MemoryGroups:
    _users: MemoryUsers
    _records: dict[int, _Record] = attrs.field(factory=dict, init=False)
    _keys: set[str] = attrs.field(factory=set, init=False)
    _looks: Looks = attrs.field(factory=Looks, init=False)
    _groups_of: defaultdict[int, set[int]] = attrs.field(
        factory=lambda: defaultdict(set), init=False
    )
    _new_ids: Iterator[int] = attrs.field(factory=lambda: itertools.count(1), init=False)

    async def create(self, name: Name, description: str, creator_id: int) -> Group:
        if self._is_taken(name):
            raise GroupNameTaken(name.text)
        group = Group(next(self._new_ids), name.text, description)
        self._records[group.id] = _Record(group, name, {creator_id: Role.CREATOR})
        self._claim(name)
        self._groups_of[creator_id].add(group.id)
        return group

    def _is_taken(self, name: Name) -> bool:
        return name.key in self._keys or self._looks.has(name)

    def _claim(self, name: Name) -> None:
        self._keys.add(name.key)
        self._looks.add(name)

    def _release(self, name: Name) -> None:
        self._keys.remove(name.key)
        self._looks.remove(name)

    async def by_id(self, group_id: int) -> Group | None:
        record = self._records.get(group_id)
        return record.group if record else None

    async def by_name(self, key: str) -> Group | None:
        found = (record.group for record in self._records.values() if record.name.key == key)
        return next(found, None)

    async def page(self, after: int, limit: int, containing: str = "") -> list[SizedGroup]:
        found = [
            SizedGroup(record.group, len(record.roles))
            for group_id, record in self._records.items()
            if group_id > after and containing in record.name.key
        ]
        return found[:limit]

    async def rename(self, group_id: int, name: Name) -> None:
        record = self._record(group_id)
        self._release(record.name)
        if self._is_taken(name):
            self._claim(record.name)
            raise GroupNameTaken(name.text)
        self._claim(name)
        record.name = name
        record.group = attrs.evolve(record.group, name=name.text)

    async def join(self, group_id: int, user_id: int) -> Group:
        record = self._record(group_id)
        if user_id in record.roles:
            raise AlreadyMember(group_id)
        record.roles[user_id] = Role.NORMAL
        self._groups_of[user_id].add(group_id)
        return record.group

    async def leave(self, group_id: int, user_id: int) -> None:
        record = self._record(group_id)
        if user_id not in record.roles:
            raise NotMember(group_id)
        role = record.roles.pop(user_id)
        self._groups_of[user_id].remove(group_id)
        if not record.roles:
            await self.end(group_id)
        elif role is Role.CREATOR:
            record.succeed()

    async def end(self, group_id: int) -> None:
        record = self._record(group_id)
        del self._records[group_id]
        self._release(record.name)
        for user_id in record.roles:
            self._groups_of[user_id].remove(group_id)

    async def skip_ids(self, number: int) -> None:
        self._new_ids = itertools.count(next(self._new_ids) + number)

    async def page_of(self, user_id: int, after: int, limit: int) -> list[Membership]:
        following = sorted(group_id for group_id in self._groups_of[user_id] if group_id > after)
        records = [self._records[group_id] for group_id in following[:limit]]
        return [Membership(record.group, record.roles[user_id]) for record in records]

    async def count_of(self, user_id: int) -> int:
        return len(self._groups_of[user_id])

    async def members(self, group_id: int, after: int, limit: int) -> list[Member]:
        roles = self._record(group_id).roles
        following = sorted(user_id for user_id in roles if user_id > after)
        users = [self._users.user(user_id) for user_id in following[:limit]]
        return [Member(user.id, user.name, roles[user.id]) for user in users if user]

    async def member_ids(self, group_id: int) -> list[int]:
        return sorted(self._record(group_id).roles)

    def _record(self, group_id: int) -> _Record:
        record = self._records.get(group_id)
        if record is None:
            raise NoSuchGroup(group_id)
        return record
