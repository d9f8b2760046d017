"""Storing a batch of entries, and finding out what became of each.

A message is refused or joined to its first copy by the unique key (userid, senderid, cid), so that
storing again what may have been stored already is harmless: from here on, on another node, or by
the sender. The steps:
1. The first entry of each key stands for all its copies in the batch; if they say the same, with
   the lowest of their mids.
2. Recipients that do not exist take no part.
3. Where there may not be room for all, what is on file already is looked up first, since
   copies need no room, and who of the senders is on the owner's list. The others get the room in
   their order; who gets none is FULL.
4. One statement inserts some hundred rows and tells how many were new. If not all were, then
   what is on file under their keys is looked up.
5. Where that has a higher mid than its copy in the batch, it gets the lower one.
"""

from collections.abc import Iterable, Mapping, Sequence

from adapters.mysql.link import Link
from adapters.mysql.lists import marks, pieces
from adapters.mysql.room import Room
from adapters.mysql.rows import MESSAGE_COLUMNS, row
from adapters.sql import judging
from adapters.sql.numbers import NO_ID
from adapters.storage import reserve
from chat_domain.model import Entry, Filing, Message, Outcome

AT_ONCE = 500  # rows of one statement
AT_ONCE_BYTES = 500_000  # and its size, roughly; servers take a million at the least
LOOKED_UP = 200  # keys of one statement
KNOWN = 200_000  # recipients remembered
KNOWN_FOR = 60.0  # seconds; another node may remove an account

Pair = tuple[int, int]  # whose mailbox it is, and who writes
Key = tuple[int, int, str]
OnFile = dict[Key, Message]

_COLUMNS = f"userid, {MESSAGE_COLUMNS}"
_VALUES = f"({marks(8)})"
_KEY = "(userid = %s AND senderid = %s AND cid = %s)"


def key(entry: Entry) -> Key:
    return entry.recipient_id, entry.message.sender_id, entry.message.cid


class Clerk:
    """What this node remembers for it: who exists (others may remove them) and who has room."""

    def __init__(self, capacity: int) -> None:
        self._room = Room(capacity)
        self._reserve = reserve(capacity)
        self._known: set[int] = set()
        self._known_since = 0.0

    async def file(self, link: Link, entries: Sequence[Entry], now: float) -> list[Filing]:
        """The steps above, within the transaction that is open."""
        firsts: dict[Key, Entry] = {}
        for entry in entries:
            first = firsts.setdefault(key(entry), entry)
            if _precedes(entry.message, first.message):
                firsts[key(entry)] = entry
        self._grow_old(now)
        await self._get_to_know(link, {entry.recipient_id for entry in entries})
        wanted = [entry for entry in firsts.values() if entry.recipient_id in self._known]
        crowded = await self._room.crowded(link, wanted, now)
        on_file = await _look_up(link, [e for e in wanted if e.recipient_id in crowded])
        listed = await _listed(link, {key(e)[:2] for e in wanted if e.recipient_id in crowded})
        new = [entry for entry in wanted if key(entry) not in on_file]
        chosen = self._choose(new, crowded, listed)
        on_file |= await _insert(link, chosen)
        await _put_forward(link, firsts, on_file)
        return [self._answer(entry, on_file) for entry in entries]

    def written(
        self, entries: Sequence[Entry], filings: Sequence[Filing], emptied: Iterable[int]
    ) -> None:
        """To be told after the commit."""
        self._room.added(
            entry.recipient_id
            for entry, filing in zip(entries, filings, strict=True)
            if filing.outcome is Outcome.STORED and filing.message.mid == entry.message.mid
        )
        self._room.removed(emptied)

    def failed(self, entries: Iterable[Entry]) -> None:
        """To be told where there was no commit, or perhaps there was."""
        self._room.forget(entry.recipient_id for entry in entries)

    def forget(self, user_id: int) -> None:
        """This account is no more."""
        self._known.discard(user_id)

    def _grow_old(self, now: float) -> None:
        if len(self._known) > KNOWN or now - self._known_since > KNOWN_FOR:
            self._known.clear()
            self._known_since = now

    async def _get_to_know(self, link: Link, recipients: set[int]) -> None:
        new = [number for number in recipients - self._known if 0 < number < NO_ID]
        for some in pieces(new, AT_ONCE):
            query = f"SELECT id FROM User WHERE id IN ({marks(len(some))})"  # noqa: S608  # marks
            self._known |= {user_id for (user_id,) in await link.rows(query, some)}

    def _choose(
        self, entries: Sequence[Entry], crowded: set[int], listed: set[Pair]
    ) -> list[Entry]:
        left = {user_id: self._room.left(user_id) for user_id in crowded}
        chosen = []
        for entry in entries:
            user_id, sender_id, _ = key(entry)
            if user_id in left:
                if left[user_id] <= (-self._reserve if (user_id, sender_id) in listed else 0):
                    continue
                left[user_id] -= 1
            chosen.append(entry)
        return chosen

    def _answer(self, entry: Entry, on_file: OnFile) -> Filing:
        message, first = entry.message, on_file.get(key(entry))
        if first is not None:
            same = first.same_content(message)
            return Filing(Outcome.STORED if same else Outcome.CONFLICT, first)
        known = entry.recipient_id in self._known
        return Filing(Outcome.FULL if known else Outcome.NO_SUCH_USER, message)


def _precedes(copy: Message, first: Message) -> bool:
    return copy.mid < first.mid and copy.same_content(first)


async def _put_forward(link: Link, firsts: Mapping[Key, Entry], on_file: OnFile) -> None:
    """Give what is on file the place of an earlier copy. Rare: only what was sent again has one."""
    for number, first in on_file.items():
        copy = firsts[number].message
        if _precedes(copy, first):
            await link.change(
                "UPDATE OfflineMessage SET mid = %s, time_ms = %s WHERE userid = %s AND mid = %s",
                (copy.mid, copy.time_ms, number[0], first.mid),
            )
            on_file[number] = copy


async def _listed(link: Link, pairs: set[Pair]) -> set[Pair]:
    """Those of these pairs of which the first has the second on their list."""
    found: set[Pair] = set()
    for some in pieces(list(pairs), LOOKED_UP):
        rows = await link.rows(
            "SELECT userid, friendid FROM Friend"  # noqa: S608  # placeholders
            f" WHERE {' OR '.join(['(userid = %s AND friendid = %s)'] * len(some))}",
            [number for pair in some for number in pair],
        )
        found.update(rows)
    return found


async def _insert(link: Link, entries: Sequence[Entry]) -> OnFile:
    """Insert what is not there; what is on file then under these keys."""
    on_file: OnFile = {}
    for some in _statements(entries):
        inserted = await link.change(
            f"INSERT INTO OfflineMessage ({_COLUMNS})"  # noqa: S608  # placeholders
            f" VALUES {','.join([_VALUES] * len(some))} ON DUPLICATE KEY UPDATE userid = userid",
            [value for entry in some for value in row(entry)],
        )
        on_file |= {key(entry): entry.message for entry in some}
        if inserted.rows < len(some):
            on_file |= await _look_up(link, some)
    return on_file


def _statements(entries: Sequence[Entry]) -> Iterable[list[Entry]]:
    """The entries in pieces that a statement may have."""
    some: list[Entry] = []
    size = 0
    for entry in entries:
        # escaped, a character may become two; beside the text a row is some 200 bytes
        bytes_of_it = 2 * len(entry.message.text.encode()) + 200
        if some and (len(some) >= AT_ONCE or size + bytes_of_it > AT_ONCE_BYTES):
            yield some
            some, size = [], 0
        some.append(entry)
        size += bytes_of_it
    if some:
        yield some


async def _look_up(link: Link, entries: Sequence[Entry]) -> OnFile:
    on_file: OnFile = {}
    for some in pieces(entries, LOOKED_UP):
        # without FORCE INDEX whole mailboxes may be read, by their primary key
        found = await link.rows(
            f"SELECT {_COLUMNS} FROM OfflineMessage FORCE INDEX (OfflineMessageOnce)"  # noqa: S608
            f" WHERE {' OR '.join([_KEY] * len(some))}",  # placeholders
            [value for entry in some for value in key(entry)],
        )
        for recipient, *facts in found:
            on_file[recipient, facts[2], facts[1]] = judging.on_file(facts)
    return on_file
