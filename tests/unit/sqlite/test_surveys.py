"""Queries over everything that a user is in have a thread of their own."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.sql import reading
from adapters.sql.database import Connection
from adapters.sqlite import log, sqlite_store
from adapters.sqlite.conversations import Conversations
from chat_domain.entries import LogSlice, pair
from chat_domain.ports.log import Log
from tests.contract.making import register, say

PATIENCE = 10.0  # seconds


@pytest.mark.parametrize(
    ("place", "name", "ask"),
    [
        (reading, "_read", lambda log: log.read(1, 0, 9)),
        (log, "_missed", lambda log: log.missed(1, 0, 9)),
        (Conversations, "page", lambda log: log.conversations(1, None, 9)),
    ],
)
async def test_nothing_waits_for_what_goes_through_all_that_a_user_is_in(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: Any,
    name: str,
    ask: Callable[[Log], Awaitable[Any]],
) -> None:
    """Writing to a user, reading a conversation and logging in are answered meanwhile."""
    go_on, work = threading.Event(), getattr(place, name)

    async def slow(*args: Any) -> Any:
        assert go_on.wait(PATIENCE)
        return await work(*args)

    monkeypatch.setattr(place, name, slow)
    async with sqlite_store(tmp_path / "chat.db") as store:
        ann, bob = await register(store, "Ann", "Bob")
        asked = asyncio.ensure_future(ask(store.log))
        (said,) = await say(store, ann, pair(ann, bob), "hello")
        assert not await store.friends.lists(bob, ann)
        assert await store.log.undelivered(bob, ann, 9) == 1
        assert await store.log.may_begin(ann, bob, 1)
        page = await store.log.page(bob, pair(ann, bob), before=None, after=0, limit=9)
        assert [entry.at for entry in page] == [said.at]
        assert (await store.log.opening(bob)).ends.head == said.at
        assert not asked.done()
        go_on.set()
        assert await asked


async def test_who_reads_on_with_many_sessions_waits_for_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Users take turns, however often one of them asks."""
    read, done = reading._read, list[int]()

    async def noted(connection: Connection, user_id: int, after: int, limit: int) -> LogSlice:
        done.append(user_id)
        return await read(connection, user_id, after, limit)

    monkeypatch.setattr(reading, "_read", noted)
    async with sqlite_store(tmp_path / "chat.db") as store:
        ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
        await asyncio.gather(*(store.log.read(user, 0, 9) for user in (*[ann] * 5, bob, cid)))
    assert done == [ann, bob, cid, *[ann] * 4]
