"""A database that comes back without its last commits, as after a failover to a server that did not
have them yet: positions are assigned again, in another epoch."""

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import attrs
import pytest

from adapters.mysql import mysql_store
from adapters.mysql.managing import make_tables
from chat_domain.entries import EVERYWHERE, EntryRef, pair
from chat_domain.ports.log import Committed, EpochChanged
from chat_domain.ports.store import Store
from entrypoints.services.database import DatabaseServer
from tests.contract.log import batch
from tests.contract.making import append, commit, register, say, seen, text
from tests.eventually import PATIENCE
from tests.integration.database_server import Database


class Backed:
    """A server, and a copy of its data from some moment."""

    def __init__(self, server: DatabaseServer, folder: Path) -> None:
        self.server = server
        self._data = folder / "data"
        self._copy = folder / "copy"

    async def restart_with_a_copy(self) -> None:
        await self._end(signal.SIGTERM)
        shutil.copytree(self._data, self._copy)
        await self._begin()

    async def lose_what_came_since(self) -> None:
        await self._end(signal.SIGKILL)
        shutil.rmtree(self._data)
        self._copy.rename(self._data)
        await self._begin()

    async def _end(self, how: signal.Signals) -> None:
        self.server.send(how)
        assert await asyncio.to_thread(self.server.wait, PATIENCE) is not None

    async def _begin(self) -> None:
        self.server.launch()
        await asyncio.to_thread(self.server.wait_until_ready)


@pytest.fixture
def backed(home: Path) -> Iterator[Backed]:
    folder = home / "backed"
    with Database(folder, fast=True) as server:
        yield Backed(server, folder)
    shutil.rmtree(folder)


@pytest.fixture
async def nodes(backed: Backed) -> AsyncIterator[list[Store]]:
    url = backed.server.url()
    await make_tables(url)
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(mysql_store(url)) for _ in range(2)]


async def test_a_copy_at_the_old_position_of_what_was_lost_is_another_entry(
    backed: Backed, nodes: list[Store]
) -> None:
    """Another node has assigned both positions again before anybody noticed the loss. A node that
    remembers the last entry writes nothing, and the log gets a new epoch."""
    store, neighbour = nodes
    (ann,) = await register(store, "Ann")
    conv = pair(ann, ann)
    await backed.restart_with_a_copy()
    _, last = await say(store, ann, conv, "lost", "sent again")
    before = (await store.log.ends(last.ref)).epoch

    await backed.lose_what_came_since()
    copy = text(ann, conv, "sent again", cid=last.cid, time_ms=last.time_ms + 1)
    await append(neighbour, text(ann, conv, "new"), copy)
    assert copy.at == last.at
    late = await batch(store, text(ann, conv), last=last.ref)
    assert await commit(store, late) == EpochChanged()
    assert (await neighbour.log.ends(copy.ref)).epoch == before
    assert (await store.log.ends(last.ref, before)).epoch != before


async def test_the_end_is_lost(backed: Backed, nodes: list[Store]) -> None:
    """For entries from before the copy, the epoch stays. A node that remembers a lost entry writes
    nothing until it knows the new epoch. Marks above the head are cut, and what is written then has
    a position that was assigned before."""
    store, neighbour = nodes
    (ann,) = await register(store, "Ann")
    conv = pair(ann, ann)
    (kept,) = await say(store, ann, conv, "kept")
    await store.log.mark({(ann, EVERYWHERE): 99})
    await backed.restart_with_a_copy()
    before = await store.log.ends(kept.ref)
    lost = [one.ref for one in await say(store, ann, conv, "lost", "lost too")]
    assert (await store.log.ends(lost[1])).epoch == before.epoch

    await backed.lose_what_came_since()
    for node, last in zip(nodes, lost, strict=True):
        late = await batch(node, text(ann, conv), last=last)
        assert (late.epoch, late.applied) == (before.epoch, kept.at)
        assert await commit(node, late) == EpochChanged()
    ends = await store.log.ends(lost[0])
    assert ends.epoch != before.epoch
    assert ends == attrs.evolve(before, epoch=ends.epoch)
    assert (await store.log.opening(ann)).got == ends.head
    assert await commit(neighbour, attrs.evolve(late, last=EntryRef())) == EpochChanged()
    new = text(ann, conv)
    assert await commit(neighbour, await batch(neighbour, new)) == Committed()
    assert new.at == lost[0].at
    ours = await batch(store, text(ann, conv), last=lost[0])
    assert await commit(store, ours) == EpochChanged()


async def test_two_whose_first_message_was_lost_have_a_conversation_with_the_next(
    backed: Backed, nodes: list[Store]
) -> None:
    """In the new epoch, a node does not remember that they had one before."""
    (store, _) = nodes
    ann, bob = await register(store, "Ann", "Bob")
    await backed.restart_with_a_copy()
    (lost,) = await say(store, ann, pair(ann, bob), "lost")

    await backed.lose_what_came_since()
    assert (await store.log.ends(lost.ref)).head == 0
    new = text(ann, pair(ann, bob))
    assert await commit(store, await batch(store, new)) == Committed()
    assert await seen(store, bob) == [new.at]
