"""Short ways to the users, groups and entries that the promises are about."""

import asyncio
import itertools
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

import attrs

from chat_domain.entries import CHANGE, TEXT, Batch, Change, ChangeKind, Duplicate, Entry, EntryRef
from chat_domain.errors import ChatError
from chat_domain.model import OPERATOR, Group
from chat_domain.names import Name
from chat_domain.ports.log import Committed, Outcome
from chat_domain.ports.store import Store

T = TypeVar("T")

MADE = 1_790_000_000_000  # when entries are made, ms
NOBODY: Mapping[int, ChatError] = MappingProxyType({})

_numbers = itertools.count(1)

ODD_INTEGERS = (0, -1, 2**31 - 1, 2**31, 2**63 - 1, 2**63, 10**30, -(2**63), -(2**63) - 1)

# A name that is taken, and one that looks like it, as it is shown, in lower case, or both.
LOOK_ALIKES = [
    ("anna", "\u0430nna"),  # Cyrillic
    ("Ivan", "\u0456van"),  # a Cyrillic letter, which looks like a small i only
    ("paypal", "paypaI"),  # a capital i, which looks like a small L only
    ("zhang san", "zhang  san"),
]

ODD_TEXTS = (
    "",
    'it\'s "quoted" `back` \\ %s ? :x; DROP TABLE User; --',
    "a NUL \0 in the middle, and at the end\0",
    "line\r\nbreaks\tand\x1bescapes",
    "grüße 你好 привет 👩‍👩‍👧‍👦 🇪🇺 e\u0301 é",
    "  spaces around  ",
    "007",
    "x" * 4096,
    "👋" * 4096,
)


async def register(store: Store, *names: str) -> list[int]:
    return [await store.users.add(Name.parse(name), "secret") for name in names]


def text(sender_id: int, conv: int, said: str = "hello", **others: Any) -> Entry:
    """A text to be written, with a cid of its own unless `others` has one."""
    facts: dict[str, Any] = {"cid": f"{next(_numbers):013}-cid", "time_ms": MADE}
    return Entry(conv, TEXT, sender_id, "", text=said, **(facts | others))


def change(  # noqa: PLR0917  # a change's fields
    what: str,
    sender_id: int,
    conv: int = 0,
    user_id: int = 0,
    name: str = "",
    detail: str = "",
    **others: Any,
) -> Entry:
    """A change to be written, likewise."""
    facts: dict[str, Any] = {"cid": f"{next(_numbers):013}-cid", "time_ms": MADE}
    changed = Change(what, user_id, name, detail)
    return Entry(conv, CHANGE, sender_id, "", change=changed, **(facts | others))


def others_than(entry: Entry) -> list[EntryRef]:
    """Places that differ from an entry's in one fact each: two are above the log's head, one is
    another sender's, one another message's, and one that of a copy with a later time."""
    differences: list[dict[str, Any]] = [
        {"at": entry.at + 1},
        {"at": 2**62},
        {"sender_id": entry.sender_id + 1},
        {"cid": "other"},
        {"time_ms": entry.time_ms + 1},
    ]
    return [attrs.evolve(entry.ref, **different) for different in differences]


Result = Entry | Duplicate | ChatError


async def commit(store: Store, batch: Batch) -> Outcome:
    """Append a batch, and return its outcome."""
    result: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
    store.log.append(batch, result.set_result)
    return await result


async def append(
    store: Store, *entries: Entry, refused: Mapping[int, ChatError] = NOBODY
) -> list[Result]:
    """Append as a writer who knows everything in the log. Return what became of each entry, in
    order: the entry itself if it was admitted. Raises TryAgain."""
    while True:
        ends = await store.log.ends()
        batch = Batch(entries, ends.epoch, ends.head, EntryRef(), refused)
        outcome = await commit(store, batch)
        if isinstance(outcome, Committed):
            others = outcome.not_admitted
            return [others.get(place, entry) for place, entry in enumerate(entries)]
        if isinstance(outcome, ChatError):
            raise outcome


def ats(*results: Result) -> list[int]:
    """The positions of entries that were admitted or known; none may have been refused."""
    assert not any(isinstance(result, ChatError) for result in results)
    return [result.at for result in results if not isinstance(result, ChatError)]


async def write(store: Store, entry: Entry) -> Entry:
    """Append one entry that is admitted, or raise the reason why it is not."""
    (result,) = await append(store, entry)
    if isinstance(result, ChatError):
        raise result
    assert isinstance(result, Entry)
    return result


async def say(store: Store, sender_id: int, conv: int, *texts: str) -> list[Entry]:
    """Append texts in one batch; all of them are admitted."""
    results = await append(store, *(text(sender_id, conv, said) for said in texts))
    assert all(isinstance(result, Entry) for result in results)
    return [result for result in results if isinstance(result, Entry)]


async def create(store: Store, creator: int, name: str, about: str = "") -> Group:
    entry = await write(store, change(ChangeKind.CREATED, creator, name=name, detail=about))
    return Group(entry.conv, name, about)


async def join(store: Store, group_id: int, user_id: int) -> Entry:
    return await write(store, change(ChangeKind.JOINED, user_id, group_id))


async def leave(store: Store, group_id: int, user_id: int) -> Entry:
    return await write(store, change(ChangeKind.LEFT, user_id, group_id))


async def remove(store: Store, group_id: int, user_id: int) -> Entry:
    return await write(store, change(ChangeKind.REMOVED, 1, group_id, user_id))


async def rename(store: Store, group_id: int, name: str, by: int = OPERATOR.id) -> Entry:
    return await write(store, change(ChangeKind.RENAMED, by, group_id, name=name))


async def end(store: Store, group_id: int) -> Entry:
    return await write(store, change(ChangeKind.ENDED, 1, group_id))


def alike(these: Sequence[object], those: Sequence[object]) -> bool:
    """Whether they have the same `repr`, since two exceptions are never equal."""
    return [repr(one) for one in these] == [repr(one) for one in those]


async def make(store: Store, name: str, creator: int, *members: int) -> Group:
    """Make a group whose members join in this order."""
    group = await create(store, creator, name, f"about {name}")
    for user_id in members:
        await join(store, group.id, user_id)
    return group


async def ids(store: Store, group_id: int) -> list[int]:
    """A group's members."""
    return [member.id for member in await store.groups.members(group_id, 0, 10_000)]


async def seen(store: Store, user_id: int, after: int = 0, limit: int = 10_000) -> list[int]:
    """The positions of what a user may see."""
    return [entry.at for entry in (await store.log.read(user_id, after, limit)).entries]


async def unread(store: Store, user_id: int) -> dict[int, int]:
    """How many texts a user has not read, by conversation, without those that have none."""
    found = await store.log.conversations(user_id, None, 10_000)
    return {one.conv: one.unread for one in found if one.unread}


async def read_mark(store: Store, user_id: int, conv: int) -> int | None:
    """How far a user has read a conversation; None if they never were in it."""
    found = await store.log.visibility(user_id, conv)
    return None if found is None else found.read


def facts(entry: Entry) -> tuple[Any, ...]:
    """Everything by which entries can be compared, except the sender's name."""
    said = entry.conv, entry.kind, entry.sender_id, entry.cid, entry.text, entry.change
    return entry.at, *said, entry.answers, entry.time_ms


async def at_once(steps: Iterable[Awaitable[T]]) -> list[T | BaseException]:
    """The results of steps that are taken concurrently, errors among them."""
    return await asyncio.gather(*steps, return_exceptions=True)
