"""Fills the staging tables from the old ones. It changes nothing that exists."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from secrets import token_hex
from typing import Any

import attrs

from adapters.ids import NO_ID
from adapters.mysql.batching import flatten, placeholders, statement_batches
from adapters.mysql.link import Link
from adapters.mysql.upgrading.messages import LONGEST_ROW, Reader, Unreadable
from adapters.mysql.upgrading.names import staging
from adapters.mysql.upgrading.naming import Lookalikes, named
from adapters.mysql.upgrading.offline_messages import COLUMNS, OfflineMessages, Row
from adapters.mysql.upgrading.old_tables import OldTables
from adapters.mysql.upgrading.report import TABLE, Report
from adapters.sql.database import UNIQUE
from chat_domain.entries import FOREVER
from chat_domain.model import NO_PASSWORD, PLAIN, Role
from chat_domain.people.accounts import MAX_PASSWORD

AT_ONCE = 500  # entries
LINES_AT_ONCE = 100  # of the report; each may have 64 KiB of what was left out
LONGEST_DESCRIPTION = 200  # characters; clients rely on it (docs/protocol.md)
_TOO_LONG = f"has a password of more than {MAX_PASSWORD} characters, so nobody can log in as them"
KEYS = ", ".join(UNIQUE)

_Named = tuple[int, str, str, str | None, str | None]
_Roles = dict[int, set[str | None]]  # all roles of each member of a group, in order of joining


@attrs.define
class Filling:
    _link: Link
    _old: OldTables
    _reader: Reader
    report: Report = attrs.field(factory=Report)
    _users: set[int] = attrs.field(factory=set)

    async def fill(self) -> None:
        accounts = await self._read_users()
        await self._fill_friends()
        members = await self._fill_groups()
        offline = OfflineMessages(self._reader.now_ms, self._users, members)
        await self._fill_entries(offline)
        await self._fill_users(accounts, offline)
        await self._fill_members(members, offline)
        await self._fill_log(offline.head)
        await self._fill_report()

    async def _rows(
        self, ours: str, *columns: str, texts: tuple[str, ...] = (), order: str = ""
    ) -> AsyncIterator[tuple[Any, ...]]:
        """Those of the old table. What is reported of them does not pile up in memory."""
        async for row in self._old.rows(ours, *columns, texts=texts, order=order):
            yield row
            if len(self.report.unwritten) >= LINES_AT_ONCE:
                await self._fill_report()

    async def _read_users(self) -> list[tuple[Any, ...]]:
        """Return the rows, without `got`."""
        names: dict[int, str | None] = {}
        secrets: dict[int, str] = {}
        rows = self._rows("User", "id", texts=("name", "password"), order=" ORDER BY id")
        async for number, name, password in rows:
            if not 0 < number < NO_ID:
                self.report.lost["users"] += 1
                self.report.add("user", number, "left out: this is not an id")
                continue
            names[number] = name and name[0]
            secrets[number] = self._secret(number, password and password[0])
        self._users = set(names)
        new = self._named(names, "user")
        self.report.kept["users"] = len(new)
        return [(number, text, *keys, secrets[number]) for number, text, *keys in new]

    async def _fill_users(self, accounts: list[tuple[Any, ...]], offline: OfflineMessages) -> None:
        rows = [(*account, offline.got(account[0])) for account in accounts]
        await self._insert("User", f"id, name, {KEYS}, password, got", rows)

    def _secret(self, number: int, password: str | None) -> str:
        if password is None:
            self.report.add("user", number, "has no password (NULL), so nobody can log in as them")
            return NO_PASSWORD
        if len(password) > MAX_PASSWORD:
            self.report.add("user", number, _TOO_LONG)
            return NO_PASSWORD
        if not password:
            self.report.add("user", number, "has an empty password, as before")
        return PLAIN + password

    def _named(self, old_names: dict[int, str | None], kind: str) -> list[_Named]:
        """Ids, names and their UNIQUE columns, ascending by id."""
        new = sorted(named(old_names.items(), kind), key=lambda each: each.id)
        for each in new:
            if each.why:
                change = (
                    f"{old_names[each.id] or ''!r} is now called {each.name.text!r}: {each.why}"
                )
                self.report.add(kind, each.id, change)
        lookalikes = Lookalikes()
        return [(each.id, each.name.text, each.name.key, *lookalikes.of(each.name)) for each in new]

    async def _fill_friends(self) -> None:
        rows: dict[tuple[int, int], None] = {}  # in order, and each once
        async for user_id, friend_id in self._rows("Friend", "userid", "friendid"):
            if why := self._not_friends(user_id, friend_id):
                self.report.lost["friends"] += 1
                self.report.add("friend", user_id, f"friend {friend_id} left out: {why}")
            else:
                rows[user_id, friend_id] = None
        self.report.kept["friends"] = len(rows)
        await self._insert("Friend", "userid, friendid", list(rows))

    def _not_friends(self, user_id: int | None, friend_id: int | None) -> str:
        if user_id not in self._users or friend_id not in self._users:
            return "there is no such user"
        return "nobody is on their own list" if user_id == friend_id else ""

    async def _fill_groups(self) -> dict[int, _Roles]:
        """Return the members of each group."""
        groups: dict[int, tuple[str | None, str]] = {}
        texts = ("groupname", "groupdesc")
        async for number, name, about in self._rows(
            "AllGroup", "id", texts=texts, order=" ORDER BY id"
        ):
            groups[number] = (name and name[0], self._description(number, about))
        members = await self._members(set(groups))
        for number in sorted(groups.keys() - members.keys()):
            self.report.lost["groups"] += 1
            self.report.add("group", number, f"{groups[number][0]!r} left out: it has no members")
        new = self._named({number: groups[number][0] for number in sorted(members)}, "group")
        self.report.kept["groups"] = len(new)
        self.report.kept["members of groups"] = sum(map(len, members.values()))
        await self._insert(
            "AllGroup",
            f"id, groupname, {KEYS}, groupdesc",
            [(number, text, *keys, groups[number][1]) for number, text, *keys in new],
        )
        return members

    def _description(self, number: int, about: tuple[str, bytes] | None) -> str:
        text, raw = about or ("", b"")
        if len(text) > LONGEST_DESCRIPTION:
            cut = f"its description is cut to {LONGEST_DESCRIPTION} characters"
            self.report.add("group", number, cut, raw)
        return text[:LONGEST_DESCRIPTION]

    async def _members(self, groups: set[int]) -> dict[int, _Roles]:
        members: defaultdict[int, _Roles] = defaultdict(dict)
        rows = self._rows("GroupUser", "groupid", "userid", "grouprole")
        async for group_id, user_id, role in rows:
            if group_id not in groups or not 0 < group_id < NO_ID:
                self._leave_member_out(group_id, user_id, "group")
            elif user_id not in self._users:
                self._leave_member_out(group_id, user_id, "user")
            else:
                members[group_id].setdefault(user_id, set()).add(role)
        return dict(members)

    def _leave_member_out(self, group_id: int | None, user_id: int | None, missing: str) -> None:
        self.report.lost["members of groups"] += 1
        self.report.add("group", group_id, f"member {user_id} left out: no such {missing}")

    async def _fill_members(self, members: dict[int, _Roles], offline: OfflineMessages) -> None:
        """The members of groups, and of conversations of two. What does not wait for a user is
        read.

        Members of groups joined before there was a log, so their `joined` is below its first
        position: users who join from now on come after them.
        """
        rows: list[tuple[Any, ...]] = []
        for group_id, roles in members.items():
            creator = self._creator(group_id, roles)
            for joined, user_id in enumerate(roles, 1 - len(roles)):
                role = Role.CREATOR if user_id == creator else Role.NORMAL
                rows.append((user_id, group_id, role.value, joined))
        normal = Role.NORMAL.value
        rows += [(user_id, conv, normal, at) for user_id, conv, at in offline.memberships()]
        await self._insert(
            "Member",
            "userid, conv, role, joined, since, `left`, `read`",
            [(*row, 0, FOREVER, offline.got(row[0])) for row in rows],
        )

    def _creator(self, group_id: int, roles: _Roles) -> int:
        creators = [user_id for user_id, its in roles.items() if Role.CREATOR.value in its]
        if not creators:
            creators = [next(iter(roles))]
            self.report.add(
                "group", group_id, f"had no creator; it is {creators[0]} now, the longest member"
            )
        for user_id in creators[1:]:
            self.report.add(
                "group", group_id, f"had several creators; {user_id} is an ordinary member now"
            )
        return creators[0]

    async def _fill_entries(self, offline: OfflineMessages) -> None:
        entries: list[Row] = []
        rows = self._rows("OfflineMessage", "userid", texts=("message",))
        async for user_id, message in rows:
            try:
                entries += self._entries(offline, user_id, message)
                self.report.kept["messages"] += 1
            except Unreadable as error:
                self.report.lost["messages"] += 1
                self.report.add("message", user_id, f"left out: {error}", message and message[1])
            if len(entries) >= AT_ONCE:
                await self._insert("Entry", COLUMNS, entries)
                entries = []
        await self._insert("Entry", COLUMNS, entries)

    def _entries(
        self, offline: OfflineMessages, user_id: int, message: tuple[str, bytes] | None
    ) -> list[Row]:
        if user_id not in self._users:
            raise Unreadable("there is no such user")
        if message is None:
            raise Unreadable("it is NULL, or too long for the database to tell")
        text, raw = message
        if len(raw) > LONGEST_ROW:
            raise Unreadable(f"it has {len(raw)} bytes; all of them are in the old table")
        return offline.take(user_id, self._reader.read(text))

    async def _fill_log(self, head: int) -> None:
        await self._insert("Log", "epoch, head, changed", [(token_hex(8), head, 0)])
        await self._insert("LogEnds", "oldest, found", [(1, 0)])

    async def _fill_report(self) -> None:
        for some in statement_batches(self.report.rows()):
            # in hexadecimal, since the driver does not take bytes
            values = ",".join(["(%s, %s, %s, %s, UNHEX(%s))"] * len(some))
            await self._link.change(
                f"INSERT INTO {staging(TABLE)} (number, about, id, what, original)"  # noqa: S608
                f" VALUES {values}",  # constants and placeholders
                flatten(some),
            )

    async def _insert(self, ours: str, columns: str, rows: Sequence[Sequence[Any]]) -> None:
        for some in statement_batches(rows):
            values = ",".join([f"({placeholders(len(some[0]))})"] * len(some))
            await self._link.change(
                f"INSERT INTO {staging(ours)} ({columns}) VALUES {values}",  # noqa: S608
                flatten(some),  # constants and placeholders
            )
