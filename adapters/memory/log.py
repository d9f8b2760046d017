"""The log, in a list: an entry is where its position says."""

import asyncio
import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from heapq import merge
from itertools import islice, takewhile
from secrets import token_hex

import attrs

from adapters.admission import Admission, First, Key, Seen, admit
from adapters.at_once import at_once
from adapters.memory.groups import MemoryGroups
from adapters.memory.members import Members, Seat
from adapters.memory.settings import MemorySettings
from adapters.memory.users import MemoryUsers
from chat_domain.entries import (
    CHANGE,
    DELETED,
    FOR_EVER,
    TEXT,
    Batch,
    Change,
    Ends,
    Entry,
    Erased,
    Forgotten,
    Known,
    Opening,
    Place,
    Reading,
    Sight,
    What,
    is_group,
    other_of,
    pair,
    people,
)
from chat_domain.errors import ChatError, NoSuchMember, NotMember
from chat_domain.model import MOST_PASSED_OVER, MOST_UNREAD, Conversation, Role
from chat_domain.names import Name
from chat_domain.ports.store import Committed, Moved, Outcome, OutOfDate

GONE = Entry(0, DELETED, 0, "", "")  # where an entry was that was forgotten


class MemoryLog:
    def __init__(
        self, users: MemoryUsers, members: Members, groups: MemoryGroups, settings: MemorySettings
    ) -> None:
        self._users = users
        self._members = members
        self._groups = groups
        self._settings = settings
        self._entries: list[Entry] = []
        self._of: defaultdict[int, list[int]] = defaultdict(list)  # positions, by conversation
        self._firsts: dict[Key, int] = {}  # positions
        self._met: set[int] = set()  # pairs of people who exist, and are members
        self._got: dict[int, int] = {}
        self._epoch = token_hex(8)
        self._changed = 0
        self._oldest = 1

    # -- appending ---------------------------------------------------------------------------

    def append(self, batch: Batch, done: Callable[[Outcome], None]) -> None:
        asyncio.get_running_loop().call_soon(done, self.commit(batch))

    def commit(self, batch: Batch) -> Outcome:
        """What `append` tells of a batch, at once: for whoever has no event loop."""
        if batch.epoch != self._epoch or not self._has(batch.last):
            return Moved()
        if batch.judged > len(self._entries):
            return Moved()
        if self._changed > batch.judged:
            return OutOfDate(self._changed)
        if self._is_simple(batch):
            for at, entry in enumerate(batch.entries, len(self._entries) + 1):
                entry.at = at
                self._put(entry)
            return Committed()
        head, seen = len(self._entries), self._look_up(batch)
        admission = at_once(admit(batch, seen, head, self._changed, self._carry_out))
        self._keep(admission)
        return Committed(admission.others)

    def _is_simple(self, batch: Batch) -> bool:
        """Whether all of it is admitted, and there is nothing to do but to put it into the list."""
        keys = {(entry.sender_id, entry.cid) for entry in batch.entries}
        if (
            batch.refused
            or len(keys) < len(batch.entries)
            or not self._firsts.keys().isdisjoint(keys)
        ):
            return False
        return all(
            entry.change is None and (is_group(entry.conv) or entry.conv in self._met)
            for entry in batch.entries
        )

    def _has(self, last: Place) -> bool:
        if not last.at:
            return True
        if last.at > len(self._entries):
            return False
        there = self._entries[last.at - 1]
        return there is GONE or (there.sender_id, there.cid) == (last.sender_id, last.cid)

    def _look_up(self, batch: Batch) -> Seen:
        convs = {entry.conv for entry in batch.entries}
        pairs = [conv for conv in convs if not is_group(conv)]
        missing = {
            conv: user_id
            for conv in pairs
            for user_id in people(conv)
            if self._users.user(user_id) is None
        }
        return Seen(
            firsts={
                key: _first(self._entries[self._firsts[key] - 1])
                for key in ((entry.sender_id, entry.cid) for entry in batch.entries)
                if key in self._firsts
            },
            missing=missing,
            new=[conv for conv in pairs if conv not in missing and conv not in self._met],
            ended=[conv for conv in convs if is_group(conv) and not self._groups.exists(conv)],
        )

    async def _carry_out(self, admission: Admission, entry: Entry) -> tuple[int, Change]:
        change, conv, at = entry.change, entry.conv, admission.head + 1
        assert change is not None
        groups, sender_id = self._groups, entry.sender_id
        match change.what:
            case What.CREATED:
                conv = groups.create(Name(change.name), change.detail, sender_id, at)
            case What.JOINED:
                groups.join(conv, sender_id, at)
            case What.LEFT:
                heir = self._leave(admission, conv, sender_id, NotMember(conv))
                change = attrs.evolve(change, user_id=heir)
            case What.REMOVED:
                user_id = change.user_id
                self._leave(admission, conv, user_id, NoSuchMember(user_id, conv))
            case What.RENAMED:
                groups.rename(conv, Name(change.name))
            case What.ENDED:
                groups.end(conv, at)
                admission.shut_out(conv)
            case What.ERASED:
                self._keep(admission)
                self._empty(sender_id, range(entry.answers + 1, len(self._entries) + 1))
        return conv, change

    def _leave(self, admission: Admission, group_id: int, user_id: int, refusal: ChatError) -> int:
        heir = self._groups.leave(group_id, user_id, admission.head + 1, refusal)
        admission.shut_out(group_id, user_id)
        if not self._groups.exists(group_id):
            admission.shut_out(group_id)
        return heir

    def _keep(self, admission: Admission) -> None:
        """What is admitted so far."""
        admission.settle()
        for row in admission.rows:
            if row.at > len(self._entries):
                self._put(row.entry)
        for conv, at in admission.met.items():
            for user_id in people(conv):
                if self._members.seat(conv, user_id) is None:
                    self._members.put(conv, user_id, Seat(Role.NORMAL, at, 0))
            self._met.add(conv)
        self._changed = admission.changed

    def _put(self, entry: Entry) -> None:
        self._entries.append(entry)
        self._of[entry.conv].append(entry.at)
        self._firsts[entry.sender_id, entry.cid] = entry.at

    def _empty(self, sender_id: int, positions: Iterable[int]) -> None:
        """The texts of a sender among these."""
        for at in positions:
            entry = self._entries[at - 1]
            if entry.sender_id == sender_id and entry.kind == TEXT:
                self._entries[at - 1] = _like(entry, kind=DELETED, text="")

    # -- reading -----------------------------------------------------------------------------

    async def ends(self, last: Place = Place(), epoch: str = "") -> Ends:  # noqa: B008  # immutable
        if not self._has(last) and epoch in ("", self._epoch):
            await self.renew()
        return Ends(self._epoch, len(self._entries), self._oldest, self._changed)

    async def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    async def renew(self) -> str:
        self._epoch = token_hex(8)
        head = len(self._entries)
        self._got = {user_id: min(at, head) for user_id, at in self._got.items()}
        self._members.cut_marks(head)
        return self._epoch

    async def tail(self, after: int, limit: int) -> Reading:
        above = range(max(after + 1, self._oldest), len(self._entries) + 1)
        there = (at for at in above if self._entries[at - 1] is not GONE)
        return self._reading(islice(there, limit), after, limit)

    async def read(self, user_id: int, after: int, limit: int) -> Reading:
        return self._reading(islice(self._seen_by(user_id, after), limit), after, limit)

    def _reading(self, positions: Iterable[int], after: int, limit: int) -> Reading:
        found = self._shown(positions)
        if len(found) < limit:
            return Reading(tuple(found), len(self._entries))
        return Reading(tuple(found), found[-1].at if found else after)

    async def missed(self, user_id: int, after: int, most: int) -> int:
        return sum(1 for _ in islice(self._seen_by(user_id, after), most))

    async def page(
        self, user_id: int, conv: int, *, before: int | None, after: int, limit: int
    ) -> list[Entry]:
        seat = self._members.seat(conv, user_id)
        if seat is None:
            return []
        if before is None:
            return self._shown(islice(self._seen_of(conv, seat.sight, after), limit))
        found = [at for at in self._seen_of(conv, seat.sight, after) if at < before]
        return self._shown(found[-limit:] if limit else [])

    async def first(self, sender_id: int, cid: str) -> Entry | None:
        at = self._firsts.get((sender_id, cid))
        return None if at is None else self._shown([at])[0]

    async def sight(self, user_id: int, conv: int) -> Sight | None:
        seat = self._members.seat(conv, user_id)
        return None if seat is None else seat.sight

    async def conversations(
        self, user_id: int, before: int | None, limit: int
    ) -> list[Conversation]:
        seats = self._members.all_of(user_id)
        lasts = {
            max(seen): conv
            for conv, seat in seats.items()
            if (seen := self._counting(user_id, conv, seat))
        }
        following = sorted((at for at in lasts if before is None or at < before), reverse=True)
        return [
            self._conversation(user_id, lasts[at], seats[lasts[at]], at) for at in following[:limit]
        ]

    def _counting(self, user_id: int, conv: int, seat: Seat) -> list[int]:
        """Where something is that lets the conversation be one."""
        seen = list(self._seen_of(conv, seat.sight, 0))
        if conv != pair(user_id, user_id):
            return seen
        newest = seen[-MOST_PASSED_OVER:]
        said = [at for at in newest if self._entries[at - 1].kind != CHANGE]
        return said if said or len(newest) < MOST_PASSED_OVER else newest

    def _conversation(self, user_id: int, conv: int, seat: Seat, last: int) -> Conversation:
        (entry,) = self._shown([last])
        unread = sum(
            self._is_text_of_another(at, user_id)
            for at in self._seen_of(conv, seat.sight, seat.read)
        )
        peer_id = 0 if is_group(conv) else other_of(conv, user_id)
        peer = self._members.seat(conv, peer_id) if peer_id != user_id else None
        return Conversation(
            conv,
            self._users.name(peer_id) if peer_id else self._groups.name(conv),
            entry,
            seat.read,
            min(unread, MOST_UNREAD),
            left=seat.left != FOR_EVER,
            quiet=seat.quiet,
            peer_got=self._got.get(peer_id, 0) if peer else None,
            peer_read=peer.read if peer and not self._hides_read(peer_id) else None,
        )

    def _is_text_of_another(self, at: int, user_id: int) -> bool:
        entry = self._entries[at - 1]
        return entry.kind == TEXT and entry.sender_id != user_id

    async def unheard(self, user_id: int, sender_id: int, most: int) -> int:
        entries = (self._entries[at - 1] for at in self._of.get(pair(user_id, sender_id), ()))
        got = self._got.get(user_id, 0)
        found = (
            entry
            for entry in entries
            if entry.at > got and entry.kind == TEXT and entry.sender_id == sender_id
        )
        return sum(1 for _ in islice(found, most))

    async def may_begin(self, user_id: int, other_id: int, most: int) -> bool:
        seats = self._members.of(user_id)
        return pair(user_id, other_id) in seats or sum(not is_group(conv) for conv in seats) < most

    async def opening(self, user_id: int) -> Opening:
        groups = tuple(sorted(filter(is_group, self._members.of(user_id))))
        return Opening(await self.ends(), self._got.get(user_id, 0), groups)

    async def got(self, marks: Mapping[int, int]) -> None:
        for user_id, at in marks.items():
            if self._users.user(user_id) is not None:
                self._got[user_id] = max(self._got.get(user_id, 0), at)

    async def read_up_to(self, marks: Mapping[tuple[int, int], int]) -> None:
        for (user_id, conv), at in marks.items():
            seat = self._members.seat(conv, user_id)
            if seat is not None:
                seat.read = max(seat.read, at)

    async def read_mark(self, user_id: int, conv: int) -> int | None:
        seat = self._members.seat(conv, user_id)
        return None if seat is None else seat.read

    async def reads(self, conv: int, most: int) -> dict[int, int]:
        seats = self._members.inside(conv)
        if len(seats) > most:
            return {}
        return {
            user_id: seat.read
            for user_id, seat in seats.items()
            if seat.read and not self._hides_read(user_id)
        }

    def _hides_read(self, user_id: int) -> bool:
        return self._settings.chosen(user_id).hide_read

    async def forget(self, before_ms: int, limit: int) -> Forgotten:
        front = islice(self._entries, self._oldest - 1, None)
        there = (entry for entry in front if entry is not GONE)
        return self._delete_old(there, before_ms, limit, front=True)

    async def erase(self, user_id: int, so_far: Erased, upto: int, limit: int) -> Erased:
        begun = so_far.conv, so_far.at
        convs = sorted(self._members.all_of(user_id))
        every = [(conv, at) for conv in convs for at in self._of.get(conv, ()) if at <= upto]
        left = [place for place in every if place > begun]
        self._empty(user_id, (at for _, at in left[:limit]))
        return Erased(*left[limit - 1]) if len(left) > limit else Erased(done=True)

    async def forget_of(self, conv: int, before_ms: int, limit: int) -> Forgotten:
        its = (self._entries[at - 1] for at in self._of.get(conv, ()))
        return self._delete_old(its, before_ms, limit)

    def _delete_old(
        self, entries: Iterable[Entry], before_ms: int, limit: int, *, front: bool = False
    ) -> Forgotten:
        old = list(islice(takewhile(lambda entry: entry.time_ms < before_ms, entries), limit))
        if old and front:
            self._oldest = old[-1].at + 1
        for entry in old:
            self._entries[entry.at - 1] = GONE
            self._of[entry.conv].remove(entry.at)
            del self._firsts[entry.sender_id, entry.cid]
        return Forgotten(len(old), more=len(old) == limit > 0)

    def forget_user(self, user_id: int) -> None:
        """They are no more."""
        self._met.clear()
        self._got.pop(user_id, None)
        self._members.forget(user_id)

    def _seen_by(self, user_id: int, after: int) -> Iterator[int]:
        """The positions above `after` that a user may see, ascending."""
        seats = self._members.all_of(user_id)
        return merge(*(self._seen_of(conv, seat.sight, after) for conv, seat in seats.items()))

    def _seen_of(self, conv: int, sight: Sight, after: int) -> Iterator[int]:
        positions = self._of.get(conv, [])
        return filter(sight.shows, positions[bisect_right(positions, after) :])

    def _shown(self, positions: Iterable[int]) -> list[Entry]:
        return [self._named(self._entries[at - 1]) for at in positions]

    def _named(self, entry: Entry) -> Entry:
        name = self._users.name(entry.sender_id)
        return entry if entry.sender_name == name else _like(entry, sender_name=name)


def _first(entry: Entry) -> First:
    known = Known(entry.at, entry.time_ms)
    return First(known, entry.conv, entry.kind, entry.text, entry.change, entry.answers)


def _like(
    entry: Entry,
    *,
    kind: int | None = None,
    sender_name: str | None = None,
    text: str | None = None,
) -> Entry:
    return Entry(
        entry.conv,
        entry.kind if kind is None else kind,
        entry.sender_id,
        entry.sender_name if sender_name is None else sender_name,
        entry.cid,
        entry.text if text is None else text,
        entry.change,
        entry.answers,
        entry.at,
        entry.time_ms,
    )
