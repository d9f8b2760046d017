"""The log: appending to it, and deleting from it."""

import asyncio
from collections.abc import Callable

import attrs

from adapters.admission import MOST_MISSED, Admission, Seen, admit
from adapters.memory.entries import as_first_copy
from adapters.memory.groups import MemoryGroups
from adapters.memory.members import MemberRow, Members
from adapters.memory.reading import MemoryReading
from adapters.memory.settings import MemorySettings
from adapters.memory.users import MemoryUsers
from adapters.runtime.synchronous import run_synchronously
from chat_domain.entries import Batch, Change, ChangeKind, Entry, ErasureProgress, is_group, people
from chat_domain.errors import ChatError, NoSuchMember, NotMember
from chat_domain.model import Role
from chat_domain.names import Name
from chat_domain.ports.log import Committed, EpochChanged, Outcome, OutOfDate


class MemoryLog(MemoryReading):
    def __init__(
        self, users: MemoryUsers, members: Members, groups: MemoryGroups, settings: MemorySettings
    ) -> None:
        super().__init__(users, members, groups, settings)
        self._known_pairs: set[int] = set()  # conversations of two that have both as members

    # -- appending ---------------------------------------------------------------------------

    def append(self, batch: Batch, done: Callable[[Outcome], None]) -> None:
        asyncio.get_running_loop().call_soon(done, self.commit(batch))

    def commit(self, batch: Batch) -> Outcome:
        """The outcome of `append`, at once, for callers without an event loop."""
        if batch.epoch != self._epoch or not self._entries.has(batch.last):
            return EpochChanged()
        if batch.applied > len(self._entries):
            return EpochChanged()
        if self._changed > batch.applied:
            missed = self._missed(batch.applied)
            if missed is None or batch.judge is None:
                return OutOfDate(self._changed)
            batch = attrs.evolve(batch, refused=batch.judge(missed))
        if self._is_simple(batch):
            for at, entry in enumerate(batch.entries, len(self._entries) + 1):
                entry.at = at
                self._entries.put(entry)
            return Committed()
        head, seen = len(self._entries), self._look_up(batch)
        admission = run_synchronously(admit(batch, seen, head, self._changed, self._carry_out))
        self._keep(admission)
        return Committed(admission.others)

    def _missed(self, applied: int) -> list[Entry] | None:
        """The entries above a position; None if these are many, or some were deleted."""
        number = len(self._entries) - applied
        if number > MOST_MISSED:
            return None
        found = list(self._entries.above(applied))
        return found if len(found) == number else None

    def _is_simple(self, batch: Batch) -> bool:
        """Whether all entries are admitted and only have to be put into the list."""
        keys = {(entry.sender_id, entry.cid) for entry in batch.entries}
        if (
            batch.refused
            or len(keys) < len(batch.entries)
            or any(self._entries.find(key) for key in keys)
        ):
            return False
        return all(
            entry.change is None and (is_group(entry.conv) or entry.conv in self._known_pairs)
            for entry in batch.entries
        )

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
            first_copies={
                key: as_first_copy(first)
                for key in ((entry.sender_id, entry.cid) for entry in batch.entries)
                if (first := self._entries.find(key)) is not None
            },
            missing=missing,
            new=[conv for conv in pairs if conv not in missing and conv not in self._known_pairs],
            ended=[conv for conv in convs if is_group(conv) and not self._groups.exists(conv)],
        )

    async def _carry_out(self, admission: Admission, entry: Entry) -> tuple[int, Change]:
        change, conv, at = entry.change, entry.conv, admission.head + 1
        assert change is not None
        groups, sender_id = self._groups, entry.sender_id
        match change.what:
            case ChangeKind.CREATED:
                self._users.check(sender_id)
                conv = groups.create(Name(change.name), change.detail, sender_id, at)
            case ChangeKind.JOINED:
                self._users.check(sender_id)
                groups.join(conv, sender_id, at)
            case ChangeKind.LEFT:
                heir = self._leave(admission, conv, sender_id, NotMember(conv))
                change = attrs.evolve(change, user_id=heir)
            case ChangeKind.REMOVED:
                user_id = change.user_id
                self._leave(admission, conv, user_id, NoSuchMember(user_id, conv))
            case ChangeKind.RENAMED:
                groups.rename(conv, Name(change.name), sender_id)
            case ChangeKind.ENDED:
                groups.end(conv, at)
                admission.shut_out(conv)
            case ChangeKind.ERASED:
                self._keep(admission)
                self._entries.empty(sender_id, range(entry.answers + 1, len(self._entries) + 1))
        return conv, change

    def _leave(self, admission: Admission, group_id: int, user_id: int, refusal: ChatError) -> int:
        heir = self._groups.leave(group_id, user_id, admission.head + 1, refusal)
        admission.shut_out(group_id, user_id)
        if not self._groups.exists(group_id):
            admission.shut_out(group_id)
        return heir

    def _keep(self, admission: Admission) -> None:
        """Apply what has been admitted so far."""
        admission.settle()
        for row in admission.rows:
            if row.at > len(self._entries):
                self._entries.put(row.entry)
        for conv, at in admission.begun.items():
            for user_id in people(conv):
                if self._members.row(conv, user_id) is None:
                    self._members.put(conv, user_id, MemberRow(Role.NORMAL, at, 0))
            self._known_pairs.add(conv)
        self._changed = admission.changed

    # -- forgetting --------------------------------------------------------------------------

    async def forget(self, before_ms: int, limit: int) -> int:
        old = self._entries.forget_old(self._entries.above(0), before_ms, limit)
        if old:
            self._entries.oldest = old[-1].at + 1
        return len(old)

    async def forget_of(self, conv: int, before_ms: int, limit: int) -> int:
        its = [self._entries[at] for at in self._entries.of(conv)]
        old = self._entries.forget_old(its, before_ms, limit)
        return len(old)

    async def erase(
        self, user_id: int, so_far: ErasureProgress, upto: int, limit: int
    ) -> ErasureProgress:
        begun = so_far.conv, so_far.at
        convs = sorted(self._members.all_of(user_id))
        every = [(conv, at) for conv in convs for at in self._entries.of(conv) if at <= upto]
        left = [place for place in every if place > begun]
        self._entries.empty(user_id, (at for _, at in left[:limit]))
        return (
            ErasureProgress(*left[limit - 1]) if len(left) > limit else ErasureProgress(done=True)
        )

    def forget_user(self, user_id: int) -> None:
        """The account was removed."""
        self._known_pairs.clear()
        self._got.pop(user_id, None)
        self._members.forget(user_id)
