"""Several nodes append to one log, and connections are lost in the midst of it."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import attrs
import pytest

from adapters.mysql import appending, log, mysql_store
from adapters.mysql.address import Address
from adapters.mysql.failures import InDoubt
from adapters.mysql.link import Link, connect
from chat_domain.entries import EVERYWHERE, FOREVER, ChangeKind, Duplicate, Entry, EntryRef, pair
from chat_domain.errors import ChatError, NoSuchUser, NotMember, TryAgain
from chat_domain.ports.log import Committed, EpochChanged, OutOfDate
from chat_domain.ports.store import Store
from tests.contract.log import batch
from tests.contract.making import (
    MADE,
    NOBODY,
    append,
    change,
    commit,
    create,
    join,
    leave,
    read_mark,
    register,
    say,
    text,
    write,
)
from tests.eventually import eventually
from tests.integration.mysql.conftest import Ask, times_locked_out, times_updated
from tests.integration.mysql.writer import BATCHES

PROCESSES = 4
_WAITING = (
    "SELECT 1 FROM information_schema.processlist"
    " WHERE info LIKE 'UPDATE Log%' OR info LIKE 'SELECT 1 FROM Log FOR UPDATE'"
)
_MARKING = "SELECT 1 FROM information_schema.processlist WHERE info LIKE '%LOCK IN SHARE MODE'"

# -- several nodes --------------------------------------------------------------------------------


async def test_whoever_sees_a_position_can_read_all_below_it(store: Store, url: str) -> None:
    """While eight users write in separate processes, a reader never finds a hole. Each process is
    told the positions of what it wrote."""
    users = await register(store, *(f"user {number}" for number in range(PROCESSES)))
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.integration.mysql.writer", url),
            *map(str, [user_id, *users]),
            stdout=asyncio.subprocess.PIPE,
        )
        for user_id in users
    ]
    told = asyncio.gather(*(process.communicate() for process in processes))
    seen: list[Entry] = []
    while not told.done() or len(seen) < (await store.log.ends()).head:
        reading = await store.log.tail(len(seen), 100)
        seen += reading.entries
        assert [entry.at for entry in seen] == list(range(1, len(seen) + 1))
        assert reading.upto >= len(seen)
        await asyncio.sleep(0)
    assert [process.returncode for process in processes] == [0] * PROCESSES
    lines = [line.split() for output, _ in await told for line in output.decode().splitlines()]
    assert {(int(at), cid) for at, cid in lines} == {(entry.at, entry.cid) for entry in seen}
    assert len(seen) == PROCESSES * 2 * (BATCHES * 3 + BATCHES // 10)


async def test_copies_at_the_same_time_on_two_nodes(store: Store, neighbour: Store) -> None:
    """However the two nodes interleave, there is one entry, and both are told its position."""
    ann, bob = await register(store, "Ann", "Bob")
    for number in range(30):
        copies = [text(ann, pair(ann, bob), cid=f"c{number}") for _ in range(2)]
        results = await asyncio.gather(append(store, copies[0]), append(neighbour, copies[1]))
        assert {result.at for (result,) in results} == {number + 1}  # type: ignore[union-attr]
        assert sorted(type(result).__name__ for (result,) in results) == ["Duplicate", "Entry"]
    assert (await store.log.ends()).head == 30


@pytest.mark.parametrize("refused", [False, True])
async def test_a_copy_that_comes_between_the_look_up_and_the_lock(
    store: Store, ask: Ask, refused: bool
) -> None:
    """New entries beside it are admitted, and the copy is known, even if its sender may no longer
    write there."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await create(store, ann, "Chess")
    ask("BEGIN")
    ask("SELECT * FROM chat.Log FOR UPDATE")
    new = text(ann, pair(ann, bob)), text(bob, group.id, cid="a"), text(ann, pair(ann, bob))
    refusals = {1: NotMember(group.id)} if refused else NOBODY
    task = asyncio.create_task(append(store, *new, refused=refusals))
    while not ask(_WAITING):  # noqa: ASYNC110  # the server tells nobody
        await asyncio.sleep(0.001)
    values = f"(2, {group.id}, 0, {bob}, 'a', 7, 'hello')"
    columns = "at, conv, kind, senderid, cid, time_ms, body"
    ask(f"INSERT INTO chat.Entry ({columns}) VALUES {values}")  # noqa: S608  # constants
    ask("UPDATE chat.Log SET head = 2")
    ask("COMMIT")
    results = await task
    assert [result.at for result in results if not isinstance(result, ChatError)] == [3, 2, 4]
    assert results[1] == Duplicate(2, 7, group.id)


@pytest.mark.parametrize("refused", [False, True])
async def test_a_batch_is_judged_again_after_a_change_on_another_node(
    store: Store, neighbour: Store, refused: bool
) -> None:
    """It then enters the log behind the change, without waiting until its node has applied it."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await create(store, ann, "Chess")
    old = await batch(store, text(ann, pair(ann, bob)), text(bob, group.id))
    joined = await join(neighbour, group.id, bob)
    await say(neighbour, ann, pair(ann, bob), "hello")
    shown: list[Entry] = []

    def judge(changes: Sequence[Entry]) -> dict[int, ChatError]:
        shown.extend(changes)
        return {1: NotMember(group.id)} if refused else {}

    outcome = await commit(store, attrs.evolve(old, judge=judge))
    assert [(entry.at, entry.change) for entry in shown] == [(joined.at, joined.change)]
    assert isinstance(outcome, Committed)
    assert list(outcome.not_admitted) == [1] * refused
    assert [entry.at for entry in old.entries] == [joined.at + 2, 0 if refused else joined.at + 3]
    assert (await store.log.ends()).changed == joined.at


async def test_a_batch_is_not_judged_without_a_change_that_was_deleted(
    store: Store, neighbour: Store
) -> None:
    """Nobody can tell whom it concerned."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await create(store, ann, "Chess")
    await join(store, group.id, bob)
    old = await batch(store, text(bob, group.id))
    left = await leave(neighbour, group.id, bob)
    assert await store.log.forget_of(group.id, FOREVER, 10)
    outcome = await commit(store, attrs.evolve(old, judge=lambda _changes: {}))
    assert outcome == OutOfDate(left.at)


async def test_what_a_session_begins_with_is_of_one_moment(store: Store, neighbour: Store) -> None:
    """Bob joins and leaves repeatedly, so that the head tells whether he is a member."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await create(store, ann, "Chess")

    found = set[int]()

    async def keep_changing() -> None:
        for changes in range(1_000):
            await join(neighbour, group.id, bob)
            await leave(neighbour, group.id, bob)
            if changes >= 50 and len(found) > 10:
                return

    changing = asyncio.create_task(keep_changing())
    while not changing.done():
        opening = await store.log.opening(bob)
        assert opening.groups == ((group.id,) if opening.ends.head % 2 == 0 else ())
        assert opening.ends.changed == opening.ends.head
        found.add(opening.ends.head)
    await changing
    assert len(found) > 10


async def test_nobody_writes_to_who_was_removed_on_another_node(
    store: Store, neighbour: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This holds once the node no longer remembers that the user exists."""
    ann, bob = await register(store, "Ann", "Bob")
    await say(store, ann, pair(ann, bob), "hello")
    await neighbour.users.remove(bob)
    monkeypatch.setattr(appending, "KNOWN_PAIRS_FOR", 0.0)
    (refusal,) = await append(store, text(ann, pair(ann, bob)))
    assert isinstance(refusal, NoSuchUser)


# -- epochs ---------------------------------------------------------------------------------------


async def test_who_believes_in_an_earlier_epoch_commits_nothing(
    store: Store, neighbour: Store
) -> None:
    """Two nodes know the same epoch; one renews it, and the other learns that when it writes."""
    ann, bob = await register(store, "Ann", "Bob")
    (said,) = await say(store, ann, pair(ann, bob), "hello")
    last = said.ref
    known = await batch(store, text(ann, pair(ann, bob)), last=last)
    epoch = await neighbour.log.renew()
    assert await commit(store, known) == EpochChanged()
    assert (await store.log.ends(last)).epoch == epoch
    assert await commit(store, attrs.evolve(known, epoch=epoch)) == Committed()


async def test_nodes_that_miss_what_they_remember_come_to_one_epoch(
    store: Store, neighbour: Store, ask: Ask
) -> None:
    """Both look at the same time, and one of them renews the epoch. A node that was reset twice
    would show old clients entries twice that they cannot recognise."""
    ann, bob = await register(store, "Ann", "Bob")
    for _ in range(10):
        said = await say(store, ann, pair(ann, bob), "one", "two", "three")
        first, lasts = said[0].at, [one.ref for one in said[1:]]
        await store.log.mark({(bob, EVERYWHERE): said[-1].at})
        before = await store.log.ends(lasts[1])
        ask(f"DELETE FROM chat.Entry WHERE at > {first}")  # noqa: S608  # a number
        ask(f"UPDATE chat.Log SET head = {first}")  # noqa: S608  # the same
        mine, theirs = await asyncio.gather(
            store.log.ends(lasts[0], before.epoch), neighbour.log.ends(lasts[1], before.epoch)
        )
        ends = await store.log.ends()
        assert mine == theirs == ends
        assert ends.head == first
        assert ends.epoch != before.epoch
        assert (await store.log.opening(bob)).got == first


async def test_a_new_epoch_cuts_the_marks_that_are_written_meanwhile(
    store: Store, ask: Ask
) -> None:
    """Another node is giving the log its epoch, and has cut all marks, when these arrive."""
    ann, bob = await register(store, "Ann", "Bob")
    conv = pair(ann, bob)
    last = (await say(store, ann, conv, "one", "two"))[-1]
    before = await store.log.ends()
    ask("BEGIN")
    ask("UPDATE chat.Log SET epoch = 'another', head = 1")
    marks = {(bob, EVERYWHERE): last.at, (bob, conv): last.at}
    task = asyncio.create_task(store.log.mark(marks, before.epoch))
    while not (task.done() or ask(_MARKING)):  # noqa: ASYNC110  # the server tells nobody
        await asyncio.sleep(0.001)
    ask("COMMIT")
    await task
    assert (await store.log.opening(bob)).got == 0
    assert await read_mark(store, bob, conv) == 0


async def test_marks_of_many_are_written_together(store: Store, ask: Ask) -> None:
    """A node writes up to 1,000 at once, and waits for each statement."""
    users = await register(store, "Ann", "Bob", "Cid")
    ann, bob, cid = users
    convs = pair(ann, bob), pair(bob, cid), pair(cid, ann)
    for user, conv in zip(users, convs, strict=True):
        await say(store, user, conv, "hello")
    marks = {(user, conv): 3 for user in users for conv in (EVERYWHERE, *convs)}
    before = times_updated(ask)
    await store.log.mark(marks)
    assert times_updated(ask) == before + 2
    for user in users:
        assert (await store.log.opening(user)).got == 3
    assert [await read_mark(store, ann, conv) for conv in convs] == [3, None, 3]


# -- lost connections -----------------------------------------------------------------------------

Fate = Callable[[Link], Awaitable[None]]


async def commit_unheard(link: Link) -> None:
    """Commit, but lose the answer."""
    await Link.commit(link)
    link.abort()
    raise InDoubt("the answer is lost")


async def die_before(link: Link) -> None:
    """Lose the connection before the server gets the commit."""
    link.abort()
    raise InDoubt("the question is lost")


class Fates:
    """Decides what becomes of the next commits, one by one; later ones succeed."""

    def __init__(self) -> None:
        self.next: list[Fate] = []

    async def connect(self, address: Address) -> Link:
        link = await connect(address)
        fates = self.next

        class Frail(Link):
            async def commit(self) -> None:
                if fates:
                    await fates.pop(0)(self)
                else:
                    await super().commit()

        return Frail(link._connection)


@pytest.fixture
def fates(monkeypatch: pytest.MonkeyPatch) -> Fates:
    fates = Fates()
    monkeypatch.setattr("adapters.mysql.connect", fates.connect)
    return fates


@pytest.fixture
async def frail(url: str, fates: Fates) -> AsyncIterator[Store]:
    """A store whose commits have these fates."""
    async with mysql_store(url) as opened:
        yield opened


@pytest.mark.parametrize("fate", [commit_unheard, die_before])
async def test_a_lost_commit_is_looked_up(frail: Store, fates: Fates, fate: Fate) -> None:
    """Whether or not it was done, the log has everything once, and the answers are as usual."""
    ann, bob = await register(frail, "Ann", "Bob")
    await say(frail, ann, pair(ann, bob), "before")
    copy = text(ann, pair(ann, bob), cid="a")
    known = await write(frail, copy)
    fates.next.append(fate)
    results = await append(
        frail,
        text(ann, pair(ann, bob)),
        text(ann, pair(ann, bob), cid="a"),
        text(ann, pair(ann, 2**31 - 1)),
        text(bob, pair(ann, bob)),
    )
    assert [type(result) for result in results] == [Entry, Duplicate, NoSuchUser, Entry]
    assert [result.at for result in (results[0], results[3])] == [3, 4]  # type: ignore[union-attr]
    assert results[1] == Duplicate(known.at, known.time_ms, known.conv)
    assert fates.next == []
    assert len((await frail.log.tail(0, 10)).entries) == 4


async def test_a_copy_is_not_taken_for_the_whole_of_a_lost_commit(
    frail: Store, neighbour: Store, fates: Fates
) -> None:
    """Another node got a copy of a batch's first entry, and wrote it at that entry's position. The
    rest of the batch is not acknowledged before it is in the log."""
    ann, bob = await register(frail, "Ann", "Bob")

    async def die_behind_a_copy(link: Link) -> None:
        link.abort()
        await write(neighbour, text(ann, pair(ann, bob), cid="a", time_ms=MADE + 1))
        raise InDoubt("the question is lost")

    fates.next.append(die_behind_a_copy)
    batched = text(ann, pair(ann, bob), cid="a"), text(ann, pair(ann, bob), cid="b")
    first, second = await append(frail, *batched)
    assert first == Duplicate(1, MADE + 1, pair(ann, bob))
    assert isinstance(second, Entry)
    assert [entry.cid for entry in (await frail.log.tail(0, 10)).entries] == ["a", "b"]


@pytest.mark.parametrize("fate", [commit_unheard, die_before])
async def test_a_lost_change_is_carried_out_once(frail: Store, fates: Fates, fate: Fate) -> None:
    """The group exists, and its entry has its id."""
    (ann,) = await register(frail, "Ann")
    fates.next.append(fate)
    created = await write(frail, change(ChangeKind.CREATED, ann, name="Chess"))
    assert created.at == 1
    (membership,) = await frail.groups.page_of(ann, 0, 10)
    assert membership.group.id == created.conv


async def test_what_is_lost_again_and_again_is_told_to_be(frail: Store, fates: Fates) -> None:
    """It may have been committed; a second attempt tells."""
    ann, bob = await register(frail, "Ann", "Bob")
    entry = text(ann, pair(ann, bob), cid="a")
    fates.next += [die_before, commit_unheard]
    assert isinstance(await commit(frail, await batch(frail, entry)), TryAgain)
    (again,) = await append(frail, text(ann, pair(ann, bob), cid="a"))
    assert again == Duplicate(1, entry.time_ms, entry.conv)


async def test_a_lost_commit_is_waited_for(
    frail: Store, fates: Fates, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server still has the transaction open during the look-up, and commits it only after the
    look-up has waited for its lock twice."""
    ann, bob = await register(frail, "Ann", "Bob")
    left: list[asyncio.Task[None]] = []
    before = times_locked_out(ask)

    async def commit_late(link: Link) -> None:
        async def later() -> None:
            await eventually(lambda: times_locked_out(ask) >= before + 2)
            await Link.commit(link)
            Link.abort(link)

        left.append(asyncio.create_task(later()))
        monkeypatch.setattr(link, "abort", lambda: None)
        raise InDoubt("no answer")

    fates.next.append(commit_late)
    (said,) = await say(frail, ann, pair(ann, bob), "hello")
    await left[0]  # both look-ups met it, and it has committed; its own answer may come last
    assert [entry.cid for entry in (await frail.log.tail(0, 10)).entries] == [said.cid]
    assert said.at == 1


async def test_a_server_that_does_not_let_write(store: Store, ask: Ask) -> None:
    """A database that another one has replaced does not, for example. Reading goes on, and writing
    does when the server allows it."""
    ann, bob = await register(store, "Ann", "Bob")
    await say(store, ann, pair(ann, bob), "hello")
    ask("SET GLOBAL read_only = 1")
    try:
        for entry in (text(ann, pair(ann, bob)), change(ChangeKind.CREATED, ann, name="Chess")):
            assert isinstance(await commit(store, await batch(store, entry)), TryAgain)
        with pytest.raises(TryAgain):
            await store.log.mark({(ann, EVERYWHERE): 1})
        with pytest.raises(TryAgain):
            await store.log.renew()
        with pytest.raises(TryAgain):
            await store.log.ends(EntryRef(2, "lost", ann))
        assert len((await store.log.read(bob, 0, 10)).entries) == 1
    finally:
        ask("SET GLOBAL read_only = 0")
    assert [said.at for said in await say(store, ann, pair(ann, bob), "again")] == [2]


# -- the queue ------------------------------------------------------------------------------------


async def test_what_waits_behind_a_batch_that_fails_fails_with_it(
    frail: Store, fates: Fates
) -> None:
    """It may depend on the batch. What comes later is committed."""
    ann, bob = await register(frail, "Ann", "Bob")
    batches = [await batch(frail, text(ann, pair(ann, bob))) for _ in range(3)]
    fates.next += [die_before, die_before]
    outcomes = await asyncio.gather(*(commit(frail, one) for one in batches))
    assert [type(outcome) for outcome in outcomes] == [TryAgain] * 3
    assert frail.depths["mysql log"]() == 0
    assert await commit(frail, batches[0]) == Committed()


async def test_so_many_batches_wait_at_most(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "BOUND", 3)
    ann, bob = await register(store, "Ann", "Bob")
    batches = [await batch(store, text(ann, pair(ann, bob))) for _ in range(5)]
    outcomes = await asyncio.gather(*(commit(store, one) for one in batches))
    assert [type(outcome) for outcome in outcomes] == [Committed] * 3 + [TryAgain] * 2


async def test_nothing_is_appended_after_the_end(url: str) -> None:
    """Batches from before the store is closed are committed; later ones are refused."""
    async with mysql_store(url) as store:
        ann, bob = await register(store, "Ann", "Bob")
        last, late = [await batch(store, text(ann, pair(ann, bob))) for _ in range(2)]
        told = asyncio.create_task(commit(store, last))
        await asyncio.sleep(0)
    assert await told == Committed()
    assert isinstance(await commit(store, late), TryAgain)


async def test_an_empty_batch_and_one_of_copies_take_no_position(store: Store) -> None:
    ann, bob = await register(store, "Ann", "Bob")
    await write(store, text(ann, pair(ann, bob), cid="a"))
    batches = [
        await batch(store, *entries) for entries in ((), (text(ann, pair(ann, bob), cid="a"),))
    ]
    outcomes = [await commit(store, one) for one in batches]
    known = Duplicate(1, 1_790_000_000_000, pair(ann, bob))
    assert outcomes == [Committed(), Committed({0: known})]
    assert (await store.log.ends()).head == 1


async def test_a_batch_as_large_as_they_come(store: Store) -> None:
    """It has a thousand entries of new conversations, and texts with every character escaped."""
    users = await register(store, *(f"user {number}" for number in range(40)))
    entries = [
        text(sender, pair(sender, other), "'👋" * 120) for sender in users[:25] for other in users
    ]
    assert len(entries) == 1000
    results = await append(store, *entries)
    assert [result.at for result in results] == list(range(1, 1001))  # type: ignore[union-attr]
    reading = await store.log.tail(0, 1000)
    assert {entry.text for entry in reading.entries} == {"'👋" * 120}
    assert len((await store.log.read(users[0], 0, 1000)).entries) == 40 + 24


async def test_marks_of_many_users_are_written_together(store: Store) -> None:
    """They only grow, and unknown users have none."""
    users = await register(store, *(f"user {number}" for number in range(30)))
    await store.log.mark({(user_id, EVERYWHERE): 10 + user_id for user_id in users})
    await store.log.mark(
        {(one, EVERYWHERE): 12 + users[0] for one in users} | {(2**31 - 1, EVERYWHERE): 5}
    )
    found = [(await store.log.opening(user_id)).got for user_id in users]
    assert found == [max(10 + user_id, 12 + users[0]) for user_id in users]
