"""Whatever happens to the database, callers get an answer soon, and nothing stays broken."""

import asyncio
import itertools
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
import uvloop

from adapters.mysql.address import Address
from adapters.mysql.link import Link, connect
from adapters.mysql.pool import Pool
from chat_domain.entries import EVERYWHERE, Duplicate, Entry, pair
from chat_domain.errors import TryAgain
from chat_domain.ports.log import Committed
from chat_domain.ports.store import Store
from entrypoints.services.database import DATABASE, DatabaseServer
from tests.contract.log import batch
from tests.contract.making import append, at_once, commit, register, say, text
from tests.eventually import PATIENCE, eventually

from .conftest import Ask, times_locked_out


@pytest.fixture
async def pool(url: str) -> AsyncIterator[Pool]:
    """A pool of at most two connections, so that one that leaks is missed."""
    address = Address.parse(url)
    pool = Pool(lambda: connect(address), 2)
    yield pool
    await pool.close()


def kill_connections(ask: Ask) -> int:
    """End all connections to the shared database except the one that does it."""
    found = ask(
        "SELECT id FROM information_schema.processlist"  # noqa: S608  # a constant
        f" WHERE db = '{DATABASE}' AND id <> CONNECTION_ID()"
    )
    for (number,) in found:
        with suppress(Exception):  # it may have ended meanwhile
            ask(f"KILL {number}")
    return len(found)


async def nap(link: Link, seconds: float) -> None:
    await link.rows("SELECT SLEEP(%s)", (seconds,))


async def test_cancelled_queries_cost_no_connection(pool: Pool) -> None:
    """After 300 queries that were cancelled halfway, as many as before can run at once."""
    for delay in itertools.islice(itertools.cycle([0, 0.0005, 0.002]), 30):
        tasks = [asyncio.create_task(pool.read(nap, 0.5)) for _ in range(10)]
        await asyncio.sleep(delay)
        for task in tasks:
            task.cancel()
        assert all(isinstance(end, asyncio.CancelledError) for end in await at_once(tasks))
    async with asyncio.timeout(PATIENCE):
        assert await at_once([pool.read(Link.rows, "SELECT 1") for _ in range(20)]) == [[(1,)]] * 20


async def test_the_answer_to_a_cancelled_query_is_nobody_elses(pool: Pool) -> None:
    """The result of a cancelled query never answers a later one."""
    for number in range(50):
        task = asyncio.create_task(pool.read(nap, 0.001))
        await asyncio.sleep(0.001)
        task.cancel()
        rows = await pool.read(Link.rows, "SELECT %s", (number,))
        assert rows == [(number,)]


async def test_a_stopped_server_costs_its_callers_a_bounded_time(
    store: Store, database_server: DatabaseServer
) -> None:
    """While the server hangs, every method raises TryAgain; when it goes on, so does the store."""
    ann, bob = await register(store, "Ann", "Bob")
    await at_once([store.users.find(ann) for _ in range(20)])  # a full pool
    batches = [await batch(store, text(ann, pair(ann, bob))) for _ in range(5)]
    database_server.pause()
    try:
        reads = [store.users.find(ann) for _ in range(30)]
        marks = [
            store.log.mark({(ann, EVERYWHERE): 1}),
            store.log.opening(ann),
            store.log.tail(0, 1),
        ]
        others = [store.friends.add(ann, bob), store.tokens.remove_all(ann)]
        writes = [commit(store, each) for each in batches]
        told = asyncio.gather(*writes)
        ends = await at_once([*reads, *marks, *others])
        outcomes = await told
    finally:
        database_server.resume()
    assert [type(end) for end in (*ends, *outcomes)] == [TryAgain] * 40
    async with asyncio.timeout(PATIENCE):
        for _ in range(3):
            assert await store.users.names([ann, bob]) == {ann: "Ann", bob: "Bob"}
        await say(store, ann, pair(ann, bob), "at last")


async def test_killed_connections_are_replaced(store: Store, ask: Ask) -> None:
    """Callers do not notice that all connections were killed before."""
    ann, bob = await register(store, "Ann", "Bob")
    for number in range(5):
        await at_once([store.users.find(ann) for _ in range(20)])
        assert kill_connections(ask) > 1
        assert await store.users.names([ann, bob]) == {ann: "Ann", bob: "Bob"}
        kill_connections(ask)
        await say(store, ann, pair(ann, bob), f"m{number}")
        kill_connections(ask)
        await store.friends.add(ann, bob)
        await store.friends.remove(ann, bob)
    found = (await store.log.tail(0, 10)).entries
    assert [entry.text for entry in found] == [f"m{number}" for number in range(5)]


def says(code: int, message: str = "so it is") -> str:
    """A statement that the server answers with this error."""
    return f"SIGNAL SQLSTATE '08S01' SET MYSQL_ERRNO = {code}, MESSAGE_TEXT = \"{message}\""


@pytest.mark.parametrize(
    "answer",
    [
        says(1205),
        says(1213),
        says(3101),
        says(1180, "Got error 149 - 'Lock deadlock; Retry transaction' during COMMIT"),
    ],
)
async def test_a_transaction_that_met_another_is_begun_again(
    pool: Pool, store: Store, answer: str
) -> None:
    """Whatever the server calls this, what was done so far is undone, and then done once."""
    (ann,) = await register(store, "Ann")
    answers = [answer, "DO 0"]

    async def count(link: Link) -> None:
        await link.change("UPDATE User SET got = got + 1 WHERE id = %s", (ann,))
        await link.change(answers.pop(0))

    await pool.write(count)
    assert (await store.log.opening(ann)).got == 1


async def test_a_commit_that_failed_for_another_reason_is_not_begun_again(pool: Pool) -> None:
    answers = [says(1180, "Got error 28 - 'No space left on device' during COMMIT")]
    with pytest.raises(TryAgain):
        await pool.write(lambda link: link.change(answers.pop()))


async def test_a_cluster_that_goes_on_elsewhere_is_followed(pool: Pool) -> None:
    """A member that has lost its cluster says so on connections that stay up. The first caller to
    hear it gets a new connection, and nobody else gets the old ones."""
    number = "SELECT CONNECTION_ID()"
    both = asyncio.Barrier(2)

    async def together(link: Link) -> object:
        await both.wait()
        return await link.rows(number)

    old = await at_once([pool.read(together), pool.read(together)])

    async def ask(link: Link) -> object:
        found = await link.rows(number)
        if found in old:
            await link.change(says(1047))
        return found

    assert await pool.read(ask) not in old
    new = await at_once([pool.read(together), pool.read(together)])
    assert not any(found in old for found in new)


class Sender:
    """A sender who writes one text after the other, each again until its fate is known, and
    remembers what was acknowledged."""

    def __init__(self, store: Store, sender: int, name: str, others: Sequence[int]) -> None:
        self.acknowledged: list[int] = []
        self.cids: list[str] = []
        self.refused = 0
        self.enough = asyncio.Event()
        self._store = store
        self._sender = sender
        self._name = name
        self._others = others

    async def send(self) -> None:
        """Write to one user after the other, until it is enough."""
        cids = (f"{number:06d}-{self._name}" for number in itertools.count())
        for other, cid in zip(itertools.cycle(self._others), cids, strict=False):
            result = await self._write(other, cid)
            assert isinstance(result, Entry | Duplicate)
            self.cids.append(cid)
            self.acknowledged.append(result.at)
            if await self._passes(0.002):
                return

    async def _write(self, other: int, cid: str) -> object:
        while True:
            try:
                (result,) = await append(
                    self._store, text(self._sender, pair(self._sender, other), cid=cid)
                )
            except TryAgain:
                self.refused += 1
                await self._passes(0.05)
            else:
                return result

    async def _passes(self, seconds: float) -> bool:
        """Let time pass; return whether it is enough."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.enough.wait(), seconds)
        return self.enough.is_set()


async def have_more(senders: Sequence[Sender]) -> None:
    """Wait until each has another text acknowledged."""
    before = [len(sender.acknowledged) for sender in senders]
    await eventually(
        lambda: all(len(one.acknowledged) > n for one, n in zip(senders, before, strict=True))
    )


async def stop(senders: Sequence[Sender], tasks: Sequence[asyncio.Task[None]]) -> None:
    """Let them finish what they are writing, and stop."""
    for sender in senders:
        sender.enough.set()
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*tasks)


async def check_log(store: Store, senders: Sequence[Sender]) -> None:
    """Check that the log has everything acknowledged, at its position, once, and without a hole."""
    log = (await store.log.tail(0, 1_000_000)).entries
    assert [entry.at for entry in log] == list(range(1, len(log) + 1))
    for sender in senders:
        cids = [log[at - 1].cid for at in sender.acknowledged]
        assert cids == sender.cids
    assert len({(entry.sender_id, entry.cid) for entry in log}) == len(log)
    assert (await store.log.ends()).head == len(log)


async def busy(store: Store, neighbour: Store) -> list[Sender]:
    """Twenty senders on two nodes."""
    users = await register(store, *(f"user {number}" for number in range(10)))
    nodes = itertools.cycle([store, neighbour])
    return [
        Sender(node, users[number % 10], f"s{number}", users)
        for number, node in zip(range(20), nodes, strict=False)
    ]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_what_was_acknowledged_outlives_the_server(
    store: Store, neighbour: Store, database_server: DatabaseServer, how: signal.Signals
) -> None:
    """The server is ended amid traffic. Everything acknowledged is there, and writing goes on."""
    senders = await busy(store, neighbour)
    tasks = [asyncio.create_task(sender.send()) for sender in senders]
    await have_more(senders)
    database_server.send(how)
    assert await asyncio.to_thread(database_server.wait, PATIENCE) is not None
    await eventually(lambda: any(sender.refused for sender in senders))
    database_server.launch()  # not from a thread, since the server would end with it
    await asyncio.to_thread(database_server.wait_until_ready)
    await have_more(senders)
    await stop(senders, tasks)
    await check_log(store, senders)


async def test_connections_are_killed_amid_traffic(
    store: Store, neighbour: Store, ask: Ask
) -> None:
    """However often connections are killed, nothing is lost and nothing is written twice."""
    senders = await busy(store, neighbour)
    tasks = [asyncio.create_task(sender.send()) for sender in senders]
    for _ in range(15):
        await have_more(senders)
        kill_connections(ask)
    await have_more(senders)
    await stop(senders, tasks)
    await check_log(store, senders)


async def test_a_lock_is_waited_for(url: str, store: Store, ask: Ask) -> None:
    """A transaction that meets another's lock tries again until the lock is free."""
    (ann,) = await register(store, "Ann")
    other = await connect(Address.parse(url))
    await other.begin()
    await other.rows("SELECT * FROM User WHERE id = %s FOR UPDATE", (ann,))
    before = times_locked_out(ask)
    task = asyncio.create_task(store.users.set_secret(ann, "new", instead_of="secret"))
    await eventually(lambda: task.done() or times_locked_out(ask) >= before + 2)
    await other.rollback()
    await other.close()
    assert await task


async def test_a_lock_is_not_waited_for_for_ever(url: str, store: Store) -> None:
    """A lock that stays costs a bounded time, and only callers who need what is locked."""
    ann, bob = await register(store, "Ann", "Bob")
    other = await connect(Address.parse(url))
    await other.begin()
    await other.rows("SELECT * FROM User WHERE id = %s FOR UPDATE", (ann,))
    task = asyncio.create_task(store.users.set_secret(ann, "new", instead_of="secret"))
    assert await store.users.set_secret(bob, "new", instead_of="secret")
    with pytest.raises(TryAgain):
        await task
    await other.rollback()
    await other.close()


# What MySQL does: its connections have a time for being idle alone.
LIKE_MYSQL = "SET SESSION wait_timeout = 1 /*M! , idle_transaction_timeout = 0 */"


@pytest.mark.parametrize("like", ["SELECT 'as it is'", LIKE_MYSQL])
async def test_a_node_that_hangs_keeps_the_log_s_lock_from_the_others_for_a_while_only(
    url: str, store: Store, monkeypatch: pytest.MonkeyPatch, like: str
) -> None:
    """Its machine may be suspended or cut off in the middle of a transaction, and says nothing."""
    (ann,) = await register(store, "Ann")
    said = await batch(store, text(ann, pair(ann, ann)))
    monkeypatch.setattr("adapters.mysql.link.HANGS_AFTER", 1)
    hung = await connect(Address.parse(url))
    await hung.rows(like)
    await hung.begin()
    await hung.rows("SELECT 1 FROM Log FOR UPDATE")
    async with asyncio.timeout(PATIENCE):
        while not isinstance(await commit(store, said), Committed):
            pass  # it says try_again
    hung.abort()


async def test_a_node_that_hangs_before_it_has_read_an_answer_does_not_keep_it_either(
    url: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer may be longer than what the network takes on its own."""
    (ann,) = await register(store, "Ann")
    said = await batch(store, text(ann, pair(ann, ann)))
    monkeypatch.setattr("adapters.mysql.link.HANGS_AFTER", 1)
    hung = await connect(Address.parse(url))
    await hung.begin()
    await hung.rows("SELECT 1 FROM Log FOR UPDATE")
    hung._connection._writer.transport.pause_reading()
    long = "SELECT REPEAT('x', 900000) FROM information_schema.COLUMNS LIMIT 50"
    asking = asyncio.create_task(hung.rows(long))
    async with asyncio.timeout(PATIENCE):
        while not isinstance(await commit(store, said), Committed):
            pass  # it says try_again
    asking.cancel()
    hung.abort()


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_connections_that_the_server_ends_while_they_are_idle_cost_no_error(
    url: str, ask: Ask, run: Callable[[Coroutine[Any, Any, None]], None]
) -> None:
    """As MySQL does after some seconds. All that begins at once gets new ones, and nothing else is
    wrong if the end comes first. (MariaDB resets them, and then uvloop refuses to write.)"""

    async def number(link: Link) -> int:
        await link.change(LIKE_MYSQL)
        ((its, _),) = await link.rows("SELECT CONNECTION_ID(), SLEEP(0.01)")
        return int(its)

    async def go_idle(numbers: Sequence[int]) -> None:
        there = f"SELECT * FROM information_schema.processlist WHERE id IN {tuple(numbers)}"  # noqa: S608
        await eventually(lambda: not ask(there))

    async def work() -> None:
        pool = Pool(lambda: connect(Address.parse(url)), 2)
        for do in (pool.read, pool.write, partial(pool.write, repeatable=True)):
            first = await asyncio.gather(*(do(number) for _ in range(2)))
            await go_idle(first)
            second = await asyncio.gather(*(do(number) for _ in range(2)))
            assert not set(first) & set(second)
        await go_idle(second)
        await pool.close()

    run(work())


async def test_deadlocks_are_resolved(pool: Pool, store: Store) -> None:
    """Two transactions that wait for each other both succeed: one of them starts over."""
    ann, bob = await register(store, "Ann", "Bob")
    met = asyncio.Barrier(2)

    waiting = {ann, bob}

    async def lock(link: Link, first: int, second: int) -> str:
        await link.change("UPDATE User SET state = 'online' WHERE id = %s", (first,))
        if first in waiting:
            waiting.remove(first)
            await met.wait()
        await link.change("UPDATE User SET state = 'offline' WHERE id = %s", (second,))
        return "done"

    async with asyncio.timeout(PATIENCE):
        ends = await at_once([pool.write(lock, ann, bob), pool.write(lock, bob, ann)])
    assert ends == ["done", "done"]
