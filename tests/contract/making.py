"""Short ways to the users, groups and messages that the promises are about."""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Any, TypeVar

import attrs

from chat_domain.model import Entry, Filing, Message, Outcome
from chat_domain.names import Name
from chat_domain.ports.store import Store

T = TypeVar("T")

ODD_INTEGERS = (0, -1, 2**31 - 1, 2**31, 2**63 - 1, 2**63, 10**30, -(2**63), -(2**63) - 1)

# A name that is taken, and one that looks like it: as it is shown, in lower case, or both.
LOOK_ALIKES = [
    ("anna", "\u0430nna"),  # Cyrillic
    ("Ivan", "\u0456van"),  # a Cyrillic letter, which looks like the small i alone
    ("paypal", "paypaI"),  # a capital i, which looks like the small L alone
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


def message(mid: str, text: str = "hello", **others: Any) -> Message:
    """One with a cid of its own, unless `others` say otherwise."""
    facts: dict[str, Any] = {
        "cid": f"cid-{mid}",
        "sender_id": 77,
        "sender_name": "Sam",
        "group_id": 0,
        "time_ms": 1_790_000_000_000,
    }
    return Message(mid=mid, text=text, **(facts | others))


async def send(store: Store, recipient: int, *messages: Message) -> list[Filing]:
    return await store.mailbox.add([Entry(recipient, message) for message in messages])


def outcomes(filings: Iterable[Filing]) -> list[Outcome]:
    return [filing.outcome for filing in filings]


def facts(messages: Iterable[Message]) -> list[tuple[Any, ...]]:
    """Messages as what can be compared."""
    return [attrs.astuple(message) for message in messages]


async def mids(store: Store, user_id: int) -> list[str]:
    return [message.mid for message in await store.mailbox.read(user_id, 1000, ())]


async def at_once(steps: Iterable[Awaitable[T]]) -> list[T | BaseException]:
    """The results of steps that are taken concurrently, errors among them."""
    return await asyncio.gather(*steps, return_exceptions=True)
