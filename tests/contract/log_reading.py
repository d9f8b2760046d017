"""The promises of `ports.Log` about reading: who may see what, and marks."""

import time

from chat_domain.entries import EVERYWHERE, ChangeKind, EntryRef, pair
from chat_domain.ports.log import MORE_LOOKED_AT
from chat_domain.ports.store import Store
from tests.contract.making import (
    ODD_INTEGERS,
    append,
    change,
    create,
    end,
    join,
    leave,
    make,
    others_than,
    read_mark,
    register,
    remove,
    rename,
    say,
    seen,
    text,
    unread,
    write,
)


async def positions(  # noqa: PLR0917  # what the port asks
    store: Store, user_id: int, conv: int, before: int | None, after: int, limit: int
) -> list[int]:
    """The positions on a page."""
    page = await store.log.page(user_id, conv, before=before, after=after, limit=limit)
    return [entry.at for entry in page]


# -- who may see what -----------------------------------------------------------------------------


async def test_two_see_what_they_say_to_each_other(store: Store) -> None:
    """Both see all of it, and nobody else any of it; only its user sees the one with oneself."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    await append(
        store,
        text(ann, pair(ann, bob)),
        text(bob, pair(ann, bob)),
        text(ann, pair(ann, ann)),
        text(cid, pair(ann, cid)),
    )
    assert [await seen(store, user) for user in (ann, bob, cid)] == [[1, 2, 3, 4], [1, 2], [4]]


async def test_members_see_what_comes_after_their_joining(store: Store) -> None:
    """They see everything from their joining to their leaving, both included."""
    ann, bob, cid, dan = await register(store, "Ann", "Bob", "Cid", "Dan")
    group = await create(store, ann, "Chess")
    await say(store, ann, group.id, "before")
    await join(store, group.id, bob)
    await join(store, group.id, cid)
    await say(store, bob, group.id, "together")
    await leave(store, group.id, bob)
    await say(store, ann, group.id, "without bob")
    await remove(store, group.id, cid)
    await rename(store, group.id, "Go")
    await end(store, group.id)
    assert await seen(store, ann) == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert await seen(store, bob) == [3, 4, 5, 6]
    assert await seen(store, cid) == [4, 5, 6, 7, 8]
    assert await seen(store, dan) == []


async def test_who_joins_again_sees_from_there_on(store: Store) -> None:
    """They see neither what was said without them nor what they had seen before."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await make(store, "Chess", ann, bob)
    await say(store, ann, group.id, "one")
    await leave(store, group.id, bob)
    await say(store, ann, group.id, "two")
    again = await join(store, group.id, bob)
    (said,) = await say(store, ann, group.id, "three")
    assert await seen(store, bob) == [again.at, said.at]
    assert await positions(store, bob, group.id, None, 0, 9) == [again.at, said.at]


async def test_the_members_of_an_ended_group_see_what_there_was(store: Store) -> None:
    """They see it up to the group's end."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await make(store, "Chess", ann, bob)
    await say(store, ann, group.id, "one")
    await end(store, group.id)
    assert await seen(store, bob) == [2, 3, 4]
    later = await make(store, "Chess", bob)
    assert later.id != group.id
    assert await seen(store, ann) == [1, 2, 3, 4]


# -- tail and read --------------------------------------------------------------------------------


async def test_reading_ends_where_it_says(store: Store) -> None:
    """It ends at its last entry if there may be more, and otherwise at the head."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    mine, other = pair(ann, bob), pair(bob, cid)
    await append(store, *(text(bob, conv) for conv in (mine, other, mine, other, mine, other)))
    log = store.log
    for after, limit, expected, upto in (
        (0, 2, [1, 3], 3),
        (0, 3, [1, 3, 5], 5),
        (0, 4, [1, 3, 5], 6),
        (3, 9, [5], 6),
        (5, 9, [], 6),
        (6, 9, [], 6),
        (2, 0, [], 2),
    ):
        reading = await log.read(ann, after, limit)
        assert [entry.at for entry in reading.entries] == expected, (after, limit)
        assert reading.upto == upto, (after, limit)
    reading = await log.tail(2, 3)
    assert ([entry.at for entry in reading.entries], reading.upto) == ([3, 4, 5], 5)
    reading = await log.tail(2, 9)
    assert ([entry.at for entry in reading.entries], reading.upto) == ([3, 4, 5, 6], 6)
    reading = await log.tail(6, 9)
    assert (reading.entries, reading.upto) == ((), 6)


async def test_a_reading_of_many_conversations_is_in_order(store: Store) -> None:
    """However unevenly the entries are spread, the parts of a reading have each of them once."""
    users = await register(store, *(f"user {number}" for number in range(30)))
    me = users[0]
    group = await make(store, "Chess", me, *users[1:4])
    entries = [text(other, pair(me, other)) for other in users[1:]]
    entries += [text(users[1], group.id) for _ in range(100)]
    entries += [text(users[2], pair(me, users[2])) for _ in range(50)]
    entries += [text(users[3], conv) for conv in (group.id, pair(me, users[3])) * 20]
    entries += [text(users[3], pair(users[3], users[4])) for _ in range(50)]
    await append(store, *entries)
    everything = await seen(store, me)
    assert len(everything) == 4 + len(entries) - 50
    assert everything == sorted(everything)
    for limit in (1, 7, 100):
        found: list[int] = []
        while (reading := await store.log.read(me, found[-1] if found else 0, limit)).entries:
            found += [entry.at for entry in reading.entries]
            assert len(reading.entries) <= limit
        assert found == everything


async def test_what_one_may_not_see_takes_no_place_in_a_reading(store: Store) -> None:
    """This is what was said in a group after the user left it, or before they joined it."""
    ann, bob = await register(store, "Ann", "Bob")
    left, joined = await make(store, "Chess", ann, bob), await make(store, "Go", ann)
    gone = await leave(store, left.id, bob)
    await say(store, ann, left.id, *"abc")
    await say(store, ann, joined.id, *"def")
    (said,) = await say(store, ann, pair(ann, bob), "g")
    came = await join(store, joined.id, bob)
    assert await seen(store, bob, gone.at, limit=1) == [said.at]
    assert await seen(store, bob, said.at, limit=1) == [came.at]
    assert await store.log.missed(bob, gone.at - 1, 9) == 3


async def test_any_integer_may_be_asked(store: Store) -> None:
    """A user who does not exist sees nothing, and nothing is above a huge position."""
    ann, bob = await register(store, "Ann", "Bob")
    await say(store, ann, pair(ann, bob), "one", "two")
    log = store.log
    for number in ODD_INTEGERS:
        assert (await log.read(number, 0, 9)).entries == ()
        assert await log.missed(number, 0, 9) == 0
        assert await log.page(number, pair(ann, bob), before=None, after=0, limit=9) == []
        assert await log.page(ann, number, before=None, after=0, limit=9) == []
        assert await log.conversations(number, None, 9) == []
        shown = [one.last.at for one in await log.conversations(ann, number, 9)]
        assert shown == ([2] if number > 2 else [])
        assert await log.visibility(number, pair(ann, bob)) is None
        assert await log.visibility(ann, number) is None
        assert await log.undelivered(number, ann, 9) == await log.undelivered(bob, number, 9) == 0
        opening = await log.opening(number)
        assert (opening.got, opening.groups) == (0, ())
        expected = [1, 2] if number <= 0 else []
        assert await seen(store, ann, number) == expected
        assert [entry.at for entry in (await log.tail(number, 9)).entries] == expected
        assert await log.missed(ann, number, 9) == len(expected)
        assert await positions(store, ann, pair(ann, bob), None, number, 9) == expected
        assert await positions(store, ann, pair(ann, bob), number, 0, 9) == (
            [] if number <= 0 else [1, 2]
        )
        await log.mark({(number, EVERYWHERE): 1})


async def test_what_was_missed_is_counted(store: Store) -> None:
    """Changes and deleted texts count as well; the result is at most the number asked for."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    group = await make(store, "Chess", ann, bob)
    await say(store, ann, group.id, *"abc")
    await say(store, ann, pair(ann, bob), *"de")
    await say(store, ann, pair(ann, cid), "f")
    await write(store, change(ChangeKind.ERASED, ann, pair(ann, ann)))
    assert await store.log.missed(bob, 0, 99) == 6
    assert await store.log.missed(bob, 4, 99) == 3
    assert await store.log.missed(bob, 0, 4) == 4
    assert await store.log.missed(bob, 7, 4) == 0


# -- pages ----------------------------------------------------------------------------------------


async def test_a_conversation_comes_in_pages(store: Store) -> None:
    """A page has the first entries above a position or the last below another, ascending."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    conv = pair(ann, bob)
    await append(store, *(text(bob, one) for one in (conv, pair(bob, cid)) * 5))
    assert await positions(store, ann, conv, None, 0, 3) == [1, 3, 5]
    assert await positions(store, ann, conv, None, 5, 3) == [7, 9]
    assert await positions(store, ann, conv, 9, 0, 3) == [3, 5, 7]
    assert await positions(store, ann, conv, 4, 0, 3) == [1, 3]
    assert await positions(store, ann, conv, 100, 5, 9) == [7, 9]
    assert await positions(store, ann, conv, 1, 0, 3) == []
    assert await positions(store, ann, conv, 9, 0, 0) == []
    assert await positions(store, cid, conv, None, 0, 3) == []


async def test_a_page_has_what_its_reader_may_see(store: Store) -> None:
    """It has changes, and deleted texts in their places, from joining to leaving."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await create(store, ann, "Chess")
    await say(store, ann, group.id, "before")
    joined = await join(store, group.id, bob)
    said = await say(store, ann, group.id, "one", "two")
    left = await leave(store, group.id, bob)
    await say(store, ann, group.id, "after")
    await write(store, change(ChangeKind.ERASED, ann, pair(ann, ann)))
    expected = [joined.at, *(one.at for one in said), left.at]
    assert await positions(store, bob, group.id, None, 0, 9) == expected
    assert await positions(store, bob, group.id, 100, 0, 9) == expected
    assert await positions(store, bob, group.id, 100, 0, 2) == expected[-2:]
    page = await store.log.page(bob, group.id, before=None, after=0, limit=9)
    assert [entry.sender_name for entry in page] == ["Bob", "Ann", "Ann", "Bob"]


# -- unread, undelivered, opening, marks -----------------------------------------------------------


async def test_what_was_not_read_is_counted_by_conversation(store: Store) -> None:
    """Texts of others count that are not deleted, up to the user's leaving."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    group = await create(store, ann, "Chess")
    await say(store, ann, group.id, "before")
    await join(store, group.id, bob)
    await say(store, ann, group.id, "one", "two")
    await say(store, bob, group.id, "my own")
    await say(store, ann, pair(ann, bob), "three")
    await say(store, cid, pair(bob, cid), "four", "five", "six")
    await say(store, ann, pair(ann, cid), "not his")
    expected = {group.id: 2, pair(ann, bob): 1, pair(bob, cid): 3}
    assert await unread(store, bob) == expected
    await leave(store, group.id, bob)
    await say(store, ann, group.id, "after")
    assert await unread(store, bob) == expected
    await write(store, change(ChangeKind.ERASED, ann, pair(ann, ann)))
    assert await unread(store, bob) == {pair(bob, cid): 3}


async def test_what_a_user_s_devices_have_not_got_is_counted_by_sender(store: Store) -> None:
    """Only what the sender wrote to them directly counts, up to the number asked for."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    group = await make(store, "Chess", ann, bob)
    await say(store, ann, group.id, "to the group")
    said = await say(store, ann, pair(ann, bob), "one", "two", "three")
    await say(store, bob, pair(ann, bob), "four")
    await say(store, cid, pair(bob, cid), "five")
    log = store.log
    assert [await log.undelivered(bob, one, 9) for one in (ann, cid, bob, 99)] == [3, 1, 0, 0]
    assert await log.undelivered(ann, bob, 9) == 1
    assert await log.undelivered(bob, ann, 2) == 2
    await log.mark({(bob, EVERYWHERE): said[1].at})
    assert await log.undelivered(bob, ann, 9) == 1
    assert await log.undelivered(ann, bob, 9) == 1
    await write(store, change(ChangeKind.ERASED, ann, pair(ann, ann)))
    assert await log.undelivered(bob, ann, 9) == 0


async def test_what_somebody_has_written_themselves_is_not_looked_at_endlessly(
    store: Store,
) -> None:
    """Otherwise somebody who writes a great deal and takes nothing would have each message to them
    take long."""
    ann, bob = await register(store, "Ann", "Bob")
    await append(store, text(ann, pair(ann, bob)))
    for _ in range(3):
        await append(store, *(text(bob, pair(ann, bob)) for _ in range(MORE_LOOKED_AT // 3)))
    assert await store.log.undelivered(bob, ann, 9) == 1
    await append(store, *(text(bob, pair(ann, bob)) for _ in range(MORE_LOOKED_AT // 3)))
    assert await store.log.undelivered(bob, ann, 9) == 0


async def test_marks_of_another_epoch_are_not_kept(store: Store) -> None:
    """Their positions mean something else, or nothing."""
    ann, bob = await register(store, "Ann", "Bob")
    said = await say(store, ann, pair(ann, bob), "one", "two")
    log, before = store.log, (await store.log.ends()).epoch
    now = await log.renew()
    for epoch, expected in ((before, 0), (now, said[0].at), ("", said[1].at)):
        at = said[0].at if epoch else said[1].at
        await log.mark({(bob, EVERYWHERE): at}, epoch)
        await log.mark({(bob, pair(ann, bob)): at}, epoch)
        assert (await log.opening(bob)).got == expected
        assert await read_mark(store, bob, pair(ann, bob)) == expected


async def test_marks_are_not_kept_where_the_log_lacks_what_their_node_knows(store: Store) -> None:
    """Such a log has lost its end, was written to since, and keeps its old epoch until a node
    notices. A position that was deleted since is no loss."""
    ann, bob = await register(store, "Ann", "Bob")
    conv = pair(ann, bob)
    one, two = await say(store, ann, conv, "one", "two")
    log, epoch = store.log, (await store.log.ends()).epoch
    lost = others_than(two)
    for last, expected in (*((last, 0) for last in lost), (two.ref, one.at)):
        await log.mark({(bob, EVERYWHERE): one.at}, epoch, last)
        await log.mark({(bob, conv): one.at}, epoch, last)
        assert (await log.opening(bob)).got == expected
        assert await read_mark(store, bob, conv) == expected
    await log.forget(2**62, 9)
    await log.mark({(bob, EVERYWHERE): two.at}, epoch, lost[-1])
    assert (await log.opening(bob)).got == two.at


async def test_who_has_conversations_with_many_may_begin_no_more(store: Store) -> None:
    """Groups and the conversation with oneself do not count; existing conversations go on."""
    ann, bob, cid, dan = await register(store, "Ann", "Bob", "Cid", "Dan")
    await make(store, "Chess", ann)
    await say(store, ann, pair(ann, bob), "to Bob")
    await say(store, cid, pair(ann, cid), "to Ann")
    may_begin = store.log.may_begin
    assert [await may_begin(ann, other, 2) for other in (bob, cid, dan)] == [True, True, False]
    assert await may_begin(ann, dan, 3)
    assert await may_begin(dan, ann, 1)
    assert not await may_begin(99, ann, 0)


async def test_a_session_begins_with_what_there_is(store: Store) -> None:
    """It gets the log's ends, the user's mark, and the groups that they are in, ascending."""
    ann, bob = await register(store, "Ann", "Bob")
    groups = [await make(store, name, ann) for name in ("A", "B", "C", "D")]
    for group in (groups[3], groups[1], groups[2], groups[0]):
        await join(store, group.id, bob)
    await leave(store, groups[1].id, bob)
    await end(store, groups[2].id)
    await say(store, ann, pair(ann, bob), "hello")
    await store.log.mark({(bob, EVERYWHERE): 3})
    opening = await store.log.opening(bob)
    assert opening.groups == (groups[0].id, groups[3].id)
    assert opening.got == 3
    assert opening.ends == await store.log.ends()
    assert (opening.ends.head, opening.ends.changed) == (11, 10)


async def test_got_only_grows(store: Store) -> None:
    """A lower mark that comes later changes nothing; each user has their own."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    for marks in ({ann: 5, bob: 2}, {ann: 3, bob: 4, 99: 7}, {}, {cid: 0}):
        await store.log.mark({(user, EVERYWHERE): at for user, at in marks.items()})
    assert [(await store.log.opening(user)).got for user in (ann, bob, cid)] == [5, 4, 0]


async def test_a_new_epoch_cuts_marks_to_the_head(store: Store) -> None:
    """It keeps everything else."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    await say(store, ann, pair(ann, bob), "one", "two")
    await store.log.mark({(ann, EVERYWHERE): 7, (bob, EVERYWHERE): 1, (cid, EVERYWHERE): 2})
    before = await store.log.ends()
    epoch = await store.log.renew()
    assert epoch != before.epoch
    ends = await store.log.ends()
    assert (ends.epoch, ends.head) == (epoch, 2)
    assert [(await store.log.opening(user)).got for user in (ann, bob, cid)] == [2, 1, 2]
    assert await seen(store, ann) == [1, 2]


async def test_a_log_that_has_lost_an_entry_has_a_new_epoch(store: Store) -> None:
    """It gets one when somebody who has seen that entry asks. One who finds the entry they know
    changes nothing."""
    ann, bob = await register(store, "Ann", "Bob")
    (said,) = await say(store, ann, pair(ann, bob), "one")
    before = await store.log.ends()
    assert await store.log.ends(said.ref) == await store.log.ends(EntryRef()) == before
    epochs = [before.epoch]
    for wrong in others_than(said):
        ends = await store.log.ends(wrong)
        assert ends == await store.log.ends()
        assert ends.head == 1
        epochs.append(ends.epoch)
    assert len(set(epochs)) == len(epochs)


async def test_who_misses_an_entry_of_an_earlier_epoch_gives_the_log_no_further_one(
    store: Store,
) -> None:
    """Several nodes notice a loss at about the same time, and each new epoch costs devices what was
    said since the one before."""
    (ann,) = await register(store, "Ann")
    await say(store, ann, pair(ann, ann), "one")
    before = (await store.log.ends()).epoch
    lost = EntryRef(2, "lost", ann)
    found = await store.log.ends(lost, before)
    assert found.epoch != before
    assert await store.log.ends(lost, before) == found


# -- the clock -------------------------------------------------------------------------------------


async def test_the_store_tells_the_time(store: Store) -> None:
    """It does so in UTC milliseconds, whatever the time zone; it runs on the tests' machine."""
    before = time.time_ns() // 1_000_000
    told = await store.log.now_ms()
    assert before - 1 <= told <= time.time_ns() // 1_000_000 + 1
