"""The promises of `ports.Log.append`, except what changes do (`log_changes`)."""

import asyncio

import attrs
import pytest

from chat_domain.entries import Batch, ChangeKind, Duplicate, Entry, EntryRef, pair
from chat_domain.errors import CidConflict, NoSuchGroup, NoSuchUser, NotMember
from chat_domain.model import OPERATOR, User
from chat_domain.ports.log import Committed, EpochChanged, Outcome, OutOfDate
from chat_domain.ports.store import Store
from tests.contract.making import (
    MADE,
    NOBODY,
    ODD_TEXTS,
    alike,
    append,
    ats,
    change,
    commit,
    create,
    facts,
    join,
    leave,
    make,
    others_than,
    register,
    remove,
    say,
    text,
    write,
)


async def batch(store: Store, *entries: Entry, **others: object) -> Batch:
    """A batch from a writer who knows everything in the log, except for `others`."""
    ends = await store.log.ends()
    known = Batch(entries, ends.epoch, ends.head, EntryRef(), NOBODY)
    return attrs.evolve(known, **others)  # type: ignore[arg-type]


async def test_the_first_position_is_one(store: Store) -> None:
    """A new log is empty, and says so."""
    ends = await store.log.ends()
    assert (ends.head, ends.oldest, ends.changed) == (0, 1, 0)
    assert ends.epoch
    ann, bob = await register(store, "Ann", "Bob")
    (said,) = await say(store, ann, pair(ann, bob), "hello")
    assert said.at == 1
    assert (await store.log.ends()).head == 1


async def test_positions_are_in_the_order_of_the_batch(store: Store) -> None:
    """This holds across conversations, and there is no hole between batches."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    first = await append(store, *(text(ann, pair(ann, one)) for one in (bob, cid, ann, bob)))
    second = await append(store, text(bob, pair(ann, bob)), text(cid, pair(bob, cid)))
    assert ats(*first, *second) == [1, 2, 3, 4, 5, 6]
    assert [entry.at for entry in (await store.log.tail(0, 9)).entries] == [1, 2, 3, 4, 5, 6]


async def test_an_entry_is_kept_with_every_fact(store: Store) -> None:
    """It is read with its sender's name, or with a placeholder if the account is removed."""
    ann, bob = await register(store, "Ann", "Bob")
    said = await write(store, text(bob, pair(ann, bob), "bye", answers=7, time_ms=MADE + 5))
    (found,) = (await store.log.tail(0, 9)).entries
    assert facts(found) == facts(said) == (1, pair(ann, bob), *facts(said)[2:])
    assert (found.text, found.answers, found.time_ms) == ("bye", 7, MADE + 5)
    assert found.sender_name == "Bob"
    await store.users.remove(bob)
    (found,) = (await store.log.tail(0, 9)).entries
    assert (found.sender_id, found.sender_name, found.text) == (bob, "?", "bye")


async def test_the_operator_s_entries_have_no_name(store: Store) -> None:
    """They are read as they were pushed: the operator is no user whose account was removed."""
    (ann,) = await register(store, "Ann")
    group = await create(store, ann, "a group")
    await write(store, change(ChangeKind.RENAMED, OPERATOR.id, group.id, name="another name"))
    (_, found) = (await store.log.tail(0, 9)).entries
    assert User(found.sender_id, found.sender_name) == OPERATOR


async def test_any_text_is_kept_as_it_is(store: Store) -> None:
    """A follower of the log and a reader of a page get the same text."""
    ann, bob = await register(store, "Ann", "Bob")
    await say(store, ann, pair(ann, bob), *ODD_TEXTS)
    followed = (await store.log.tail(0, 99)).entries
    paged = await store.log.page(bob, pair(ann, bob), before=None, after=0, limit=99)
    assert [one.text for one in followed] == [*ODD_TEXTS]
    assert [one.text for one in paged] == [*ODD_TEXTS]


async def test_batches_are_committed_in_the_order_in_which_they_are_given(store: Store) -> None:
    """This holds even if none waits for another. `done` is called in that order, and never from
    within `append`."""
    ann, bob = await register(store, "Ann", "Bob")
    outcomes: list[Outcome] = []
    entries = [text(ann, pair(ann, bob), str(number)) for number in range(20)]
    every = [await batch(store, entry) for entry in entries]
    for one in every:
        store.log.append(one, outcomes.append)
    assert outcomes == []
    while len(outcomes) < 20:  # noqa: ASYNC110  # a callback has no event
        await asyncio.sleep(0)
    assert all(isinstance(outcome, Committed) for outcome in outcomes)
    assert [entry.at for entry in entries] == list(range(1, 21))


async def test_whoever_sees_a_position_can_read_all_below_it(store: Store) -> None:
    """While eight users write at the same time, a reader never finds a hole."""
    users = await register(store, *(f"user {number}" for number in range(8)))
    seen: list[int] = []

    async def keep_writing(sender: int) -> None:
        for number in range(12):
            other = users[(sender + number) % 8]
            entries = [text(sender, pair(sender, other)) for _ in range(1 + number % 5)]
            await append(store, *entries)

    async def keep_reading() -> None:
        while len(seen) < 8 * 33:
            reading = await store.log.tail(len(seen), 7)
            seen.extend(entry.at for entry in reading.entries)
            assert seen == list(range(1, len(seen) + 1))
            assert reading.upto >= len(seen)
            await asyncio.sleep(0)

    await asyncio.gather(*map(keep_writing, users), keep_reading())


# -- copies ---------------------------------------------------------------------------------------


async def test_a_copy_is_answered_with_where_the_first_is(store: Store) -> None:
    """This holds in later batches, as often as the copy comes. The copy is not written; what is new
    in its batch is."""
    ann, bob = await register(store, "Ann", "Bob")
    first = await write(store, text(ann, pair(ann, bob), cid="a"))
    for n in (2, 3):
        copy = text(ann, pair(ann, bob), cid="a", time_ms=MADE + n)
        known, new = await append(store, copy, text(ann, pair(ann, bob)))
        assert known == Duplicate(first.at, first.time_ms, first.conv)
        assert ats(new) == [n]
        assert copy.at == 0


async def test_a_copy_in_the_same_batch_is_one(store: Store) -> None:
    """This holds anywhere in the batch, whether or not the two have talked before."""
    ann, bob = await register(store, "Ann", "Bob")
    for cid, head in (("a", 0), ("b", 3)):
        results = await append(
            store,
            text(ann, pair(ann, bob), cid=cid),
            text(ann, pair(ann, bob)),
            text(ann, pair(ann, bob), cid=cid),
            text(ann, pair(ann, bob)),
        )
        assert results[2] == Duplicate(head + 1, MADE, pair(ann, bob))
        assert ats(*results) == [head + 1, head + 2, head + 1, head + 3]


async def test_a_cid_is_each_sender_s_own(store: Store) -> None:
    """Cids are compared exactly, case included."""
    ann, bob = await register(store, "Ann", "Bob")
    conv = pair(ann, bob)
    cids = [(ann, "a"), (bob, "a"), (ann, "A"), (ann, "a-"), (ann, "-a"), (ann, "aa")]
    results = [await append(store, text(sender, conv, cid=cid)) for sender, cid in cids]
    assert ats(*(one for (one,) in results)) == [1, 2, 3, 4, 5, 6]


async def test_another_message_under_the_same_cid_is_a_conflict(store: Store) -> None:
    """Another text, conversation or `answers` makes it another message, and so does a change; in
    the same batch, too."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    conv = pair(ann, bob)
    await write(store, text(ann, conv, cid="a"))
    results = await append(
        store,
        text(ann, conv, "Hello", cid="a"),
        text(ann, pair(ann, cid), cid="a"),
        text(ann, conv, cid="a", answers=1),
        change(ChangeKind.CREATED, ann, name="Chess", cid="a"),
        text(ann, conv, cid="b"),
        text(ann, conv, "hello ", cid="b"),
    )
    assert [type(result) for result in results] == [CidConflict] * 4 + [Entry, CidConflict]
    assert (await store.log.ends()).head == 2
    assert await store.groups.find("chess") is None


async def test_a_change_that_comes_again_gets_its_first_answer(store: Store) -> None:
    """It does so although it could not be carried out twice. A different change under its cid is a
    conflict."""
    ann, bob = await register(store, "Ann", "Bob")
    created = await write(store, change(ChangeKind.CREATED, ann, name="Chess", cid="a"))
    group = created.conv
    joined = await write(store, change(ChangeKind.JOINED, bob, group, cid="b"))
    left = await write(store, change(ChangeKind.LEFT, ann, group, cid="c"))
    assert left.change is not None
    assert left.change.user_id == bob
    results = await append(
        store,
        change(ChangeKind.CREATED, ann, name="Chess", cid="a"),
        change(ChangeKind.JOINED, bob, group, cid="b"),
        change(ChangeKind.LEFT, ann, group, cid="c"),
        change(ChangeKind.CREATED, ann, name="Go", cid="a"),
        change(ChangeKind.LEFT, bob, group, cid="b"),
        change(ChangeKind.LEFT, ann, group + 1, cid="c"),
        text(bob, group, cid="b"),
    )
    assert ats(*results[:3]) == [created.at, joined.at, left.at]
    assert {type(result) for result in results[:3]} == {Duplicate}
    assert {type(result) for result in results[3:]} == {CidConflict}
    assert (await store.log.ends()).head == 3


async def test_a_change_is_known_although_its_group_is_not(store: Store) -> None:
    """A user who joins by a name that no group has any more gets the first answer under the same
    cid, and for anything else the reason why it is refused."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await make(store, "Chess", ann)
    joined = await write(store, change(ChangeKind.JOINED, bob, group.id, cid="b"))
    await write(store, change(ChangeKind.LEFT, bob, group.id, cid="c"))
    cids = ("b", "c", "B", "b ", "")
    results = await append(
        store,
        *(change(ChangeKind.JOINED, bob, 0, cid=cid) for cid in cids),
        change(ChangeKind.JOINED, ann, 0, cid="b"),
        refused={place: NoSuchGroup("chess") for place in range(6)},
    )
    assert results[0] == Duplicate(joined.at, MADE, group.id)
    assert [type(one) for one in results[1:]] == [CidConflict, *[NoSuchGroup] * 4]
    assert str(results[2]) == str(NoSuchGroup("chess"))


async def test_of_a_removal_and_a_name_the_copy_has_to_say_the_same(store: Store) -> None:
    """A removal has to name the same user, a renaming the same name."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    group = await make(store, "Chess", ann, bob, cid)
    removed = await write(store, change(ChangeKind.REMOVED, ann, group.id, bob, cid="a"))
    renamed = await write(store, change(ChangeKind.RENAMED, ann, group.id, name="Go", cid="b"))
    results = await append(
        store,
        change(ChangeKind.REMOVED, ann, group.id, bob, cid="a"),
        change(ChangeKind.RENAMED, ann, group.id, name="Go", cid="b"),
        change(ChangeKind.REMOVED, ann, group.id, cid, cid="a"),
        change(ChangeKind.RENAMED, ann, group.id, name="Shogi", cid="b"),
    )
    assert results[:2] == [Duplicate(one.at, MADE, group.id) for one in (removed, renamed)]
    assert [type(result) for result in results[2:]] == [CidConflict] * 2


async def test_a_copy_of_what_was_deleted_is_no_conflict(store: Store) -> None:
    """Its text does not matter; in another conversation, it is a conflict."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    first = await write(store, text(ann, pair(ann, bob), "hello", cid="a"))
    await write(store, change(ChangeKind.ERASED, ann, pair(ann, ann)))
    results = await append(
        store,
        text(ann, pair(ann, bob), "hello", cid="a"),
        text(ann, pair(ann, bob), "what was it?", cid="a"),
        text(ann, pair(ann, cid), "hello", cid="a"),
    )
    assert results[:2] == [Duplicate(first.at, MADE, pair(ann, bob))] * 2
    assert isinstance(results[2], CidConflict)


async def test_a_copy_is_known_before_it_is_authorized(store: Store) -> None:
    """It gets the first one's answer even if nobody, or not its sender, may write there now."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await make(store, "Chess", ann, bob)
    first = await write(store, text(bob, group.id, cid="a"))
    second = await write(store, text(bob, pair(ann, bob), cid="b"))
    await leave(store, group.id, bob)
    await store.users.remove(ann)
    copies = text(bob, group.id, cid="a"), text(bob, pair(ann, bob), cid="b")
    results = await append(store, *copies, refused={0: NotMember(group.id)})
    assert results == [Duplicate(one.at, MADE, one.conv) for one in (first, second)]


# -- refusals -------------------------------------------------------------------------------------


async def test_who_may_not_write_is_told_why(store: Store) -> None:
    """The reason is the writer's, or that the group does not exist; the others leave no hole."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await make(store, "Chess", ann)
    head = (await store.log.ends()).head
    results = await append(
        store,
        text(ann, group.id),
        text(bob, group.id),
        text(bob, group.id + 1),
        text(ann, pair(ann, bob)),
        refused={1: NotMember(group.id), 2: NotMember(group.id + 1)},
    )
    assert ats(results[0], results[3]) == [head + 1, head + 2]
    assert alike(results[1:3], [NotMember(group.id), NoSuchGroup(group.id + 1)])


@pytest.mark.parametrize("nobody", [3, 2**31 - 1])
async def test_nobody_writes_to_who_is_not_there(store: Store, nobody: int) -> None:
    """Either of the two may be missing; the others of the batch are admitted, without a hole."""
    ann, bob = await register(store, "Ann", "Bob")
    results = await append(
        store,
        text(ann, pair(ann, bob)),
        text(ann, pair(ann, nobody)),
        text(nobody, pair(nobody, bob)),
        text(bob, pair(ann, bob)),
        text(nobody, pair(nobody, nobody)),
    )
    assert ats(results[0], results[3]) == [1, 2]
    for place in (1, 2, 4):
        refusal = results[place]
        assert isinstance(refusal, NoSuchUser)
        assert refusal.who == nobody
    assert (await store.log.ends()).head == 2


async def test_nobody_writes_to_who_is_no_more(store: Store) -> None:
    """This holds even if they have talked before."""
    ann, bob = await register(store, "Ann", "Bob")
    await say(store, ann, pair(ann, bob), "hello")
    await store.users.remove(bob)
    (refusal,) = await append(store, text(ann, pair(ann, bob)))
    assert isinstance(refusal, NoSuchUser)
    assert refusal.who == bob


async def test_a_refused_message_can_be_sent_again(store: Store) -> None:
    """A refusal is not remembered: the same cid is admitted later."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await make(store, "Chess", ann)
    copies = [text(bob, group.id, cid="a") for _ in range(2)]
    refusals = await append(store, *copies, refused=dict.fromkeys((0, 1), NotMember(group.id)))
    assert alike(refusals, [NotMember(group.id)] * 2)
    await join(store, group.id, bob)
    assert isinstance(await write(store, text(bob, group.id, cid="a")), Entry)


async def test_who_has_left_in_the_same_batch_writes_no_more(store: Store) -> None:
    """Nor does a user who was removed in it, nor anybody in a group that was ended in it."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    group = await make(store, "Chess", ann, bob, cid)
    results = await append(
        store,
        text(bob, group.id),
        change(ChangeKind.LEFT, bob, group.id),
        text(bob, group.id),
        text(ann, group.id),
        change(ChangeKind.REMOVED, ann, group.id, cid),
        text(cid, group.id),
        change(ChangeKind.ENDED, ann, group.id),
        text(ann, group.id),
    )
    admitted = [place for place, result in enumerate(results) if isinstance(result, Entry)]
    assert admitted == [0, 1, 3, 4, 6]
    refused = [NotMember(group.id), NotMember(group.id), NoSuchGroup(group.id)]
    assert alike([results[2], results[5], results[7]], refused)


# -- what a batch was authorized by ---------------------------------------------------------------


async def test_what_was_authorized_before_a_change_is_out_of_date(store: Store) -> None:
    """Nothing of such a batch is committed, whatever the change is about."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await create(store, ann, "Chess")
    old = await batch(store, text(ann, pair(ann, bob)))
    joined = await join(store, group.id, bob)
    await say(store, ann, pair(ann, bob), "hello")
    assert await commit(store, old) == OutOfDate(joined.at)
    assert (await store.log.ends()) == attrs.evolve(
        await store.log.ends(), head=joined.at + 1, changed=joined.at
    )
    assert isinstance(await commit(store, attrs.evolve(old, applied=joined.at)), Committed)


async def test_texts_put_nothing_out_of_date(store: Store) -> None:
    """Nor does the end of one session: logins end sessions, and there may be thousands at once."""
    ann, bob = await register(store, "Ann", "Bob")
    old = await batch(store, text(ann, pair(ann, bob)))
    await say(store, bob, pair(ann, bob), "hello")
    await write(store, change(ChangeKind.DEVICE_ENDED, ann, pair(ann, ann)))
    assert isinstance(await commit(store, old), Committed)
    assert (await store.log.ends()).changed == 0


@pytest.mark.parametrize("what", [ChangeKind.ERASED, ChangeKind.ALL_ENDED])
async def test_what_was_authorized_before_a_user_was_shut_out_is_out_of_date(
    store: Store, what: ChangeKind
) -> None:
    """Otherwise the user's texts would come behind it, and stay."""
    ann, bob = await register(store, "Ann", "Bob")
    old = await batch(store, text(ann, pair(ann, bob)))
    shut_out = await write(store, change(what, ann, pair(ann, ann)))
    assert await commit(store, old) == OutOfDate(shut_out.at)


async def test_in_another_epoch_nothing_is_committed(store: Store) -> None:
    """A writer that still knows the epoch before gets EpochChanged."""
    ann, bob = await register(store, "Ann", "Bob")
    old = await batch(store, text(ann, pair(ann, bob)))
    assert isinstance(await commit(store, old), Committed)
    again = attrs.evolve(old, entries=(text(ann, pair(ann, bob)),))
    epoch = await store.log.renew()
    assert await commit(store, again) == EpochChanged()
    assert (await store.log.ends()).head == 1
    assert isinstance(await commit(store, attrs.evolve(again, epoch=epoch)), Committed)


async def test_who_remembers_another_entry_commits_nothing(store: Store) -> None:
    """Nor does one who has authorized by a position that the log does not have."""
    ann, bob = await register(store, "Ann", "Bob")
    first, second = await say(store, ann, pair(ann, bob), "one", "two")
    right = [first.ref, second.ref]
    wrong = [*others_than(second), attrs.evolve(first.ref, cid="other")]
    for last in (*wrong, *right, EntryRef()):
        outcome = await commit(store, await batch(store, text(ann, pair(ann, bob)), last=last))
        assert isinstance(outcome, EpochChanged if last in wrong else Committed), last
    assert await commit(store, await batch(store, applied=99)) == EpochChanged()


async def test_an_entry_has_its_position_from_the_log_alone(store: Store) -> None:
    """An entry that was refused or not committed has none."""
    ann, bob = await register(store, "Ann", "Bob")
    old = await batch(store, text(ann, pair(ann, bob)), text(ann, pair(ann, 2**31 - 1)))
    await create(store, ann, "Chess")
    assert isinstance(await commit(store, old), OutOfDate)
    assert [entry.at for entry in old.entries] == [0, 0]
    assert isinstance(await commit(store, attrs.evolve(old, applied=1)), Committed)
    assert [entry.at for entry in old.entries] == [2, 0]


async def test_a_removal_of_who_is_no_member_writes_nothing(store: Store) -> None:
    """A change that is refused has no position, and takes none from the others."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await create(store, ann, "Chess")
    results = await append(
        store,
        change(ChangeKind.JOINED, ann, group.id),
        text(ann, pair(ann, bob)),
        change(ChangeKind.REMOVED, ann, group.id, bob),
        change(ChangeKind.JOINED, bob, group.id),
    )
    assert ats(results[1], results[3]) == [2, 3]
    assert (await store.log.ends()).changed == 3
    await remove(store, group.id, bob)
