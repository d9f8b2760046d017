"""What goes through all that a user is in is read by a thread of its own."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.sql import reading
from adapters.sqlite import log, sqlite_store
from adapters.sqlite.conversations import Conversations
from chat_domain.entries import pair
from chat_domain.ports.store import Log
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
    """Whoever writes to somebody, reads a conversation or logs in is answered meanwhile."""
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
        assert await store.log.unheard(bob, ann, 9) == 1
        assert await store.log.may_begin(ann, bob, 1)
        page = await store.log.page(bob, pair(ann, bob), before=None, after=0, limit=9)
        assert [entry.at for entry in page] == [said.at]
        assert (await store.log.opening(bob)).ends.head == said.at
        assert not asked.done()
        go_on.set()
        assert await asked
