"""What is remembered between two pages of a user's conversations."""

import asyncio
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from adapters.runtime.synchronous import run_synchronously
from adapters.sql.database import Row
from adapters.sqlite import sqlite_store
from adapters.sqlite.conversations import Conversations
from adapters.sqlite.database import SqliteConnection
from adapters.sqlite.opening import connect
from chat_domain.entries import FOREVER, pair
from tests.contract.making import register, say

ANN, BOB, CID = 1, 2, 3
USERS = ANN, BOB, CID


class Counting(SqliteConnection):
    """A connection that counts how often the ends of all conversations were looked up."""

    looked = 0

    async def rows(self, sql: str, args: Sequence[Any] = ()) -> list[Row]:
        self.looked += sql.startswith("SELECT last, conv")
        return await super().rows(sql, args)


async def fill(path: Path) -> None:
    """Add three users, each of whom has written to all three."""
    async with sqlite_store(path) as store:
        await register(store, "Ann", "Bob", "Cid")
        for one in USERS:
            for other in USERS:
                await say(store, one, pair(one, other), "hello")


def all_of(conversations: Conversations, connection: Counting, user_id: int) -> list[int]:
    """The positions at which a user's conversations end, read in pages of one."""
    found, below = list[int](), FOREVER
    while some := run_synchronously(conversations.page(connection, user_id, below, 1)):
        (one,) = some
        found.append(below := one.last.at)
    return found


def test_the_ends_of_all_conversations_are_looked_for_once(tmp_path: Path) -> None:
    """A user may read them in any number of pages, and several users may take turns."""
    asyncio.run(fill(tmp_path / "chat.db"))
    with closing(connect(tmp_path / "chat.db")) as file:
        connection, conversations = Counting(file), Conversations()
        bounds = dict.fromkeys(USERS, FOREVER)
        for _ in range(3):
            for user_id, below in bounds.items():
                (one,) = run_synchronously(conversations.page(connection, user_id, below, 1))
                bounds[user_id] = one.last.at
        assert connection.looked == 3
        assert bounds == {ANN: 1, BOB: 4, CID: 7}


def test_those_who_have_asked_last_are_remembered(tmp_path: Path) -> None:
    """As many are remembered as there is room for. All others get the same pages."""
    asyncio.run(fill(tmp_path / "chat.db"))
    with closing(connect(tmp_path / "chat.db")) as file:
        connection, conversations = Counting(file), Conversations(most=6)
        for user_id in USERS:
            run_synchronously(conversations.page(connection, user_id, FOREVER, 1))
        for user_id, looked in ((CID, 3), (BOB, 3), (ANN, 4)):
            assert len(run_synchronously(conversations.page(connection, user_id, 9, 1))) == 1
            assert connection.looked == looked, user_id
        conversations = Conversations(most=2)
        assert all_of(conversations, connection, ANN) == [7, 4, 1]


def test_ends_of_another_epoch_are_not_gone_by(tmp_path: Path) -> None:
    """Positions then have another meaning: a conversation with a high end may now have a low
    one."""
    asyncio.run(fill(tmp_path / "chat.db"))
    with closing(connect(tmp_path / "chat.db")) as file:
        connection, conversations = Counting(file), Conversations()
        (one,) = run_synchronously(conversations.page(connection, ANN, FOREVER, 1))
        assert (one.last.at, one.conv) == (7, pair(ANN, CID))
        file.execute("UPDATE Log SET epoch = 'another'")
        file.execute("DELETE FROM Entry WHERE at >= 7")
        found = run_synchronously(conversations.page(connection, ANN, 7, 9))
        assert [one.last.at for one in found] == [4, 3, 1]
