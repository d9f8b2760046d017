"""The promises of `ports.Log` and `ports.Groups` about what is kept, and for how long."""

import pytest

from chat_domain.entries import Duplicate, Entry, LogEnds, LogSlice, pair
from chat_domain.errors import NoSuchGroup
from chat_domain.model import SizedGroup
from chat_domain.ports.log import Committed
from chat_domain.ports.store import Store
from tests.contract.log import batch
from tests.contract.making import (
    MADE,
    ODD_INTEGERS,
    append,
    at_once,
    ats,
    commit,
    create,
    end,
    ids,
    join,
    leave,
    make,
    register,
    say,
    seen,
    text,
    unread,
    write,
)


async def aged(store: Store, sender_id: int, conv: int, *ages: int) -> list[Entry]:
    """Commit texts that were written so many ms after MADE."""
    results = await append(store, *(text(sender_id, conv, time_ms=MADE + age) for age in ages))
    return [result for result in results if isinstance(result, Entry)]


async def kept(store: Store) -> list[int]:
    """The positions that the log has."""
    return [entry.at for entry in (await store.log.tail(0, 10_000)).entries]


async def ends(store: Store) -> LogEnds:
    return await store.log.ends()


# -- from the front -------------------------------------------------------------------------------


async def test_the_front_is_deleted_in_pieces(store: Store) -> None:
    """Each call deletes at most as many entries as asked for, of any conversation, up to the first
    that is not old; `oldest` is above them."""
    ann, bob = await register(store, "Ann", "Bob")
    await aged(store, ann, pair(ann, bob), 1, 2)
    await aged(store, bob, pair(bob, bob), 3, 9)
    await aged(store, bob, pair(ann, bob), 4, 10)
    assert await store.log.forget(MADE, 9) == 0
    assert (await ends(store)).oldest == 1
    assert await store.log.forget(MADE + 5, 2) == 2
    assert (await ends(store)).oldest == 3
    assert await kept(store) == [3, 4, 5, 6]
    assert await store.log.forget(MADE + 5, 2) == 1
    assert ((await ends(store)).oldest, (await ends(store)).head) == (4, 6)
    assert await store.log.forget(MADE + 5, 2) == 0
    assert await kept(store) == [4, 5, 6]
    assert await seen(store, ann) == [5, 6]
    assert await seen(store, bob) == [4, 5, 6]


async def test_positions_go_on_where_they_were(store: Store) -> None:
    """This holds even if nothing is left, and a follower of the log can go on."""
    ann, bob = await register(store, "Ann", "Bob")
    (*_, last) = await aged(store, ann, pair(ann, bob), 1, 2, 3)
    assert await store.log.forget(MADE + 4, 3) == 3
    assert await store.log.forget(MADE + 4, 3) == 0
    before = await ends(store)
    assert (before.head, before.oldest) == (3, 4)
    assert await store.log.tail(0, 9) == LogSlice((), 3)
    place = last.ref
    assert await store.log.ends(place) == before
    entry = text(bob, pair(ann, bob))
    assert await commit(store, await batch(store, entry, last=place)) == Committed()
    assert entry.at == 4
    assert await seen(store, ann) == [4]


async def test_what_was_deleted_can_be_written_again(store: Store) -> None:
    """Its cid is free again; a copy of an entry that is kept is still a copy."""
    ann, bob = await register(store, "Ann", "Bob")
    first = text(ann, pair(ann, bob), cid="a", time_ms=MADE)
    second = text(ann, pair(ann, bob), cid="b", time_ms=MADE + 9)
    await append(store, first, second)
    await store.log.forget(MADE + 5, 9)
    again, copy = await append(
        store, text(ann, pair(ann, bob), cid="a"), text(ann, pair(ann, bob), cid="b")
    )
    assert ats(again) == [3]
    assert copy == Duplicate(2, MADE + 9, pair(ann, bob))


async def test_what_was_deleted_is_unread_no_more(store: Store) -> None:
    """It is not undelivered, missed or in a page, either."""
    ann, bob = await register(store, "Ann", "Bob")
    conv = pair(ann, bob)
    await aged(store, bob, conv, 1, 2, 3)
    await store.log.forget(MADE + 3, 9)
    assert await unread(store, ann) == {conv: 1}
    assert await store.log.undelivered(ann, bob, 9) == 1
    assert await store.log.missed(ann, 0, 9) == 1
    pages = [await store.log.page(ann, conv, before=at, after=0, limit=9) for at in (None, 3, 4)]
    assert [[entry.at for entry in page] for page in pages] == [[3], [], [3]]


async def test_a_conversation_of_which_nothing_is_left_is_none(store: Store) -> None:
    """It is listed again once somebody writes there."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    await aged(store, bob, pair(ann, bob), 1)
    await aged(store, cid, pair(ann, cid), 9)
    await store.log.forget(MADE + 5, 9)
    listed = await store.log.conversations(ann, None, 9)
    assert [(one.conv, one.last.at) for one in listed] == [(pair(ann, cid), 2)]
    (again,) = await aged(store, bob, pair(ann, bob), 10)
    listed = await store.log.conversations(ann, None, 9)
    assert [(one.last.at, one.unread) for one in listed] == [(again.at, 1), (2, 1)]


async def test_members_are_members_when_the_log_does_not_tell(store: Store) -> None:
    """A user who has left stays out, and members can go on writing, though the entries that say so
    are deleted."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    group = await make(store, "Chess", ann, bob, cid)
    await leave(store, group.id, bob)
    await store.log.forget(MADE + 1, 9)
    assert await kept(store) == []
    assert await ids(store, group.id) == [ann, cid]
    assert (await store.log.opening(bob)).groups == ()
    assert (await store.log.opening(cid)).groups == (group.id,)
    (said,) = await say(store, cid, group.id, "hello")
    assert [await seen(store, user) for user in (ann, bob, cid)] == [[said.at], [], [said.at]]
    again = await join(store, group.id, bob)
    assert await seen(store, bob) == [again.at]


async def test_one_that_is_young_holds_up_those_behind_it(store: Store) -> None:
    """If a node's clock goes wrong, entries timed by it are kept for longer, or are old by their
    own time alone."""
    ann, bob = await register(store, "Ann", "Bob")
    await aged(store, ann, pair(ann, bob), 1, 900, 2, 3)
    assert await store.log.forget(MADE + 5, 9) == 1
    assert await kept(store) == [2, 3, 4]


@pytest.mark.parametrize("number", ODD_INTEGERS)
async def test_any_time_and_number_may_be_asked_for(store: Store, number: int) -> None:
    """A conversation that does not exist has nothing to delete."""
    ann, bob = await register(store, "Ann", "Bob")
    await aged(store, ann, pair(ann, bob), 1)
    assert await store.log.forget_of(number, MADE + 9, 9) == 0
    await store.log.forget_of(pair(ann, bob), number, 9)
    await store.log.forget(number, 9)
    assert await kept(store) == ([1] if number <= MADE else [])


# -- of one group ---------------------------------------------------------------------------------


async def test_who_has_left_reads_on_where_all_that_they_saw_is_deleted(store: Store) -> None:
    """What was said in the group since they left takes no place in their reading."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await make(store, "Chess", ann, bob)
    await leave(store, group.id, bob)
    await aged(store, ann, group.id, 7, 8, 9)
    (said,) = await aged(store, ann, pair(ann, bob), 9)
    await store.log.forget_of(group.id, MADE + 5, 9)
    assert await seen(store, bob, limit=1) == [said.at]
    assert await store.log.missed(bob, 0, 9) == 1


async def test_of_a_group_alone_leaves_holes(store: Store) -> None:
    """Readers do not take the deleted entries for missing, and `oldest` stays where it was."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await make(store, "Chess", ann, bob)  # 1, 2
    await aged(store, ann, pair(ann, bob), 1)  # 3
    await aged(store, ann, group.id, 2, 3, 9)  # 4, 5, 6
    await aged(store, bob, pair(ann, bob), 4)  # 7
    assert await store.log.forget_of(group.id, MADE + 5, 3) == 3
    assert await store.log.forget_of(group.id, MADE + 5, 3) == 1
    assert await kept(store) == [3, 6, 7]
    assert (await ends(store)).oldest == 1
    assert [await seen(store, user) for user in (ann, bob)] == [[3, 6, 7], [3, 6, 7]]
    assert [await store.log.missed(ann, after, 9) for after in (0, 3, 4, 6)] == [3, 2, 2, 1]
    assert await unread(store, bob) == {
        group.id: 1,
        pair(ann, bob): 1,
    }
    page = await store.log.page(bob, group.id, before=None, after=0, limit=9)
    assert [entry.at for entry in page] == [6]
    readings = [await store.log.tail(after, 1) for after in (0, 3, 4, 6, 7)]
    assert [reading.upto for reading in readings] == [3, 6, 6, 7, 7]


async def test_an_entry_that_was_deleted_was_not_lost(store: Store) -> None:
    """A node that applied it last goes on writing, and the log keeps its epoch."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await make(store, "Chess", ann, bob)
    await aged(store, ann, pair(ann, bob), 9)
    (last,) = await aged(store, ann, group.id, 1)
    place = last.ref
    before = await ends(store)
    await store.log.forget_of(group.id, MADE + 5, 9)
    assert await store.log.ends(place) == before
    assert await commit(store, await batch(store, text(bob, group.id), last=place)) == Committed()
    assert await kept(store) == [3, 5]


async def test_the_front_goes_on_over_holes(store: Store) -> None:
    """It passes over them as far as there is something to delete behind them."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await create(store, ann, "Chess")  # 1
    await aged(store, ann, pair(ann, bob), 1)  # 2
    await aged(store, ann, group.id, 2, 3)  # 3, 4
    await aged(store, ann, pair(ann, bob), 9)  # 5
    await store.log.forget_of(group.id, MADE + 5, 9)
    assert await store.log.forget(MADE + 5, 9) == 1
    assert (await ends(store)).oldest == 3
    assert await store.log.forget(MADE + 10, 9) == 1
    assert (await ends(store)).oldest == 6


# -- for how long ---------------------------------------------------------------------------------


async def test_a_group_is_kept_for_its_days(store: Store) -> None:
    """The days hold until they are changed, or the limit is removed. The list of such groups
    comes in pages, ascending."""
    (ann,) = await register(store, "Ann")
    one, other, third = [await create(store, ann, name) for name in ("Chess", "Go", "Mill")]
    assert await store.groups.keeping(0, 9) == {}
    assert await store.groups.keep(other.id, 30) == 0
    assert await store.groups.keep(one.id, 7) == 0
    assert await store.groups.keep(one.id, 8) == 7
    found = await store.groups.keeping(0, 9)
    assert list(found.items()) == [(one.id, 8), (other.id, 30)]
    assert await store.groups.keeping(0, 1) == {one.id: 8}
    assert await store.groups.keeping(one.id, 9) == {other.id: 30}
    assert await store.groups.page(0, 9) == [
        SizedGroup(one, 1, 8),
        SizedGroup(other, 1, 30),
        SizedGroup(third, 1, 0),
    ]
    assert await store.groups.keep(one.id, 0) == 8
    assert await store.groups.keep(one.id, 0) == 0
    assert await store.groups.keeping(0, 9) == {other.id: 30}


async def test_what_was_said_in_a_group_that_ended_is_kept_no_longer(store: Store) -> None:
    """Its days still count, and can no longer be changed."""
    (ann,) = await register(store, "Ann")
    group = await create(store, ann, "Chess")
    await store.groups.keep(group.id, 7)
    await write(store, text(ann, group.id))
    await end(store, group.id)
    assert await store.groups.keeping(0, 9) == {group.id: 7}
    with pytest.raises(NoSuchGroup):
        await store.groups.keep(group.id, 8)
    assert await store.log.forget_of(group.id, MADE + 1, 9) == 3


async def test_operators_may_set_the_days_at_once(store: Store) -> None:
    """Each gets an answer, and the days of one of them hold."""
    (ann,) = await register(store, "Ann")
    group = await create(store, ann, "Chess")
    for _ in range(5):
        befores = await at_once([store.groups.keep(group.id, days) for days in range(1, 9)])
        assert set(befores) <= set(range(9))
        assert await store.groups.keep(group.id, 0) in range(1, 9)


async def test_no_group_has_no_days(store: Store) -> None:
    """Any integer may be asked for."""
    for number in ODD_INTEGERS:
        with pytest.raises(NoSuchGroup):
            await store.groups.keep(number, 7)
        assert await store.groups.keeping(number, 9) == {}
