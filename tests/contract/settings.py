"""The promises of `ports.Settings`, and of `ports.Log` about what users have read."""

import pytest

from chat_domain.entries import EVERYWHERE, pair
from chat_domain.model import Preferences
from chat_domain.ports.store import Store
from tests.contract.making import (
    ODD_INTEGERS,
    append,
    create,
    join,
    leave,
    make,
    read_mark,
    register,
    say,
    text,
)


async def read(store: Store, user_id: int, conv: int, at: int) -> None:
    await store.log.mark({(user_id, conv): at})


# -- settings -------------------------------------------------------------------------------------


async def test_nobody_hides_anything_at_first(store: Store) -> None:
    """Nor does a user who does not exist."""
    (ann,) = await register(store, "Ann")
    for user_id in (ann, 99, *ODD_INTEGERS):
        assert await store.settings.of(user_id) == Preferences()


async def test_what_was_chosen_is_kept(store: Store) -> None:
    """Each setting is kept by itself, for each user. None leaves a setting as it is."""
    ann, bob = await register(store, "Ann", "Bob")
    settings = store.settings
    for chosen, expected in (
        ({"hide_read": True}, Preferences(hide_read=True)),
        ({"hide_read": True}, Preferences(hide_read=True)),
        ({"hide_typing": True}, Preferences(hide_read=True, hide_typing=True)),
        ({}, Preferences(hide_read=True, hide_typing=True)),
        ({"hide_read": False}, Preferences(hide_typing=True)),
        ({"hide_read": True, "hide_typing": False}, Preferences(hide_read=True)),
        ({"hide_read": False, "hide_typing": False}, Preferences()),
    ):
        assert await settings.set(ann, **chosen) == expected
        assert await settings.of(ann) == expected
        assert await settings.of(bob) == Preferences()


async def test_who_is_nobody_chooses_nothing(store: Store) -> None:
    """This holds for any number."""
    for user_id in (99, *ODD_INTEGERS):
        assert await store.settings.set(user_id, hide_read=True) == Preferences()
        assert await store.settings.of(user_id) == Preferences()


async def test_a_conversation_is_muted_by_each_for_themselves(store: Store) -> None:
    """It stays muted until they say otherwise; None only asks."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await make(store, "Chess", ann, bob)
    await say(store, ann, pair(ann, bob), "hello")
    settings = store.settings
    for conv in (group.id, pair(ann, bob)):
        assert await settings.mute(ann, conv, None) is False
        for muted in (True, True, False, False, True):
            assert await settings.mute(ann, conv, muted) is muted
            assert await settings.mute(ann, conv, None) is muted
        assert await settings.mute(bob, conv, None) is False


async def test_what_one_was_never_in_cannot_be_muted(store: Store) -> None:
    """This holds for others' groups and direct conversations, and for those that do not exist."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    group = await make(store, "Chess", ann, bob)
    await say(store, ann, pair(ann, bob), "hello")
    for conv in (group.id, 99, pair(ann, bob), pair(ann, cid), *ODD_INTEGERS):
        for muted in (True, False, None):
            assert await store.settings.mute(cid, conv, muted) is None
    for user_id in ODD_INTEGERS:
        assert await store.settings.mute(user_id, group.id, True) is None


async def test_who_comes_back_to_a_group_finds_it_as_it_was(store: Store) -> None:
    """It is still muted, and was while they were out of it."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await make(store, "Chess", ann, bob)
    await store.settings.mute(bob, group.id, True)
    await leave(store, group.id, bob)
    assert await store.settings.mute(bob, group.id, None) is True
    await join(store, group.id, bob)
    assert await store.settings.mute(bob, group.id, None) is True


async def test_what_a_user_has_chosen_goes_with_them(store: Store) -> None:
    """Removing the account removes it."""
    (ann,) = await register(store, "Ann")
    await store.settings.set(ann, hide_read=True)
    await store.users.remove(ann)
    assert await store.settings.of(ann) == Preferences()


# -- what was read ---------------------------------------------------------------------------------


async def test_read_marks_only_grow(store: Store) -> None:
    """Each user has one per conversation. One call takes many, and ignores users and conversations
    that do not exist."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await make(store, "Chess", ann, bob)
    conv, log = pair(ann, bob), store.log
    await say(store, ann, conv, "one", "two")
    await log.mark({})
    await log.mark({(bob, conv): 4, (bob, group.id): 2, (99, conv): 3, (ann, 99): 4})
    await log.mark({(bob, conv): 3, (ann, conv): 3, (bob, group.id): 2})
    marks = [await read_mark(store, user, one) for user in (ann, bob) for one in (conv, group.id)]
    assert marks == [3, 0, 4, 2]


async def test_thousands_of_read_marks_are_written_at_once(store: Store) -> None:
    """Each goes where it belongs."""
    users = await register(store, *(f"user {number}" for number in range(40)))
    convs = [pair(one, other) for one in users for other in users if one < other]
    await append(store, *(text(conv >> 32, conv, "hello") for conv in convs))
    places = [(user, conv) for conv in convs for user in (conv >> 32, conv & 0xFFFFFFFF)]
    marks = {place: number for number, place in enumerate(places, 1)}
    await store.log.mark(marks)
    for place in places[::97]:
        assert await read_mark(store, *place) == marks[place]


async def test_who_was_never_in_a_conversation_has_read_nothing(store: Store) -> None:
    """They have no mark there, not even 0. A user who has left keeps theirs."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    group = await make(store, "Chess", ann, bob)
    await say(store, ann, pair(ann, bob), "hello")
    await read(store, bob, group.id, 2)
    await leave(store, group.id, bob)
    await read(store, bob, group.id, 3)
    assert await read_mark(store, bob, group.id) == 3
    assert await read_mark(store, ann, pair(ann, bob)) == 0
    for conv in (group.id, 99, pair(ann, bob), pair(ann, cid), *ODD_INTEGERS):
        await read(store, cid, conv, 1)
        assert await read_mark(store, cid, conv) is None
    for number in ODD_INTEGERS:
        await read(store, number, group.id, 1)
        assert await read_mark(store, number, group.id) is None


@pytest.mark.parametrize("number", ODD_INTEGERS)
async def test_any_position_may_be_read(store: Store, number: int) -> None:
    """A negative position counts as 0."""
    ann, bob = await register(store, "Ann", "Bob")
    await say(store, ann, pair(ann, bob), "hello")
    await read(store, ann, pair(ann, bob), number)
    mark = await read_mark(store, ann, pair(ann, bob))
    assert mark is not None
    assert min(mark, 2**63 - 1) == min(max(number, 0), 2**63 - 1)


async def test_what_was_read_counts(store: Store) -> None:
    """It is no longer unread."""
    ann, bob = await register(store, "Ann", "Bob")
    said = await say(store, ann, pair(ann, bob), "one", "two", "three")
    await read(store, bob, pair(ann, bob), said[1].at)
    (conversation,) = await store.log.conversations(bob, None, 9)
    assert (conversation.read, conversation.unread) == (said[1].at, 1)


async def test_the_members_of_a_conversation_have_read(store: Store) -> None:
    """`reads` has those who have read anything and are still in it."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    group = await make(store, "Chess", ann, bob, cid)
    await say(store, ann, pair(ann, bob), "hello")
    for user, conv, at in (
        (ann, group.id, 3), (bob, group.id, 2), (cid, group.id, 3), (bob, pair(ann, bob), 4),
    ):  # fmt: skip
        await read(store, user, conv, at)
    assert await store.log.reads(group.id, 50) == {ann: 3, bob: 2, cid: 3}
    assert await store.log.reads(pair(ann, bob), 50) == {bob: 4}
    await leave(store, group.id, cid)
    assert await store.log.reads(group.id, 50) == {ann: 3, bob: 2}
    await store.users.remove(bob)
    assert await store.log.reads(group.id, 50) == {ann: 3}
    for conv in (99, *ODD_INTEGERS):
        assert await store.log.reads(conv, 50) == {}


async def test_of_too_many_members_nobody_is_told(store: Store) -> None:
    """Members who have read nothing or hide it count; those who have left do not."""
    ann, bob, cid, dan = await register(store, "Ann", "Bob", "Cid", "Dan")
    group = await make(store, "Chess", ann, bob, cid, dan)
    await read(store, bob, group.id, 4)
    await store.settings.set(cid, hide_read=True)
    await leave(store, group.id, dan)
    assert await store.log.reads(group.id, 3) == {bob: 4}
    assert await store.log.reads(group.id, 2) == {}
    assert await store.log.reads(group.id, 0) == {}


async def test_who_hides_what_they_read_is_left_out(store: Store) -> None:
    """They are left out while they hide it; hiding typing has no effect on that. They still have
    their own mark."""
    ann, bob = await register(store, "Ann", "Bob")
    conv = pair(ann, bob)
    await say(store, ann, conv, "hello")
    for user in (ann, bob):
        await read(store, user, conv, 1)
    await store.settings.set(ann, hide_typing=True)
    await store.settings.set(bob, hide_read=True)
    assert await store.log.reads(conv, 50) == {ann: 1}
    assert await read_mark(store, bob, conv) == 1
    await store.settings.set(bob, hide_read=False)
    assert await store.log.reads(conv, 50) == {ann: 1, bob: 1}


async def test_a_list_of_conversations_says_what_is_muted(store: Store) -> None:
    """It says what its own user has muted."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await make(store, "Chess", ann, bob)
    await say(store, ann, pair(ann, bob), "hello")
    await store.settings.mute(ann, group.id, True)
    await store.settings.mute(bob, pair(ann, bob), True)
    for user, muted in ((ann, [group.id]), (bob, [pair(ann, bob)])):
        found = await store.log.conversations(user, None, 9)
        assert [one.conv for one in found if one.muted] == muted


async def test_a_list_of_conversations_hides_what_is_hidden(store: Store) -> None:
    """It leaves out what the other user has read if they hide that, but not what they have got."""
    ann, bob = await register(store, "Ann", "Bob")
    conv = pair(ann, bob)
    await say(store, ann, conv, "hello")
    for user in (ann, bob):
        await read(store, user, conv, 1)
        await store.log.mark({(user, EVERYWHERE): 1})
    await store.settings.set(ann, hide_typing=True)
    await store.settings.set(bob, hide_read=True)
    (of_ann,) = await store.log.conversations(ann, None, 9)
    (of_bob,) = await store.log.conversations(bob, None, 9)
    assert (of_ann.read, of_ann.peer_read, of_ann.peer_got) == (1, None, 1)
    assert (of_bob.read, of_bob.peer_read, of_bob.peer_got) == (1, 1, 1)


async def test_a_new_epoch_cuts_what_was_read_to_the_head(store: Store) -> None:
    """It leaves marks below the head as they are."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await create(store, ann, "Chess")
    conv = pair(ann, bob)
    await say(store, ann, conv, "one", "two")
    await store.log.mark({(ann, conv): 9, (bob, conv): 2, (ann, group.id): 2**62})
    await store.log.renew()
    assert await store.log.reads(conv, 50) == {ann: 3, bob: 2}
    assert await read_mark(store, ann, group.id) == 3
