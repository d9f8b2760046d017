"""The promises of `ports.Mailbox`."""

import pytest

from chat_domain.model import Entry, Message, Outcome
from chat_domain.ports.store import Store
from tests.contract import CAPACITY
from tests.contract.making import (
    ODD_INTEGERS,
    ODD_TEXTS,
    at_once,
    facts,
    message,
    mids,
    outcomes,
    register,
    send,
)

STORED, FULL, CONFLICT = Outcome.STORED, Outcome.FULL, Outcome.CONFLICT
RESERVE = CAPACITY // 4


def numbered(number: int) -> list[Message]:
    return [message(f"m{index:03d}") for index in range(number)]


async def test_a_message_waits_for_its_recipient(store: Store) -> None:
    """What is stored is read by its recipient, with every fact, and by nobody else."""
    ann, bob = await register(store, "Ann", "Bob")
    sent = Message("m1", "c1", bob, "Bob", 7, "hello", 1_790_000_000_123)
    (filing,) = await send(store, ann, sent)
    assert filing.outcome is STORED
    assert facts([filing.message]) == facts([sent])
    assert facts(await store.mailbox.read(ann, 10, ())) == facts([sent])
    assert await store.mailbox.read(bob, 10, ()) == []


async def test_a_message_can_be_read_again(store: Store) -> None:
    """Reading removes nothing."""
    (ann,) = await register(store, "Ann")
    await send(store, ann, message("m1"))
    assert await mids(store, ann) == await mids(store, ann) == ["m1"]


@pytest.mark.parametrize("text", ODD_TEXTS)
async def test_any_text_is_kept_as_it_is(store: Store, text: str) -> None:
    """Texts and senders' names come back character by character."""
    (ann,) = await register(store, "Ann")
    sent = message("m1", text, sender_name=text[:50])
    await send(store, ann, sent)
    assert facts(await store.mailbox.read(ann, 10, ())) == facts([sent])


async def test_messages_come_in_the_order_of_their_mids(store: Store) -> None:
    """However they were stored, messages are read ascending by mid."""
    (ann,) = await register(store, "Ann")
    for mid in ("b", "d", "a", "B", "10", "9", "c"):
        await send(store, ann, message(mid, cid=f"cid-{mid}"))
    assert await mids(store, ann) == ["10", "9", "B", "a", "b", "c", "d"]


async def test_reading_is_limited(store: Store) -> None:
    """The first `limit` messages are read, all where there are fewer."""
    (ann,) = await register(store, "Ann")
    await send(store, ann, *numbered(5))
    assert [read.mid for read in await store.mailbox.read(ann, 2, ())] == ["m000", "m001"]
    assert len(await store.mailbox.read(ann, 2**63, ())) == 5


@pytest.mark.parametrize(
    ("without", "expected"),
    [
        (["m000", "m001"], ["m002", "m003", "m004"]),
        (["m001", "m003"], ["m000", "m002", "m004"]),
        (["m005", "other"], ["m000", "m001", "m002"]),
        ([f"m{index:03d}" for index in range(3, 99)], ["m000", "m001", "m002"]),
    ],
)
async def test_known_messages_are_left_out(
    store: Store, without: list[str], expected: list[str]
) -> None:
    """Those in `without` do not count for the limit, wherever they stand."""
    (ann,) = await register(store, "Ann")
    await send(store, ann, *numbered(8))
    for collection in (without, tuple(without), set(without), dict.fromkeys(without)):
        read = await store.mailbox.read(ann, 3, collection)
        assert [found.mid for found in read] == expected


async def test_nothing_is_left_when_all_is_known(store: Store) -> None:
    """A mailbox of which every message is known reads as empty."""
    (ann,) = await register(store, "Ann")
    await send(store, ann, *numbered(3))
    assert await store.mailbox.read(ann, 10, await mids(store, ann)) == []


async def test_removed_messages_are_gone(store: Store) -> None:
    """remove forgets these messages of this user; to forget them again is no error."""
    ann, bob = await register(store, "Ann", "Bob")
    for user_id in (ann, bob):
        await send(store, user_id, *numbered(4))
    for _ in range(2):
        await store.mailbox.remove(ann, ["m000", "m002", "unknown"])
    assert await mids(store, ann) == ["m001", "m003"]
    assert len(await mids(store, bob)) == 4


async def test_removing_nothing_changes_nothing(store: Store) -> None:
    """No mids at all are no error either, and make no room."""
    (ann,) = await register(store, "Ann")
    await send(store, ann, *numbered(CAPACITY))
    await store.mailbox.remove(ann, ())
    await store.mailbox.remove(ann, ["unknown"])
    assert outcomes(await send(store, ann, message("z"))) == [FULL]


async def test_a_second_copy_is_the_first_one(store: Store) -> None:
    """The same sender, cid and content again is STORED as the message that is on file."""
    (ann,) = await register(store, "Ann")
    first = message("m1", cid="c")
    await send(store, ann, first)
    (filing,) = await send(store, ann, message("m2", cid="c"))
    assert filing.outcome is STORED
    assert facts([filing.message]) == facts([first])
    assert facts(await store.mailbox.read(ann, 10, ())) == facts([first])


async def test_of_two_copies_the_earlier_is_kept(store: Store) -> None:
    """A copy with a lower mid takes the place of the one on file, with its time, and needs no
    room: so what was sent again does not come behind what was sent after it."""
    (ann,) = await register(store, "Ann")
    again = message("m7", "first", cid="c1", time_ms=7)
    await send(store, ann, again, *numbered(CAPACITY - 1))
    earlier = message("m0", "first", cid="c1", time_ms=1)
    (filing,) = await send(store, ann, earlier)
    assert (filing.outcome, facts([filing.message])) == (STORED, facts([earlier]))
    assert facts(await store.mailbox.read(ann, 1, ())) == facts([earlier])
    assert "m7" not in await mids(store, ann)
    assert outcomes(await send(store, ann, message("m9"))) == [FULL]


async def test_of_two_copies_added_together_the_earlier_is_kept(store: Store) -> None:
    """The same within one step, whichever comes first in it."""
    (ann,) = await register(store, "Ann")
    copies = [message(mid, cid="c") for mid in ("m2", "m1", "m3")]
    filings = await send(store, ann, *copies)
    assert outcomes(filings) == [STORED] * 3
    assert filings[-1].message.mid == "m1"
    assert await mids(store, ann) == ["m1"]


async def test_a_conflicting_entry_takes_nobodys_place(store: Store) -> None:
    """Another content under the same cid changes nothing, however low its mid is."""
    (ann,) = await register(store, "Ann")
    await send(store, ann, message("m7", "first", cid="c"))
    assert outcomes(await send(store, ann, message("m0", "other", cid="c"))) == [CONFLICT]
    assert await mids(store, ann) == ["m7"]


async def test_storing_can_be_repeated(store: Store) -> None:
    """The very same entry again is STORED and there once."""
    (ann,) = await register(store, "Ann")
    for _ in range(3):
        assert outcomes(await send(store, ann, message("m1"))) == [STORED]
    assert await mids(store, ann) == ["m1"]


async def test_a_copy_within_one_step(store: Store) -> None:
    """Two copies that are added together are one message."""
    (ann,) = await register(store, "Ann")
    filings = await send(store, ann, message("m1", cid="c"), message("m2", cid="c"))
    assert outcomes(filings) == [STORED, STORED]
    assert [filing.message.mid for filing in filings] == ["m1", "m1"]
    assert await mids(store, ann) == ["m1"]


@pytest.mark.parametrize("other", [{"text": "bye"}, {"text": "hello "}, {"group_id": 7}])
async def test_another_content_is_a_conflict(store: Store, other: dict[str, str]) -> None:
    """The same sender and cid with another text or place is refused; the first one stays."""
    (ann,) = await register(store, "Ann")
    first = message("m1", cid="c")
    await send(store, ann, first)
    (filing,) = await send(store, ann, message("m2", cid="c", **other))
    assert filing.outcome is CONFLICT
    assert facts([filing.message]) == facts([first])
    assert facts(await store.mailbox.read(ann, 10, ())) == facts([first])


async def test_a_cid_is_its_senders_own(store: Store) -> None:
    """The same cid of another sender, or for another recipient, is another message."""
    ann, bob = await register(store, "Ann", "Bob")
    await send(store, ann, message("m1", cid="c", sender_id=1))
    assert outcomes(await send(store, ann, message("m2", "bye", cid="c", sender_id=2))) == [STORED]
    assert outcomes(await send(store, ann, message("m3", "bye", cid="C", sender_id=1))) == [STORED]
    assert outcomes(await send(store, bob, message("m1", cid="c", sender_id=1))) == [STORED]
    assert await mids(store, ann) == ["m1", "m2", "m3"]
    assert await mids(store, bob) == ["m1"]


async def test_a_cid_may_return_after_its_message_has_gone(store: Store) -> None:
    """What has been removed is not remembered."""
    (ann,) = await register(store, "Ann")
    await send(store, ann, message("m1", cid="c"))
    await store.mailbox.remove(ann, ["m1"])
    assert outcomes(await send(store, ann, message("m2", "bye", cid="c"))) == [STORED]
    assert await mids(store, ann) == ["m2"]


async def test_a_full_mailbox_refuses(store: Store) -> None:
    """A mailbox takes as many messages as it holds; what comes then is FULL, and none goes."""
    (ann,) = await register(store, "Ann")
    assert outcomes(await send(store, ann, *numbered(CAPACITY))) == [STORED] * CAPACITY
    refused = message("z")
    (filing,) = await send(store, ann, refused)
    assert filing.outcome is FULL
    assert facts([filing.message]) == facts([refused])
    assert await mids(store, ann) == [read.mid for read in numbered(CAPACITY)]


async def test_a_full_mailbox_knows_its_messages(store: Store) -> None:
    """A copy of what is in a full mailbox is STORED all the same, and a conflict CONFLICT."""
    (ann,) = await register(store, "Ann")
    await send(store, ann, *numbered(CAPACITY))
    copies = await send(store, ann, message("m000"), message("m001", "bye"))
    assert outcomes(copies) == [STORED, CONFLICT]


async def test_copies_and_conflicts_take_no_room(store: Store) -> None:
    """Only what is stored counts."""
    (ann,) = await register(store, "Ann")
    await send(store, ann, *numbered(CAPACITY - 1))
    for _ in range(3):
        await send(store, ann, message("m000"), message("m001", "bye"))
    assert outcomes(await send(store, ann, message("y"), message("z"))) == [STORED, FULL]


async def test_removing_makes_room(store: Store) -> None:
    """A full mailbox takes as many as were removed, and no more."""
    (ann,) = await register(store, "Ann")
    await send(store, ann, *numbered(CAPACITY))
    await store.mailbox.remove(ann, ["m000", "m001", "m000", "unknown"])
    await store.mailbox.remove(ann, ["m000"])
    filings = await send(store, ann, *(message(mid) for mid in "xyz"))
    assert outcomes(filings) == [STORED, STORED, FULL]


@pytest.mark.parametrize("group_id", [0, 7])
async def test_a_full_mailbox_has_room_for_those_on_its_owners_list(
    store: Store, group_id: int
) -> None:
    """A quarter more, so that strangers who have filled it keep nobody out that Ann knows."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    await store.friends.add(ann, bob)
    await store.friends.add(cid, ann)
    await send(store, ann, *numbered(CAPACITY))

    def said_by(sender: int, mid: str) -> Message:
        return message(mid, sender_id=sender, group_id=group_id)

    entries = [said_by(cid, "y"), *(said_by(bob, f"z{number}") for number in range(RESERVE + 1))]
    expected = [FULL, *[STORED] * RESERVE, FULL]
    assert outcomes(await send(store, ann, *entries)) == expected
    assert outcomes(await send(store, ann, said_by(bob, "zz"))) == [FULL]


async def test_who_is_off_the_list_is_a_stranger(store: Store) -> None:
    """What they have sent stays."""
    ann, bob = await register(store, "Ann", "Bob")
    await store.friends.add(ann, bob)
    await send(store, ann, *numbered(CAPACITY))
    assert outcomes(await send(store, ann, message("y", sender_id=bob))) == [STORED]
    await store.friends.remove(ann, bob)
    assert outcomes(await send(store, ann, message("z", sender_id=bob))) == [FULL]
    assert len(await mids(store, ann)) == CAPACITY + 1


async def test_what_friends_have_sent_leaves_no_room_for_strangers(store: Store) -> None:
    """Only below the capacity there is some."""
    ann, bob = await register(store, "Ann", "Bob")
    await store.friends.add(ann, bob)
    await send(store, ann, *numbered(CAPACITY))
    await send(store, ann, *(message(f"z{n}", sender_id=bob) for n in range(RESERVE)))
    await store.mailbox.remove(ann, [f"m{n:03d}" for n in range(RESERVE)])
    assert outcomes(await send(store, ann, message("x"))) == [FULL]
    await store.mailbox.remove(ann, ["z0"])
    assert outcomes(await send(store, ann, message("x"))) == [STORED]


async def test_one_full_mailbox_is_nobody_elses(store: Store) -> None:
    """Each recipient has the whole capacity."""
    ann, bob = await register(store, "Ann", "Bob")
    await send(store, ann, *numbered(CAPACITY))
    assert outcomes(await send(store, bob, *numbered(CAPACITY))) == [STORED] * CAPACITY


async def test_room_for_one_is_given_once(store: Store) -> None:
    """Adding is one step: at the same time, too, no more is stored than a mailbox holds."""
    (ann,) = await register(store, "Ann")
    results = await at_once(send(store, ann, sent) for sent in numbered(2 * CAPACITY))
    stored = [
        filing.outcome for filings in results if isinstance(filings, list) for filing in filings
    ]
    assert stored.count(STORED) == stored.count(FULL) == CAPACITY
    assert len(await mids(store, ann)) == CAPACITY


@pytest.mark.parametrize("number", ODD_INTEGERS)
async def test_nobody_has_no_mailbox(store: Store, number: int) -> None:
    """An integer that is nobody's id, however large, takes nothing and has nothing."""
    await register(store, "Ann")
    sent = message("m1")
    (filing,) = await send(store, number, sent)
    assert filing.outcome is Outcome.NO_SUCH_USER
    assert facts([filing.message]) == facts([sent])
    assert await store.mailbox.read(number, 10, ()) == []
    await store.mailbox.remove(number, ["m1"])


async def test_each_entry_has_its_own_answer(store: Store) -> None:
    """Answers come in the order of the entries, and one's refusal does not touch the others."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    await send(store, ann, *numbered(CAPACITY))
    await send(store, bob, message("m0", "something else", cid="c"))
    sent = message("m1", cid="c")
    filings = await store.mailbox.add([Entry(to, sent) for to in (ann, 12345, cid, bob)])
    assert outcomes(filings) == [FULL, Outcome.NO_SUCH_USER, STORED, CONFLICT]
    assert await mids(store, cid) == ["m1"]


async def test_no_entries_have_no_answers(store: Store) -> None:
    """Nothing may be added, too."""
    assert await store.mailbox.add(()) == []


async def test_lists_that_are_handed_out_are_the_callers_own(store: Store) -> None:
    """What the caller does to a list that it was given changes nothing here."""
    (ann,) = await register(store, "Ann")
    await send(store, ann, message("m1"))
    (await store.mailbox.read(ann, 10, ())).clear()
    assert await mids(store, ann) == ["m1"]
