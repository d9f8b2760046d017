"""The promises of `ports.Log` about conversations, and about who may see what of them."""

from chat_domain.entries import EVERYWHERE, FOREVER, ChangeKind, Entry, Visibility, pair
from chat_domain.model import MOST_PASSED_OVER, MOST_UNREAD, UNNAMED, Conversation
from chat_domain.ports.store import Store
from tests.contract.making import (
    MADE,
    alike,
    append,
    ats,
    change,
    create,
    end,
    join,
    leave,
    make,
    register,
    remove,
    rename,
    say,
    seen,
    text,
    unread,
    write,
)


async def convs(
    store: Store, user_id: int, before: int | None = None, limit: int = 99
) -> list[int]:
    return [one.conv for one in await store.log.conversations(user_id, before, limit)]


async def conversation(store: Store, user_id: int, conv: int) -> Conversation:
    found = await store.log.conversations(user_id, None, 99)
    return next(one for one in found if one.conv == conv)


async def test_conversations_come_by_what_was_said_last(store: Store) -> None:
    """The latest comes first, whoever wrote it, including those with oneself and with groups."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    group = await make(store, "Chess", ann, bob)
    await say(store, ann, pair(ann, bob), "one")
    await say(store, ann, pair(ann, ann), "two")
    await say(store, cid, pair(ann, cid), "three")
    await say(store, bob, pair(bob, cid), "not hers")
    with_bob, with_herself, with_cid = pair(ann, bob), pair(ann, ann), pair(ann, cid)
    assert await convs(store, ann) == [with_cid, with_herself, with_bob, group.id]
    await say(store, bob, group.id, "four")
    await say(store, bob, with_bob, "five")
    assert await convs(store, ann) == [with_bob, group.id, with_cid, with_herself]
    assert await convs(store, cid) == [pair(bob, cid), with_cid]


async def test_what_happens_to_one_s_devices_is_no_conversation(store: Store) -> None:
    """The conversation with oneself is what its user has written there."""
    (ann,) = await register(store, "Ann")
    with_herself = pair(ann, ann)
    await append(store, change(ChangeKind.DEVICE_ENDED, ann, with_herself, detail="phone"))
    assert await convs(store, ann) == []
    (note,) = await say(store, ann, with_herself, "note")
    await append(store, change(ChangeKind.DEVICE_ENDED, ann, with_herself, detail="laptop"))
    assert (await conversation(store, ann, with_herself)).last.at == note.at


async def test_so_much_that_happened_to_devices_is_passed_over(store: Store) -> None:
    """The last text counts as the last entry, unless MOST_PASSED_OVER such changes are behind it:
    then the last of these does."""
    (ann,) = await register(store, "Ann")
    conv = pair(ann, ann)

    def ended(number: int) -> list[Entry]:
        return [change(ChangeKind.DEVICE_ENDED, ann, conv, detail="phone") for _ in range(number)]

    (note,) = await say(store, ann, conv, "note")
    await append(store, *ended(MOST_PASSED_OVER - 1))
    assert (await conversation(store, ann, conv)).last.at == note.at
    (last,) = await append(store, *ended(1))
    assert ats(last) == [(await conversation(store, ann, conv)).last.at]
    (note,) = await say(store, ann, conv, "another")
    assert (await conversation(store, ann, conv)).last.at == note.at


async def test_conversations_come_in_pages(store: Store) -> None:
    """Each begins below the last entry of the page before, even if something is said meanwhile."""
    ann, *others = await register(store, *(f"user {number}" for number in range(8)))
    for other in others:
        await say(store, other, pair(ann, other), "hello")
    every = await store.log.conversations(ann, None, 99)
    assert [one.last.at for one in every] == [7, 6, 5, 4, 3, 2, 1]
    for limit in (1, 2, 3, 7):
        before, found = None, list[Conversation]()
        while some := await store.log.conversations(ann, before, limit):
            assert len(some) <= limit
            found += some
            before = some[-1].last.at
        assert alike(found, every)
    await say(store, ann, pair(ann, others[0]), "again")
    following = await store.log.conversations(ann, 5, 2)
    assert [one.last.at for one in following] == [4, 3]
    assert await convs(store, ann, before=1) == await convs(store, ann, before=0) == []
    assert await convs(store, ann, limit=0) == []


async def test_a_page_of_conversations_is_of_what_there_is_now(store: Store) -> None:
    """This holds whatever has happened, since the page before, to those that were to be on it."""
    ann, *others = await register(store, *(f"user {number}" for number in range(8)))
    group = await make(store, "Chess", ann, others[0])
    with_others = [pair(ann, other) for other in others]
    for other, conv in zip(others, with_others, strict=True):
        await say(store, other, conv, "hello")
    wanted = [*reversed(with_others), group.id]
    assert await convs(store, ann, None, 2) == wanted[:2]
    assert await convs(store, ann, 8, 3) == wanted[2:5]
    await say(store, ann, wanted[2], "at the top now")
    await store.log.forget_of(wanted[4], MADE + 1, 9)
    assert await convs(store, ann, 8, 3) == [wanted[3], wanted[5], wanted[6]]
    await leave(store, group.id, ann)
    assert await convs(store, ann, 8, 9) == [wanted[3], wanted[5], wanted[6]]
    assert await convs(store, ann, 8, 1) == [wanted[3]]
    (note,) = await say(store, ann, pair(ann, ann), "new")
    assert await convs(store, ann, note.at + 1, 2) == [pair(ann, ann), group.id]
    assert await convs(store, ann, note.at, 2) == [group.id, wanted[2]]


async def test_a_conversation_says_what_a_list_of_them_shows(store: Store) -> None:
    """It has its name, its last entry, how much is unread, and what the other user has got."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    group = await make(store, "Chess", ann, bob)
    await rename(store, group.id, "Go")
    await say(store, ann, pair(ann, bob), "one", "two")
    (said,) = await say(store, bob, pair(ann, bob), "three")
    await store.log.mark({(ann, EVERYWHERE): said.at, (bob, EVERYWHERE): said.at - 1})
    found = await conversation(store, bob, pair(ann, bob))
    assert (found.name, found.unread, found.read, found.left) == ("Ann", 2, 0, False)
    assert (found.last.at, found.last.text, found.last.sender_name) == (said.at, "three", "Bob")
    assert (found.peer_got, found.peer_read) == (said.at, 0)
    assert (await conversation(store, ann, pair(ann, bob))).peer_got == said.at - 1
    found = await conversation(store, bob, group.id)
    assert (found.name, found.unread, found.peer_got, found.peer_read) == ("Go", 0, None, None)
    assert found.last.change is not None
    assert (found.last.change.what, found.last.change.name) == (ChangeKind.RENAMED, "Go")
    await say(store, cid, pair(cid, cid), "note")
    found = await conversation(store, cid, pair(cid, cid))
    assert (found.name, found.unread, found.peer_got, found.peer_read) == ("Cid", 0, None, None)


async def test_a_deleted_text_is_the_last_one_all_the_same(store: Store) -> None:
    """The conversation keeps its place in the list; the text is not unread."""
    ann, bob = await register(store, "Ann", "Bob")
    await say(store, ann, pair(ann, bob), "one")
    await write(store, change(ChangeKind.ERASED, ann, pair(ann, ann)))
    (found,) = await store.log.conversations(bob, None, 9)
    assert (found.last.at, found.last.text, found.unread) == (1, "", 0)


async def test_a_conversation_that_one_has_left_ends_there(store: Store) -> None:
    """It ends when the user leaves or is removed, or when the group ends. In the list it keeps the
    place that it had then."""
    ann, bob, cid, dan = await register(store, "Ann", "Bob", "Cid", "Dan")
    group = await make(store, "Chess", ann, bob, cid)
    await say(store, ann, group.id, "one")
    left = await leave(store, group.id, bob)
    removed = await remove(store, group.id, cid)
    await say(store, ann, group.id, "two")
    for user_id, last in ((bob, left), (cid, removed)):
        (found,) = await store.log.conversations(user_id, None, 9)
        assert (found.last.at, found.left, found.name, found.unread) == (last.at, True, "Chess", 1)
    assert not (await conversation(store, ann, group.id)).left
    ended = await end(store, group.id)
    found = await conversation(store, ann, group.id)
    assert (found.last.at, found.left, found.name) == (ended.at, True, UNNAMED)
    assert await convs(store, dan) == []


async def test_a_conversation_with_somebody_who_is_no_more_stays(store: Store) -> None:
    """It has no name, and no marks of theirs."""
    ann, bob = await register(store, "Ann", "Bob")
    await say(store, ann, pair(ann, bob), "one")
    await store.log.mark({(ann, EVERYWHERE): 1})
    await store.users.remove(ann)
    (found,) = await store.log.conversations(bob, None, 9)
    assert (found.name, found.last.text, found.unread) == (UNNAMED, "one", 1)
    assert (found.peer_got, found.peer_read) == (None, None)
    assert await convs(store, ann) == []


async def test_what_is_unread_is_counted_up_to_a_bound(store: Store) -> None:
    """The count is exact up to there, whatever else was said in between."""
    ann, bob = await register(store, "Ann", "Bob")
    conv = pair(ann, bob)
    await append(store, *(text(ann, conv) for _ in range(MOST_UNREAD - 1)), text(bob, conv))
    assert await unread(store, bob) == {conv: MOST_UNREAD - 1}
    await append(store, text(ann, conv))
    assert await unread(store, bob) == {conv: MOST_UNREAD}
    await append(store, text(ann, conv), text(ann, conv))
    assert await unread(store, bob) == {conv: MOST_UNREAD}
    assert await unread(store, ann) == {conv: 1}


# -- who may see what -----------------------------------------------------------------------------


async def test_what_one_may_see_has_a_beginning_and_an_end(store: Store) -> None:
    """In a group it lasts from joining to leaving; two people always see everything. What was
    before one joined counts as read."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await create(store, ann, "Chess")
    await say(store, ann, pair(ann, bob), "one")
    since = (await join(store, group.id, bob)).at - 1
    assert await store.log.visibility(bob, group.id) == Visibility(since, FOREVER, since)
    left = await leave(store, group.id, bob)
    assert await store.log.visibility(bob, group.id) == Visibility(since, left.at, since)
    since = (await join(store, group.id, bob)).at - 1
    assert await store.log.visibility(bob, group.id) == Visibility(since, FOREVER, since)
    ended = await end(store, group.id)
    assert await store.log.visibility(bob, group.id) == Visibility(since, ended.at, since)
    for user_id in (ann, bob):
        assert await store.log.visibility(user_id, pair(ann, bob)) == Visibility(0, FOREVER)
    assert await store.log.visibility(bob, pair(bob, bob)) is None


async def test_who_joins_a_group_that_shows_its_history_sees_all_of_it(store: Store) -> None:
    """Earlier members see what they saw before. For the one who joins, what was said before counts
    as read."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    group = await create(store, ann, "Chess")
    await say(store, ann, group.id, "one", "two")
    early = await join(store, group.id, bob)
    assert await store.groups.show_history(group.id, whole=True)
    await join(store, group.id, cid)
    assert await seen(store, cid) == [1, 2, 3, 4, 5]
    assert await seen(store, bob) == [early.at, 5]
    assert await unread(store, cid) == {}
    await say(store, ann, group.id, "three")
    assert await unread(store, cid) == await unread(store, bob) == {group.id: 1}
    await leave(store, group.id, bob)
    await join(store, group.id, bob)
    assert await seen(store, bob) == [1, 2, 3, 4, 5, 6, 7, 8]
    await store.groups.show_history(group.id, whole=False)
    await leave(store, group.id, cid)
    again = await join(store, group.id, cid)
    assert await seen(store, cid) == [again.at]
