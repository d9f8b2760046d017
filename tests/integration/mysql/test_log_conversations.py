"""What `ports.Log` promises about a user's conversations, even while others write to them."""

from collections.abc import Sequence

import pytest

from adapters.mysql.database import MySqlConnection
from chat_domain.entries import pair
from chat_domain.ports.store import Store
from entrypoints.services.database import DATABASE
from tests.contract.log_conversations import *  # noqa: F403  # the promises, for the store of this folder
from tests.contract.making import append, register, say, text

from .conftest import Ask, counted

LONG = 500  # texts
READ_BY_INDEX = "Handler_read_next", "Handler_read_prev"  # rows

count = MySqlConnection.integers


async def test_what_is_said_before_the_unread_texts_are_counted_is_not_among_them(
    store: Store, neighbour: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client adds what it is shown above `last`, and would count that twice."""
    ann, bob = await register(store, "Ann", "Bob")
    (first,) = await say(store, bob, pair(ann, bob), "first")

    async def late(
        connection: MySqlConnection, sql: str, every: Sequence[Sequence[int]]
    ) -> list[list[int]]:
        await say(neighbour, bob, pair(ann, bob), "second")
        return await count(connection, sql, every)

    monkeypatch.setattr(MySqlConnection, "integers", late)
    (found,) = await store.log.conversations(ann, None, 10)
    assert (found.last.at, found.unread) == (first.at, 1)


async def test_a_page_costs_the_same_however_long_its_conversations_are(
    store: Store, ask: Ask
) -> None:
    """The database finds the last entry of each without reading the others, even if it has learnt
    that most conversations are short."""
    ann, bob, *others = await register(store, *(f"user {number}" for number in range(100)))
    await append(store, *(text(bob, pair(ann, bob)) for _ in range(LONG)))
    await append(store, *(text(other, pair(ann, other)) for other in others))
    await store.log.mark({(ann, pair(ann, bob)): LONG})
    ask(f"ANALYZE TABLE {DATABASE}.Entry")
    before = counted(ask, *READ_BY_INDEX)
    assert (await store.log.conversations(ann, None, 100))[-1].last.at == LONG
    assert counted(ask, *READ_BY_INDEX) - before < LONG
