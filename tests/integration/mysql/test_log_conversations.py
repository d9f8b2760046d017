"""What `ports.Log` promises about a user's conversations, even while others write to them."""

from collections.abc import Sequence

import pytest

from adapters.mysql.database import MySqlConnection
from chat_domain.entries import pair
from chat_domain.ports.store import Store
from tests.contract.log_conversations import *  # noqa: F403  # the promises, for the store of this folder
from tests.contract.making import register, say

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
