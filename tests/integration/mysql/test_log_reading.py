"""What `ports.Log` promises to readers, even of more conversations than one statement names."""

from collections.abc import Sequence

import pytest

from adapters.mysql.database import MySqlConnection
from adapters.sql import reading
from chat_domain.entries import ChangeKind, Entry, pair
from chat_domain.ports.store import Store
from tests.contract.log_reading import *  # noqa: F403  # the promises, for the store of this folder
from tests.contract.making import append, change, register, seen, text, unread

OTHERS = 260  # more than are asked for in one statement

find = MySqlConnection.integers


async def test_of_hundreds_of_conversations_the_few_are_found(store: Store) -> None:
    """The few are those with something new, of any kind."""
    ann, *others = await register(store, *(f"user {number}" for number in range(1 + OTHERS)))
    await append(store, *(text(other, pair(ann, other)) for other in others))
    new: list[Entry] = [
        text(others[0], pair(ann, others[0])),
        change(ChangeKind.CREATED, ann, name="Chess"),
        change(ChangeKind.DEVICE_ENDED, ann, pair(ann, ann), detail="phone"),
        text(others[-1], pair(ann, others[-1])),
    ]
    await append(store, *new)
    assert await seen(store, ann, after=OTHERS) == [OTHERS + 1 + n for n in range(4)]
    assert await seen(store, ann, after=0) == list(range(1, OTHERS + 5))
    assert await seen(store, ann, after=1, limit=OTHERS - 1) == list(range(2, OTHERS + 1))
    assert await store.log.missed(ann, OTHERS - 1, 99) == 5
    assert await unread(store, ann) == {pair(ann, other): 1 for other in others} | {
        pair(ann, others[0]): 2,
        pair(ann, others[-1]): 2,
    }


async def test_who_has_missed_too_much_is_not_counted_to_the_end(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many conversations have something new, not all of them are asked."""
    ann, *others = await register(store, *(f"user {number}" for number in range(1 + OTHERS)))
    await append(store, *(text(other, pair(ann, other)) for other in others))
    asked = 0

    async def counting(
        connection: MySqlConnection, sql: str, every: Sequence[Sequence[int]]
    ) -> list[list[int]]:
        nonlocal asked
        asked += len(every)
        return await find(connection, sql, every)

    monkeypatch.setattr(MySqlConnection, "integers", counting)
    monkeypatch.setattr(reading, "COUNTED_AT_ONCE", 50)
    assert await store.log.missed(ann, 0, 99) == 99
    assert asked < 150
    assert await store.log.missed(ann, 0, 999) == OTHERS
