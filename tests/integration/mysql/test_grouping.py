"""Writes of many callers at once, and of several nodes on one database."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from pymysql.err import DataError

from adapters.mysql import mysql_store, room
from chat_domain.errors import TryAgain
from chat_domain.model import Entry, Filing, Outcome
from chat_domain.ports.store import Store
from tests.contract import CAPACITY
from tests.contract.making import at_once, message, mids, outcomes, register, send

from .conftest import Ask

STORED, FULL, CONFLICT = Outcome.STORED, Outcome.FULL, Outcome.CONFLICT


@pytest.fixture
async def neighbour(url: str) -> AsyncIterator[Store]:
    """The same database from another node."""
    async with mysql_store(url, mailbox_capacity=CAPACITY) as opened:
        yield opened


async def test_a_removal_does_not_overtake_the_storing(store: Store) -> None:
    """What is removed behind its storing is gone, without waiting for either."""
    users = await register(store, *(f"user {number}" for number in range(5)))
    steps: list[asyncio.Task[list[Filing] | None]] = []
    for number in range(100):
        user = users[number % 5]
        sent = message(f"m{number}", cid="c")
        steps.append(asyncio.create_task(store.mailbox.add([Entry(user, sent)])))
        steps.append(asyncio.create_task(store.mailbox.remove(user, [f"m{number}"])))
        if number % 7 == 0:
            await asyncio.sleep(0.001)
    ends = await at_once(steps)
    assert [outcomes(filings) for filings in ends[::2]] == [[STORED]] * 100  # type: ignore[arg-type]
    for user in users:
        assert await mids(store, user) == []


async def test_many_writes_are_few_commits(store: Store, ask: Ask) -> None:
    """A thousand messages of as many callers are some transactions, not a thousand."""
    users = await register(store, *(f"user {number}" for number in range(100)))
    before = commits(ask)
    await at_once(send(store, users[number % 100], message(f"m{number}")) for number in range(1000))
    assert commits(ask) - before < 20
    for user in users:
        assert len(await mids(store, user)) == 10


def commits(ask: Ask) -> int:
    ((_, number),) = ask("SHOW GLOBAL STATUS LIKE 'Com_commit'")
    return int(str(number))


async def test_a_large_group_is_one_step(store: Store) -> None:
    """One call with more entries than a statement takes stores them all."""
    users = await register(store, *(f"user {number}" for number in range(20)))
    sent = [message(f"m{number}", "👋" * 4096) for number in range(15)]
    filings = await store.mailbox.add([Entry(user, each) for user in users for each in sent])
    assert outcomes(filings) == [STORED] * 300
    for user in users:
        assert len(await mids(store, user)) == 15


async def test_nobody_pays_for_a_neighbours_fault(store: Store) -> None:
    """What fits no column is its own caller's error; those beside it are stored."""
    (ann,) = await register(store, "Ann")
    good = [send(store, ann, message(f"m{number}")) for number in range(10)]
    bad = send(store, ann, message("x", sender_name="x" * 51))
    *ends, failure = await at_once([*good, bad])
    assert [outcomes(filings) for filings in ends] == [[STORED]] * 10  # type: ignore[arg-type]
    assert isinstance(failure, DataError)
    assert len(await mids(store, ann)) == 10


async def test_nothing_is_taken_after_the_end(url: str) -> None:
    """What was asked before the store is closed is done; what comes then is refused."""
    async with mysql_store(url) as store:
        (ann,) = await register(store, "Ann")
        last = asyncio.create_task(send(store, ann, message("m1")))
        await asyncio.sleep(0)
    assert outcomes(await last) == [STORED]
    with pytest.raises(TryAgain):
        await send(store, ann, message("m2"))


async def test_a_copy_is_known_on_every_node(store: Store, neighbour: Store) -> None:
    """A second copy that comes to another node is joined to the first, and so is a conflict."""
    (ann,) = await register(store, "Ann")
    await send(store, ann, message("m1", cid="c"))
    (copy,) = await send(neighbour, ann, message("m2", cid="c"))
    (conflict,) = await send(neighbour, ann, message("m3", "bye", cid="c"))
    assert (copy.outcome, copy.message.mid) == (STORED, "m1")
    assert (conflict.outcome, conflict.message.mid) == (CONFLICT, "m1")


async def test_copies_at_the_same_time_on_two_nodes(store: Store, neighbour: Store) -> None:
    """However two nodes meet, there is one message, in the place of the earlier copy."""
    (ann,) = await register(store, "Ann")
    for number in range(15):
        pair = [
            send(node, ann, message(f"{number}-{name}", cid=f"c{number}"))
            for node, name in ((store, "a"), (neighbour, "b"))
        ]
        filings = await asyncio.gather(*pair)
        assert all(filing.outcome is STORED for (filing,) in filings)
    assert await mids(store, ann) == sorted(f"{number}-a" for number in range(15))


async def test_two_nodes_hold_two_capacities_at_most(store: Store, neighbour: Store) -> None:
    """Nodes that fill one mailbox together exceed its bound, but not by more than is said."""
    (ann,) = await register(store, "Ann")
    await send(store, ann, message("a"))
    await send(neighbour, ann, message("b"))  # both have counted now
    for number in range(CAPACITY):
        await send(store, ann, message(f"s{number}"))
        await send(neighbour, ann, message(f"n{number}"))
    number_stored = len(await store.mailbox.read(ann, 1000, ()))
    assert CAPACITY <= number_stored <= 2 * CAPACITY
    assert outcomes(await send(store, ann, message("z"))) == [FULL]


async def test_a_mailbox_that_another_node_has_emptied(
    store: Store, neighbour: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is called full for a moment more at most."""
    (ann,) = await register(store, "Ann")
    sent = [message(f"m{number}") for number in range(CAPACITY)]
    await send(store, ann, *sent)
    assert outcomes(await send(store, ann, message("x"))) == [FULL]
    await neighbour.mailbox.remove(ann, [each.mid for each in sent])
    monkeypatch.setattr(room, "RECOUNT", 0.0)
    assert outcomes(await send(store, ann, message("x"))) == [STORED]


async def test_the_picture_of_who_is_online(store: Store, ask: Ask) -> None:
    """mark paints the column that others read; of what is asked at once the last word counts."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    await asyncio.gather(
        store.users.mark([ann, bob], []),
        store.users.mark([cid], [bob]),
        store.users.mark([ann], []),
        store.users.mark([], [cid]),
    )
    states = ask("SELECT id, state FROM chat.User ORDER BY id")
    assert states == [(ann, "online"), (bob, "offline"), (cid, "offline")]
