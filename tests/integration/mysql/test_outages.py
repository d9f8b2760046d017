"""Whatever happens to the database, callers have their answer soon, and nothing stays broken."""

import asyncio
import itertools
import signal
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

import pytest

from adapters.mysql import mysql_store
from adapters.mysql.address import Address
from adapters.mysql.link import Link, connect
from adapters.mysql.pool import Pool
from chat_domain.errors import TryAgain
from chat_domain.model import Entry, Outcome
from chat_domain.ports.store import Store
from entrypoints.services.mariadb import DATABASE, MariaDB
from tests.contract.making import at_once, message, mids, register, send

from .conftest import Ask

SOON = 6.0  # seconds: a caller's limit, and a busy machine


@pytest.fixture
async def pool(url: str) -> AsyncIterator[Pool]:
    """Two connections at most, so that one that is lost without a trace is missed."""
    address = Address.parse(url)
    pool = Pool(lambda: connect(address), 2)
    yield pool
    await pool.close()


def kill_connections(ask: Ask) -> int:
    """End all connections to the shared database but the one that says so."""
    found = ask(
        "SELECT id FROM information_schema.processlist"  # noqa: S608  # a constant
        f" WHERE db = '{DATABASE}' AND id <> CONNECTION_ID()"
    )
    for (number,) in found:
        with suppress(Exception):  # gone meanwhile
            ask(f"KILL {number}")
    return len(found)


async def nap(link: Link, seconds: float) -> None:
    await link.rows("SELECT SLEEP(%s)", (seconds,))


async def test_cancelled_queries_cost_no_connection(pool: Pool) -> None:
    """After 300 queries that were cancelled halfway, as many as before can be asked at once."""
    for delay in itertools.islice(itertools.cycle([0, 0.0005, 0.002]), 30):
        tasks = [asyncio.create_task(pool.read(nap, 0.5)) for _ in range(10)]
        await asyncio.sleep(delay)
        for task in tasks:
            task.cancel()
        assert all(isinstance(end, asyncio.CancelledError) for end in await at_once(tasks))
    async with asyncio.timeout(SOON):
        assert await at_once([pool.read(Link.rows, "SELECT 1") for _ in range(20)]) == [[(1,)]] * 20


async def test_the_answer_to_a_cancelled_query_is_nobody_elses(pool: Pool) -> None:
    """What a connection was asked before it was given up never answers a later question."""
    for number in range(50):
        task = asyncio.create_task(pool.read(nap, 0.001))
        await asyncio.sleep(0.001)
        task.cancel()
        rows = await pool.read(Link.rows, "SELECT %s", (number,))
        assert rows == [(number,)]


async def test_cancelled_callers_do_not_stop_the_others(store: Store) -> None:
    """Messages are stored though every other sender has gone meanwhile."""
    (ann,) = await register(store, "Ann")
    tasks = [asyncio.create_task(send(store, ann, message(f"m{n:02d}"))) for n in range(16)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    await at_once(tasks)
    stored = set(await mids(store, ann))
    assert stored >= {f"m{n:02d}" for n in range(1, 16, 2)}


async def test_a_stopped_server_costs_its_callers_a_bounded_time(
    store: Store, mariadb: MariaDB
) -> None:
    """While the server hangs every method raises TryAgain soon; when it goes on, so do we."""
    ann, bob = await register(store, "Ann", "Bob")
    await at_once([store.users.by_id(ann) for _ in range(20)])  # a full pool
    mariadb.pause()
    began = time.monotonic()
    try:
        reads = [store.users.by_id(ann) for _ in range(30)]
        writes = [send(store, ann, message(f"m{number}")) for number in range(30)]
        others = [store.friends.add(ann, bob), store.users.mark([ann], [bob])]
        ends = await at_once([*reads, *writes, *others])
    finally:
        mariadb.resume()
    assert time.monotonic() - began < SOON
    assert [type(end) for end in ends] == [TryAgain] * 62
    async with asyncio.timeout(SOON):
        for _ in range(3):
            assert await store.users.names([ann, bob]) == {ann: "Ann", bob: "Bob"}
        await at_once([send(store, ann, message(f"m{number}")) for number in range(5)])
    assert {f"m{number}" for number in range(5)} <= set(await mids(store, ann))


async def test_killed_connections_are_replaced(store: Store, ask: Ask) -> None:
    """Whoever comes after all connections were killed does not notice it."""
    ann, bob = await register(store, "Ann", "Bob")
    for number in range(5):
        await at_once([store.users.by_id(ann) for _ in range(20)])
        assert kill_connections(ask) > 1
        assert await store.users.names([ann, bob]) == {ann: "Ann", bob: "Bob"}
        kill_connections(ask)
        await send(store, ann, message(f"m{number}"))
        kill_connections(ask)
        await store.friends.add(ann, bob)
        await store.friends.remove(ann, bob)
    assert await mids(store, ann) == [f"m{number}" for number in range(5)]


@pytest.fixture
async def roomy(url: str) -> AsyncIterator[Store]:
    """A store whose mailboxes are never full."""
    async with mysql_store(url, mailbox_capacity=1_000_000) as opened:
        yield opened


async def acknowledged_and_stored(
    senders: Sequence["Sender"], store: Store, recipients: Sequence[int]
) -> tuple[set[tuple[int, str]], set[tuple[int, str]]]:
    acknowledged = {entry for sender in senders for entry in sender.acknowledged}
    boxes = {user: await store.mailbox.read(user, 1_000_000, ()) for user in recipients}
    stored = {(user, found.mid) for user, box in boxes.items() for found in box}
    return acknowledged, stored


class Sender:
    """Somebody who stores one message after the other, and remembers what was acknowledged."""

    def __init__(self, store: Store, name: str, recipients: list[int]) -> None:
        self.acknowledged: list[tuple[int, str]] = []
        self.refused = 0
        self._store = store
        self._name = name
        self._recipients = recipients

    async def send(self) -> None:
        for number, recipient in enumerate(itertools.cycle(self._recipients)):
            await asyncio.sleep(0.002)
            mid = f"{number:06d}-{self._name}"
            try:
                (filing,) = await self._store.mailbox.add([Entry(recipient, message(mid))])
            except TryAgain:
                self.refused += 1
                await asyncio.sleep(0.05)
                continue
            if filing.outcome is Outcome.STORED:
                self.acknowledged.append((recipient, filing.message.mid))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_what_was_acknowledged_outlives_the_server(
    roomy: Store, mariadb: MariaDB, how: signal.Signals
) -> None:
    """The server is killed amid traffic: all that was acknowledged is there, and it goes on."""
    recipients = await register(roomy, *(f"user {number}" for number in range(10)))
    senders = [Sender(roomy, f"s{number}", recipients) for number in range(20)]
    tasks = [asyncio.create_task(sender.send()) for sender in senders]
    await asyncio.sleep(0.5)
    mariadb.send(how)
    assert await asyncio.to_thread(mariadb.wait, 20.0) is not None
    mariadb.launch()  # not from a thread, with whose end the server would be ended, too
    await asyncio.to_thread(mariadb.wait_until_ready)
    before = sum(len(sender.acknowledged) for sender in senders)
    await asyncio.sleep(0.7)
    for task in tasks:
        task.cancel()
    await at_once(tasks)
    acknowledged, stored = await acknowledged_and_stored(senders, roomy, recipients)
    assert any(sender.refused for sender in senders)
    assert len(acknowledged) > before > 0
    assert acknowledged <= stored


async def test_connections_are_killed_amid_traffic(roomy: Store, ask: Ask) -> None:
    """However often connections are killed, what was acknowledged is there."""
    recipients = await register(roomy, *(f"user {number}" for number in range(10)))
    senders = [Sender(roomy, f"s{number}", recipients) for number in range(20)]
    tasks = [asyncio.create_task(sender.send()) for sender in senders]
    for _ in range(15):
        await asyncio.sleep(0.05)
        kill_connections(ask)
    for task in tasks:
        task.cancel()
    await at_once(tasks)
    acknowledged, stored = await acknowledged_and_stored(senders, roomy, recipients)
    assert acknowledged
    assert acknowledged <= stored


async def test_a_lock_is_waited_for(url: str, store: Store) -> None:
    """Who meets another's lock tries again until it is free."""
    (ann,) = await register(store, "Ann")
    other = await connect(Address.parse(url))
    await other.begin()
    await other.rows("SELECT * FROM User WHERE id = %s FOR UPDATE", (ann,))
    task = asyncio.create_task(store.users.set_secret(ann, "new", instead_of="secret"))
    await asyncio.sleep(1.5)  # longer than the database itself waits
    await other.rollback()
    await other.close()
    assert await task


async def test_a_lock_is_not_waited_for_for_ever(url: str, store: Store) -> None:
    """A lock that stays costs a bounded time, and only those who need what is locked."""
    ann, bob = await register(store, "Ann", "Bob")
    other = await connect(Address.parse(url))
    await other.begin()
    await other.rows("SELECT * FROM User WHERE id = %s FOR UPDATE", (ann,))
    began = time.monotonic()
    task = asyncio.create_task(store.users.set_secret(ann, "new", instead_of="secret"))
    assert await store.users.set_secret(bob, "new", instead_of="secret")
    with pytest.raises(TryAgain):
        await task
    assert time.monotonic() - began < SOON
    await other.rollback()
    await other.close()


async def test_deadlocks_are_resolved(pool: Pool, store: Store) -> None:
    """Two who wait for each other are both served: one of them begins again."""
    users = await register(store, "Ann", "Bob")
    met = asyncio.Barrier(2)

    async def lock(link: Link, first: int, second: int) -> str:
        await link.change("UPDATE User SET state = 'online' WHERE id = %s", (first,))
        with suppress(TimeoutError, asyncio.BrokenBarrierError):
            async with asyncio.timeout(0.5):
                await met.wait()
        await link.change("UPDATE User SET state = 'offline' WHERE id = %s", (second,))
        return "done"

    async with asyncio.timeout(SOON):
        ends = await at_once([pool.write(lock, *users), pool.write(lock, *reversed(users))])
    assert ends == ["done", "done"]
