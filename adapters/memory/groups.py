"""The groups, and how changes affect them."""

import attrs

from adapters.admission import check_creator
from adapters.memory.lookalikes import Lookalikes
from adapters.memory.members import MemberRow, Members
from adapters.memory.users import MemoryUsers
from chat_domain.entries import is_group
from chat_domain.errors import AlreadyMember, ChatError, GroupNameTaken, NoSuchGroup
from chat_domain.model import OPERATOR, UNNAMED, Group, Member, Membership, Role, SizedGroup
from chat_domain.names import Name


@attrs.define
class _Record:
    group: Group
    name: Name
    whole_history: bool = False


@attrs.define
class MemoryGroups:
    """Methods that are not coroutines are called by the log, which assigns the positions."""

    _users: MemoryUsers
    _members: Members
    _records: dict[int, _Record] = attrs.field(factory=dict, init=False)
    _days: dict[int, int] = attrs.field(factory=dict, init=False)  # also of ended groups
    _keys: set[str] = attrs.field(factory=set, init=False)
    _lookalikes: Lookalikes = attrs.field(factory=Lookalikes, init=False)
    _last_id: int = attrs.field(default=0, init=False)

    # -- changes -----------------------------------------------------------------------------

    def create(self, name: Name, description: str, creator_id: int, at: int) -> int:
        if self._is_taken(name):
            raise GroupNameTaken(name.text)
        self._last_id += 1
        group = Group(self._last_id, name.text, description)
        self._records[group.id] = _Record(group, name)
        self._claim(name)
        self._members.put(group.id, creator_id, MemberRow(Role.CREATOR, at, at - 1, read=at - 1))
        return group.id

    def join(self, group_id: int, user_id: int, at: int) -> None:
        record = self._record(group_id)
        if user_id in self._members.present(group_id):
            raise AlreadyMember(group_id)
        row = MemberRow(Role.NORMAL, at, 0 if record.whole_history else at - 1, read=at - 1)
        before = self._members.row(group_id, user_id)
        row.muted = before is not None and before.muted
        self._members.put(group_id, user_id, row)

    def leave(self, group_id: int, user_id: int, at: int, refusal: ChatError) -> int:
        """Return the new creator, 0 if the creator stays or the group ends, which it does if nobody
        is left."""
        self._record(group_id)
        row = self._members.present(group_id).get(user_id)
        if row is None:
            raise refusal
        row.left = at
        staying = self._members.present(group_id)
        if not staying:
            self._forget(group_id)
        if row.role is not Role.CREATOR or not staying:
            return 0
        heir = min(staying, key=lambda user_id: (staying[user_id].joined, user_id))
        staying[heir].role = Role.CREATOR
        return heir

    def rename(self, group_id: int, name: Name, by_id: int) -> None:
        record = self._record(group_id)
        if by_id != OPERATOR.id:
            row = self._members.present(group_id).get(by_id)
            check_creator(group_id, row.role if row else None)
        self._release(record.name)
        if self._is_taken(name):
            self._claim(record.name)
            raise GroupNameTaken(name.text)
        self._claim(name)
        record.name = name
        record.group = attrs.evolve(record.group, name=name.text)

    def end(self, group_id: int, at: int) -> None:
        self._record(group_id)
        for row in self._members.present(group_id).values():
            row.left = at
        self._forget(group_id)

    def name(self, group_id: int) -> str:
        """The group's name; UNNAMED if it no longer exists."""
        record = self._records.get(group_id)
        return record.group.name if record else UNNAMED

    def exists(self, group_id: int) -> bool:
        return group_id in self._records

    def _forget(self, group_id: int) -> None:
        self._release(self._records.pop(group_id).name)

    def _is_taken(self, name: Name) -> bool:
        return name.key in self._keys or self._lookalikes.has(name)

    def _claim(self, name: Name) -> None:
        self._keys.add(name.key)
        self._lookalikes.add(name)

    def _release(self, name: Name) -> None:
        self._keys.remove(name.key)
        self._lookalikes.remove(name)

    def _record(self, group_id: int) -> _Record:
        record = self._records.get(group_id)
        if record is None:
            raise NoSuchGroup(group_id)
        return record

    # -- the port ----------------------------------------------------------------------------

    async def find(self, which: int | str) -> Group | None:
        if isinstance(which, int):
            record = self._records.get(which)
        else:
            record = next((one for one in self._records.values() if one.name.key == which), None)
        return record.group if record else None

    async def page(self, after: int, limit: int, containing: str = "") -> list[SizedGroup]:
        found = [
            SizedGroup(
                record.group, len(self._members.present(group_id)), self._days.get(group_id, 0)
            )
            for group_id, record in self._records.items()
            if group_id > after and containing in record.name.key
        ]
        return found[:limit]

    async def skip_ids(self, number: int) -> None:
        self._last_id += number

    async def show_history(self, group_id: int, *, whole: bool) -> bool:
        record = self._records.get(group_id)
        if record is not None:
            record.whole_history = whole
        return record is not None

    async def page_of(self, user_id: int, after: int, limit: int) -> list[Membership]:
        rows = self._members.of(user_id)
        following = sorted(conv for conv in rows if conv > after and is_group(conv))
        return [
            Membership(self._records[group_id].group, rows[group_id].role)
            for group_id in following[:limit]
        ]

    async def count_of(self, user_id: int) -> tuple[int, int]:
        present, ever = self._members.of(user_id), self._members.all_of(user_id)
        return sum(map(is_group, present)), sum(map(is_group, ever))

    async def size(self, group_id: int) -> int:
        self._record(group_id)
        return len(self._members.present(group_id))

    async def members(self, group_id: int, after: int, limit: int) -> list[Member]:
        self._record(group_id)
        rows = self._members.present(group_id)
        following = sorted(user_id for user_id in rows if user_id > after)
        users = [self._users.user(user_id) for user_id in following[:limit]]
        return [Member(user.id, user.name, rows[user.id].role) for user in users if user]

    async def keep(self, group_id: int, days: int) -> int:
        self._record(group_id)
        before = self._days.pop(group_id, 0)
        if days:
            self._days[group_id] = days
        return before

    async def keeping(self, after: int, limit: int) -> dict[int, int]:
        following = sorted(group_id for group_id in self._days if group_id > after)
        return {group_id: self._days[group_id] for group_id in following[:limit]}
