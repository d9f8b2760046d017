"""What changes do to the tables, within the transaction that appends them to the log."""

import attrs

from adapters.sql import entries, members, validation
from adapters.sql.admission import MOST_MISSED, Admission, Seen
from adapters.sql.database import Connection
from adapters.sql.names import unique_columns
from adapters.sql.users import account
from chat_domain.entries import CHANGE, Batch, Change, ChangeKind, Entry
from chat_domain.errors import (
    AlreadyMember,
    ChatError,
    GroupNameTaken,
    NoSuchGroup,
    NoSuchMember,
    NotAllowed,
    NotLoggedIn,
    NotMember,
    TryAgain,
)
from chat_domain.model import OPERATOR, Role
from chat_domain.names import Name


async def missed(connection: Connection, applied: int, head: int) -> list[Entry] | None:
    """The changes above a position, ascending; None if that takes long, one is invalid, or one may
    have been deleted."""
    number = head - applied
    if number > MOST_MISSED:
        return None
    which = "WHERE at > ? AND at <= ?"
    changes = f"{entries.SELECT} {which} AND kind = {CHANGE} ORDER BY at"
    rows = await connection.rows(changes, (applied, head))
    count = f"SELECT count(*) FROM Entry {which}"  # noqa: S608  # after they were read
    ((kept,),) = await connection.rows(count, (applied, head))
    found = validation.entries(rows)
    return found if kept == number and len(found) == len(rows) else None


async def append(
    connection: Connection, batch: Batch, seen: Seen, head: int, changed: int
) -> Admission:
    """Write any batch into the tables, except for the row of Log, which is to be locked before.

    seen: from `entries.look_up`, which may be called before the lock. head, changed: the log's.
    """
    admission = Admission(batch, seen, head, changed)
    changes = _Changes(connection, admission, head)
    for place, entry in enumerate(batch.entries):
        other = admission.refusal(place)
        conv, change = entry.conv, entry.change
        if other is None and change is not None:
            try:
                conv, change = await changes.carry_out(entry, change)
            except TryAgain:  # it refuses no entry, but the whole batch
                raise
            except ChatError as refusal:
                other = refusal
        if other is None:
            admission.write(entry, conv, change)
        else:
            admission.others[place] = other
    await entries.insert(connection, admission, behind=changes.inserted)
    return admission


@attrs.define
class _Changes:
    """inserted: the position up to which the batch's entries are in the table."""

    _connection: Connection
    _admission: Admission
    inserted: int

    async def carry_out(self, entry: Entry, change: Change) -> tuple[int, Change]:
        """Carry out the change of an entry that is to get the next position. Return the entry's
        conversation, and the change as it is to be stored. Raises why it refuses, having done
        nothing."""
        conv, at = entry.conv, self._admission.head + 1
        match change.what:
            case ChangeKind.CREATED:
                await self._check_account(entry.sender_id)
                conv = await self._create(entry.sender_id, change, at)
            case ChangeKind.JOINED:
                await self._check_account(entry.sender_id)
                await self._join(entry, at)
            case ChangeKind.LEFT:
                heir = await self._leave(conv, entry.sender_id, NotMember(conv))
                change = attrs.evolve(change, user_id=heir)
            case ChangeKind.REMOVED:
                refusal = NoSuchMember(change.user_id, conv)
                await self._leave(conv, change.user_id, refusal)
            case ChangeKind.RENAMED:
                await self._rename(conv, Name(change.name), entry.sender_id)
            case ChangeKind.ENDED:
                await self._end(conv)
            case ChangeKind.ERASED:
                await self._erase(entry, at)
        return conv, change

    async def _check_account(self, user_id: int) -> None:
        found = await account(self._connection, "id", user_id)
        if found is None or found.disabled:
            raise NotLoggedIn

    async def _create(self, creator_id: int, change: Change, at: int) -> int:
        name = Name(change.name)
        row = {"groupname": name.text, **unique_columns(name), "groupdesc": change.detail}
        group_id = await self._connection.insert_unique("AllGroup", row)
        if group_id is None:
            raise GroupNameTaken(name.text)
        await members.enter(self._connection, group_id, creator_id, Role.CREATOR, at, at - 1)
        return group_id

    async def _join(self, entry: Entry, at: int) -> None:
        since = 0 if await self._has_whole_history(entry.conv) else at - 1
        entered = await members.enter(
            self._connection, entry.conv, entry.sender_id, Role.NORMAL, at, since
        )
        if not entered:
            raise AlreadyMember(entry.conv)

    async def _leave(self, group_id: int, user_id: int, refusal: ChatError) -> int:
        """Return the new creator, 0 if the creator stays. A group without members ends."""
        await self._check_group(group_id)
        role = await members.role_of(self._connection, group_id, user_id)
        if role is None:
            raise refusal
        await members.leave(self._connection, group_id, user_id, self._admission.head + 1)
        self._admission.shut_out(group_id, user_id)
        if not await members.are_any_in(self._connection, group_id):
            await self._delete_group(group_id)
            return 0
        if role is not Role.CREATOR:
            return 0
        heir = await members.heir(self._connection, group_id)
        await members.promote(self._connection, group_id, heir)
        return heir

    async def _rename(self, group_id: int, name: Name, by_id: int) -> None:
        await self._check_group(group_id)
        if by_id != OPERATOR.id:
            role = await members.role_of(self._connection, group_id, by_id)
            if role is None:
                raise NotMember(group_id)
            if role is not Role.CREATOR:
                raise NotAllowed(group_id)
        columns = {"groupname": name.text, **unique_columns(name)}
        new = ", ".join(f"{column} = ?" for column in columns)
        rename = f"UPDATE AllGroup SET {new} WHERE id = ?"  # noqa: S608  # constants
        if not await self._connection.update_unique(rename, (*columns.values(), group_id)):
            raise GroupNameTaken(name.text)

    async def _end(self, group_id: int) -> None:
        await self._check_group(group_id)
        await members.leave_all(self._connection, group_id, self._admission.head + 1)
        await self._delete_group(group_id)

    async def _delete_group(self, group_id: int) -> None:
        await self._connection.change("DELETE FROM AllGroup WHERE id = ?", (group_id,))
        self._admission.shut_out(group_id)

    async def _erase(self, entry: Entry, at: int) -> None:
        await entries.insert(self._connection, self._admission, behind=self.inserted)
        self.inserted = self._admission.head
        await entries.erase(self._connection, entry.sender_id, entry.answers, at)

    async def _check_group(self, group_id: int) -> None:
        await self._has_whole_history(group_id)

    async def _has_whole_history(self, group_id: int) -> bool:
        """Whether users who join this group see what was before. Raises NoSuchGroup."""
        query = "SELECT whole_history FROM AllGroup WHERE id = ?"
        rows = await self._connection.rows(query, (group_id,))
        if not rows:
            raise NoSuchGroup(group_id)
        return bool(rows[0][0])
