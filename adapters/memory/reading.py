"""Reading the log: the methods of `ports.Log` that neither append nor delete."""

import time
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from heapq import merge
from itertools import islice
from secrets import token_hex

from adapters.memory.entries import Entries, replaced
from adapters.memory.groups import MemoryGroups
from adapters.memory.members import MemberRow, Members
from adapters.memory.settings import MemorySettings
from adapters.memory.users import MemoryUsers
from chat_domain.entries import (
    CHANGE,
    EVERYWHERE,
    FOREVER,
    NO_ENTRY,
    TEXT,
    Entry,
    EntryRef,
    LogEnds,
    LogSlice,
    Opening,
    Visibility,
    is_group,
    other_of,
    pair,
)
from chat_domain.model import MOST_PASSED_OVER, MOST_UNREAD, Conversation
from chat_domain.ports.log import MORE_LOOKED_AT


class MemoryReading:
    """The base class of `MemoryLog`, which appends and deletes."""

    def __init__(
        self, users: MemoryUsers, members: Members, groups: MemoryGroups, settings: MemorySettings
    ) -> None:
        self._users = users
        self._members = members
        self._groups = groups
        self._settings = settings
        self._entries = Entries()
        self._got: dict[int, int] = {}
        self._epoch = token_hex(8)
        self._changed = 0

    async def ends(self, last: EntryRef = NO_ENTRY, epoch: str = "") -> LogEnds:
        if not self._entries.has(last) and epoch in ("", self._epoch):
            await self.renew()
        return LogEnds(self._epoch, len(self._entries), self._entries.oldest, self._changed)

    async def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    async def renew(self) -> str:
        self._epoch = token_hex(8)
        head = len(self._entries)
        self._got = {user_id: min(at, head) for user_id, at in self._got.items()}
        self._members.cut_marks(head)
        return self._epoch

    async def tail(self, after: int, limit: int) -> LogSlice:
        there = (entry.at for entry in self._entries.above(after))
        return self._reading(islice(there, limit), after, limit)

    async def read(self, user_id: int, after: int, limit: int) -> LogSlice:
        return self._reading(islice(self._visible_to(user_id, after), limit), after, limit)

    def _reading(self, positions: Iterable[int], after: int, limit: int) -> LogSlice:
        found = self._shown(positions)
        if len(found) < limit:
            return LogSlice(tuple(found), len(self._entries))
        return LogSlice(tuple(found), found[-1].at if found else after)

    async def missed(self, user_id: int, after: int, most: int) -> int:
        return sum(1 for _ in islice(self._visible_to(user_id, after), most))

    async def page(
        self, user_id: int, conv: int, *, before: int | None, after: int, limit: int
    ) -> list[Entry]:
        row = self._members.row(conv, user_id)
        if row is None:
            return []
        if before is None:
            return self._shown(islice(self._visible_in(conv, row.visibility, after), limit))
        found = [at for at in self._visible_in(conv, row.visibility, after) if at < before]
        return self._shown(found[-limit:] if limit else [])

    async def visibility(self, user_id: int, conv: int) -> Visibility | None:
        row = self._members.row(conv, user_id)
        return None if row is None else row.visibility

    async def conversations(
        self, user_id: int, before: int | None, limit: int
    ) -> list[Conversation]:
        rows = self._members.all_of(user_id)
        lasts = {
            max(seen): conv
            for conv, row in rows.items()
            if (seen := self._listing(user_id, conv, row))
        }
        following = sorted((at for at in lasts if before is None or at < before), reverse=True)
        return [
            self._conversation(user_id, lasts[at], rows[lasts[at]], at) for at in following[:limit]
        ]

    def _listing(self, user_id: int, conv: int, row: MemberRow) -> list[int]:
        """The positions of the entries that put the conversation on the list: see
        `Log.conversations`."""
        seen = list(self._visible_in(conv, row.visibility, 0))
        if conv != pair(user_id, user_id):
            return seen
        newest = seen[-MOST_PASSED_OVER:]
        said = [at for at in newest if self._entries[at].kind != CHANGE]
        return said if said or len(newest) < MOST_PASSED_OVER else newest

    def _conversation(self, user_id: int, conv: int, row: MemberRow, last: int) -> Conversation:
        (entry,) = self._shown([last])
        unread = sum(
            self._is_text_of_another(at, user_id)
            for at in self._visible_in(conv, row.visibility, row.read)
        )
        peer_id = 0 if is_group(conv) else other_of(conv, user_id)
        peer = self._members.row(conv, peer_id) if peer_id != user_id else None
        return Conversation(
            conv,
            self._users.name(peer_id) if peer_id else self._groups.name(conv),
            entry,
            row.read,
            min(unread, MOST_UNREAD),
            left=row.left != FOREVER,
            muted=row.muted,
            peer_got=self._got.get(peer_id, 0) if peer else None,
            peer_read=peer.read if peer and not self._hides_read(peer_id) else None,
        )

    def _is_text_of_another(self, at: int, user_id: int) -> bool:
        entry = self._entries[at]
        return entry.kind == TEXT and entry.sender_id != user_id

    async def undelivered(self, user_id: int, sender_id: int, most: int) -> int:
        newest = self._entries.of(pair(user_id, sender_id))[-most - MORE_LOOKED_AT :]
        entries = (self._entries[at] for at in newest)
        got = self._got.get(user_id, 0)
        found = (
            entry
            for entry in entries
            if entry.at > got and entry.kind == TEXT and entry.sender_id == sender_id
        )
        return sum(1 for _ in islice(found, most))

    async def may_begin(self, user_id: int, other_id: int, most: int) -> bool:
        rows = self._members.of(user_id)
        return pair(user_id, other_id) in rows or sum(not is_group(conv) for conv in rows) < most

    async def opening(self, user_id: int) -> Opening:
        groups = tuple(sorted(filter(is_group, self._members.of(user_id))))
        return Opening(await self.ends(), self._got.get(user_id, 0), groups)

    async def mark(
        self, marks: Mapping[tuple[int, int], int], epoch: str = "", last: EntryRef = NO_ENTRY
    ) -> None:
        if not self._positions_valid(epoch, last):
            return
        for (user_id, conv), at in marks.items():
            row = self._members.row(conv, user_id)
            if row is not None:
                row.read = max(row.read, at)
            elif conv == EVERYWHERE and self._users.user(user_id) is not None:
                self._got[user_id] = max(self._got.get(user_id, 0), at)

    async def reads(self, conv: int, most: int) -> dict[int, int]:
        rows = self._members.present(conv)
        if len(rows) > most:
            return {}
        return {
            user_id: row.read
            for user_id, row in rows.items()
            if row.read and not self._hides_read(user_id)
        }

    def _hides_read(self, user_id: int) -> bool:
        return self._settings.preferences(user_id).hide_read

    def _visible_to(self, user_id: int, after: int) -> Iterator[int]:
        """The positions above `after` that a user may see, ascending."""
        rows = self._members.all_of(user_id)
        return merge(*(self._visible_in(conv, row.visibility, after) for conv, row in rows.items()))

    def _visible_in(self, conv: int, visibility: Visibility, after: int) -> Iterator[int]:
        positions = self._entries.of(conv)
        return filter(visibility.shows, positions[bisect_right(positions, after) :])

    def _shown(self, positions: Iterable[int]) -> list[Entry]:
        return [self._named(self._entries[at]) for at in positions]

    def _named(self, entry: Entry) -> Entry:
        name = self._users.name(entry.sender_id)
        return entry if entry.sender_name == name else replaced(entry, sender_name=name)

    def _positions_valid(self, epoch: str, last: EntryRef) -> bool:
        """Whether the log has this epoch ("": any) and this entry, so that positions of the caller
        are still valid."""
        return epoch in {"", self._epoch} and self._entries.has(last)
