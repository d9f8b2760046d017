"""The rules of `chat_domain.delivery.session`, one after the other."""

import pytest

from chat_domain.delivery.held import Keeping
from chat_domain.delivery.session import (
    UNSETTLED_FOR,
    WAITING_BYTES,
    WAITING_MESSAGES,
    WINDOW_BYTES,
    WINDOW_MESSAGES,
    Phase,
    Session,
)
from chat_domain.errors import BadPush, CidConflict
from tests.unit.domain.session_bench import NOW, Bench, message, texts


@pytest.fixture
def bench() -> Bench:
    return Bench()


# -- 1, 2: phases ------------------------------------------------------------------------


def test_a_session_begins_catching_up() -> None:
    """It wants to read its mailbox, and takes nothing directly."""
    bench = Bench(live=False)
    assert bench.is_catching_up()
    assert bench.session.wants_read()
    assert texts(bench.session.offer(message(), None)) == []
    assert bench.client.pushes == []


def test_a_live_session_pushes_at_once(bench: Bench) -> None:
    """In order, numbered from 1, as messages that were not stored."""
    bench.offer("one", "two")
    assert bench.is_live()
    assert not bench.session.wants_read()
    assert bench.client.texts == ["one", "two"]
    assert bench.client.numbers == [1, 2]
    assert not any(push.stored for push in bench.client.pushes)


# -- 3: the window -----------------------------------------------------------------------


def test_the_window_holds_64_messages(bench: Bench) -> None:
    """What comes behind waits in order, and moves up as the client takes over."""
    bench.fill_window()
    bench.offer("first to wait", "second to wait")
    assert len(bench.client.pushes) == WINDOW_MESSAGES == 64
    assert bench.session.taken_over(1) == []
    assert bench.client.texts[WINDOW_MESSAGES:] == ["first to wait"]
    bench.session.taken_over(3)
    assert bench.client.texts[WINDOW_MESSAGES:] == ["first to wait", "second to wait"]
    assert bench.client.numbers == list(range(1, WINDOW_MESSAGES + 3))


def test_the_window_holds_64_kib(bench: Bench) -> None:
    """As many messages as fit by their estimated size, which counts four bytes a character."""
    bench.offer(*["x" * 4000] * 20)
    by_ascii = len(bench.client.pushes)
    assert by_ascii == WINDOW_BYTES // 4200
    bench.session.taken_over(by_ascii)
    assert len(bench.client.pushes) == 20
    bench.session.taken_over(20)
    bench.offer(*["é" * 4000] * 20)
    assert len(bench.client.pushes) - 20 == WINDOW_BYTES // 16_200


def test_a_single_message_may_be_larger_than_the_window(bench: Bench) -> None:
    """It goes alone: nothing is pushed beside it."""
    bench.offer("x" * (WINDOW_BYTES + 1), "small")
    assert len(bench.client.pushes) == 1
    bench.session.taken_over(1)
    assert bench.client.texts[1:] == ["small"]


def test_nothing_overtakes_what_waits(bench: Bench) -> None:
    """A small message waits behind a large one, though it would fit."""
    bench.offer("x" * (WINDOW_BYTES // 2), "y" * WINDOW_BYTES, "small")
    assert len(bench.client.pushes) == 1
    bench.session.taken_over(1)
    assert [text[0] for text in bench.client.texts] == ["x", "y"]
    bench.session.taken_over(2)
    assert bench.client.texts[-1] == "small"


# -- 4: taking over ----------------------------------------------------------------------


def test_taking_over_settles_all_below(bench: Bench) -> None:
    """And each sender once, however often the client says it."""
    bench.offer("one", "two", "three")
    bench.session.taken_over(2)
    assert bench.sender.statuses == ["delivered", "delivered"]
    bench.session.taken_over(2)
    bench.session.taken_over(1)
    bench.session.taken_over(0)
    assert len(bench.sender.answers) == 2
    bench.session.taken_over(3)
    assert len(bench.sender.answers) == 3


def test_a_number_that_was_not_sent_is_bad(bench: Bench) -> None:
    """It changes nothing, and the error says what the last number was."""
    bench.offer("one")
    with pytest.raises(BadPush, match="the last one was 1"):
        bench.session.taken_over(2)
    assert bench.sender.answers == []
    bench.session.taken_over(1)
    assert bench.sender.statuses == ["delivered"]


# -- 5: falling back ---------------------------------------------------------------------


def test_a_notice_makes_it_catch_up(bench: Bench) -> None:
    """What is under way and what waits is returned, in order, to be stored; the window stays."""
    window = bench.fill_window()
    bench.offer("waits one", "waits two")
    assert texts(bench.session.note_store()) == [*window, "waits one", "waits two"]
    assert bench.is_catching_up()
    bench.session.taken_over(WINDOW_MESSAGES)
    assert len(bench.client.pushes) == WINDOW_MESSAGES
    assert len(bench.sender.answers) == WINDOW_MESSAGES
    assert texts(bench.session.offer(message("late"), None)) == []


def test_what_could_not_be_stored_goes_with_the_next(bench: Bench) -> None:
    """Who catches up has nothing under way that is less safe than what is stored behind it."""
    bench.offer("under way")
    failed = bench.session.note_store()
    assert texts(bench.session.offer(message("behind"), None)) == []
    failed[0].keeping = Keeping.NOT
    bench.session.kept(failed)
    assert texts(bench.session.offer(message("behind"), None)) == ["under way"]


def test_too_many_waiting_make_it_fall_back(bench: Bench) -> None:
    """The message that is one too many is not taken: it is to be stored behind the others."""
    window = bench.fill_window()
    waiting = [str(number) for number in range(WAITING_MESSAGES)]
    bench.offer(*waiting)
    ahead = bench.session.offer(message("one too many"), None)
    assert texts(ahead) == [*window, *waiting]
    assert bench.is_catching_up()


def test_too_many_waiting_bytes_make_it_fall_back(bench: Bench) -> None:
    """Whatever their number."""
    window = bench.fill_window()
    big = ["x" * (WAITING_BYTES // 4)] * 4
    bench.offer(*big)
    assert texts(bench.session.offer(message("one too many"), None)) == [*window, *big]


def test_what_fell_back_is_not_counted_any_more(bench: Bench) -> None:
    """Once live again, as much may wait as ever."""
    bench.fill_window()
    bench.offer(*["x" * (WAITING_BYTES // 4)] * 4)
    bench.session.note_store()
    bench.session.taken_over(WINDOW_MESSAGES)
    bench.read([])
    bench.fill_window()
    bench.offer("waits")
    assert bench.client.numbers[-1] == 2 * WINDOW_MESSAGES


def test_a_copy_of_what_fell_back_is_no_copy_any_more(bench: Bench) -> None:
    """It was given away, so there is nothing here to join."""
    bench.fill_window()
    first = message("waits", cid="c")
    bench.session.offer(first, None)
    bench.session.note_store()
    bench.session.taken_over(WINDOW_MESSAGES)
    bench.read([])
    bench.session.offer(message("waits", cid="c"), None)
    assert bench.client.texts[-1] == "waits"


# -- 6: turning live ---------------------------------------------------------------------


def test_it_turns_live_when_a_read_finds_all_there_is() -> None:
    """That is, fewer than it asked for. Those are pushed first."""
    bench = Bench(live=False)
    bench.read([message("stored one"), message("stored two")])
    assert bench.is_live()
    assert bench.client.texts == ["stored one", "stored two"]
    assert all(push.stored for push in bench.client.pushes)


def test_a_full_read_does_not_make_it_live() -> None:
    """There may be more, which is read once half of the window is free."""
    bench = Bench(live=False)
    bench.read([message() for _ in range(WINDOW_MESSAGES)])
    assert bench.is_catching_up()
    assert not bench.session.wants_read()
    bench.session.taken_over(WINDOW_MESSAGES // 2 - 1)
    assert not bench.session.wants_read()
    bench.session.taken_over(WINDOW_MESSAGES // 2)
    assert bench.session.wants_read()
    assert bench.session.begin_read()[0] == WINDOW_MESSAGES // 2


def test_large_messages_hold_the_next_read_back() -> None:
    """Half of the window's bytes have to be free as well."""
    bench = Bench(live=False)
    bench.read([message("x" * 10_000) for _ in range(5)])
    bench.session.note_store()
    bench.session.taken_over(1)
    assert not bench.session.wants_read()
    bench.session.taken_over(2)
    assert bench.session.wants_read()


def test_what_does_not_fit_is_left_for_the_next_read() -> None:
    """It stays in the mailbox, and the session is not live before that was read."""
    bench = Bench(live=False)
    big = [message("x" * 30_000) for _ in range(3)]
    bench.read(big)
    assert len(bench.client.pushes) == 2
    assert bench.is_catching_up()
    bench.session.removed(bench.session.taken_over(2))
    assert bench.read(big[2:]) == frozenset()
    assert bench.is_live()
    assert len(bench.client.pushes) == 3


def test_one_read_at_a_time() -> None:
    """None is wanted while one is under way."""
    bench = Bench(live=False)
    bench.session.begin_read()
    assert not bench.session.wants_read()


def test_a_notice_during_a_read_asks_for_another() -> None:
    """The read may have been too early to see what was stored."""
    bench = Bench(live=False)
    asked, _ = bench.session.begin_read()
    bench.session.note_store()
    bench.session.end_read([], asked)
    assert bench.is_catching_up()
    assert bench.session.wants_read()
    bench.read([])
    assert bench.is_live()


def test_it_stays_catching_up_while_something_is_being_stored() -> None:
    """Also when reads find nothing; of two stores the last one counts."""
    bench = Bench(live=False)
    bench.session.store_begins()
    bench.session.store_begins()
    bench.read([])
    bench.session.store_ended()
    bench.read([])
    assert bench.is_catching_up()
    bench.session.store_ended()
    bench.read([])
    assert bench.is_live()


def test_the_end_of_a_store_is_a_notice(bench: Bench) -> None:
    """Even of a session that was live when it began."""
    bench.offer("under way")
    bench.session.store_begins()
    assert texts(bench.session.store_ended()) == ["under way"]
    assert bench.is_catching_up()


def test_a_failed_read_changes_nothing() -> None:
    """It is wanted again."""
    bench = Bench(live=False)
    bench.read(None)
    assert bench.is_catching_up()
    assert bench.session.wants_read()


# -- 7: the mailbox's copies ----------------------------------------------------------------


def test_what_was_taken_over_is_to_be_removed_from_the_mailbox() -> None:
    """Of what came from there, and not before it is taken over."""
    bench = Bench(live=False)
    stored = [message("one"), message("two")]
    bench.read(stored)
    bench.offer("live")
    assert bench.session.taken_over(1) == [stored[0].mid]
    assert bench.session.taken_over(3) == [stored[1].mid]


def test_reads_leave_out_what_is_on_the_way() -> None:
    """From its push until it is removed from the mailbox, so that it is not pushed twice."""
    bench = Bench(live=False)
    stored = [message("one"), message("two")]
    bench.read(stored)
    bench.session.note_store()
    mids = {one.mid for one in stored}
    assert bench.read([]) == mids
    done = bench.session.taken_over(2)
    bench.session.note_store()
    assert bench.read([]) == mids
    bench.session.removed(done)
    bench.session.note_store()
    assert bench.read([]) == frozenset()


# -- 8: copies ----------------------------------------------------------------------------


def test_a_copy_of_what_is_in_the_window_joins_it(bench: Bench) -> None:
    """It is pushed once, both senders are answered, and both about the first one."""
    first, second = message("hello", cid="c"), message("hello", cid="c")
    bench.session.offer(first, bench.receipt(first))
    bench.session.offer(second, bench.receipt(second))
    assert bench.client.texts == ["hello"]
    bench.session.taken_over(1)
    assert bench.sender.statuses == ["delivered", "delivered"]
    assert {answer.mid for answer in bench.sender.answers} == {first.mid}


def test_a_copy_of_what_waits_joins_it(bench: Bench) -> None:
    """It does not wait twice."""
    bench.fill_window()
    first, second = message("hello", cid="c"), message("hello", cid="c")
    bench.session.offer(first, bench.receipt(first))
    bench.session.offer(second, bench.receipt(second))
    waiting = bench.session.note_store()[WINDOW_MESSAGES:]
    assert texts(waiting) == ["hello"]
    assert len(waiting[0].each_receipt()) == 2


def test_a_copy_of_what_came_from_the_mailbox_is_stored(bench: Bench) -> None:
    """The mailbox has it, so its sender is told so at once."""
    stored = message("hello", cid="c")
    bench.session.note_store()
    bench.read([stored])
    second = message("hello", cid="c")
    assert bench.session.offer(second, bench.receipt(second)) is None
    assert bench.sender.statuses == ["stored"]
    assert bench.sender.answers[0].mid == stored.mid
    assert bench.client.texts == ["hello"]


def test_a_copy_without_a_receipt_is_just_dropped(bench: Bench) -> None:
    """Its sender wants no answers."""
    bench.session.offer(message("hello", cid="c"), None)
    assert bench.session.offer(message("hello", cid="c"), None) is None
    assert bench.client.texts == ["hello"]


def test_another_content_under_the_same_cid_is_a_conflict(bench: Bench) -> None:
    """Whether the first is in the window or waits."""
    bench.session.offer(message("hello", cid="c"), None)
    with pytest.raises(CidConflict):
        bench.session.offer(message("goodbye", cid="c"), None)
    bench.fill_window()
    bench.session.offer(message("hello", cid="d"), None)
    with pytest.raises(CidConflict):
        bench.session.offer(message("goodbye", cid="d"), None)


def test_a_cid_is_its_sender_s_own(bench: Bench) -> None:
    """Two senders may use the same one."""
    bench.session.offer(message("from seven", cid="c"), None)
    bench.session.offer(message("from eight", cid="c", sender=8), None)
    assert bench.client.texts == ["from seven", "from eight"]


def test_what_was_taken_over_is_joined_no_more(bench: Bench) -> None:
    """The receiving client remembers cids; the server does not."""
    bench.session.offer(message("hello", cid="c"), None)
    bench.session.taken_over(1)
    bench.session.offer(message("hello", cid="c"), None)
    assert bench.client.texts == ["hello", "hello"]


@pytest.mark.parametrize("fall_back", [Session.note_store, Session.fall_back])
def test_a_copy_joins_what_is_in_the_window_while_it_catches_up(
    bench: Bench, fall_back: object
) -> None:
    """Otherwise it would be stored and pushed a second time."""
    first, second = message("hello", cid="c"), message("hello", cid="c")
    bench.session.offer(first, bench.receipt(first))
    assert callable(fall_back)
    fall_back(bench.session)
    assert bench.session.offer(second, bench.receipt(second)) is None
    bench.session.taken_over(1)
    assert bench.sender.statuses == ["delivered", "delivered"]


# -- 9: the end ----------------------------------------------------------------------------


def test_an_ended_session_gives_back_what_was_not_taken_over(bench: Bench) -> None:
    """In order: the window, then what waits. Once."""
    bench.fill_window()
    bench.offer("waits")
    bench.session.taken_over(WINDOW_MESSAGES - 1)
    bench.offer("last")
    assert texts(bench.session.end()) == [f"in the window {WINDOW_MESSAGES - 1}", "waits", "last"]
    assert bench.session.phase is Phase.ENDED
    assert texts(bench.session.end()) == []


def test_what_waits_is_given_back_behind_the_window(bench: Bench) -> None:
    """For it came later."""
    bench.fill_window()
    bench.offer("waits")
    given_back = texts(bench.session.end())
    assert len(given_back) == WINDOW_MESSAGES + 1
    assert (given_back[0], given_back[-1]) == ("in the window 0", "waits")


def test_a_session_on_hold_does_not_read() -> None:
    """Its client does not know yet that it is logged in, and would ignore what comes."""
    bench = Bench(live=False)
    bench.session.on_hold = True
    assert not bench.session.wants_read()
    bench.session.on_hold = False
    assert bench.session.wants_read()


def test_what_the_mailbox_has_is_not_given_back() -> None:
    """It is there already."""
    bench = Bench(live=False)
    bench.read([message("stored")])
    bench.offer("live")
    assert texts(bench.session.end()) == ["live"]


def test_an_ended_session_pushes_nothing(bench: Bench) -> None:
    """Neither what is offered nor what a late read finds; and it never comes back to life."""
    bench.session.note_store()
    asked, _ = bench.session.begin_read()
    bench.session.end()
    bench.session.end_read([message("late")], asked)
    assert texts(bench.session.offer(message("later"), None)) == []
    assert texts(bench.session.note_store()) == []
    assert bench.client.pushes == []
    assert bench.session.phase is Phase.ENDED
    assert not bench.session.wants_read()


def test_taking_over_after_the_end_settles_nothing(bench: Bench) -> None:
    """The message is being stored; its sender is answered for that."""
    bench.offer("one")
    bench.session.end()
    assert bench.session.taken_over(1) == []
    assert bench.sender.answers == []


# -- time ------------------------------------------------------------------------------------


def test_what_is_not_settled_for_8_seconds_is_overdue(bench: Bench) -> None:
    """All that the mailbox does not have, in order; what waits leaves the session."""
    bench.fill_window()
    bench.offer("waits")
    assert bench.session.overdue(NOW + 7999) == ()
    overdue = bench.session.overdue(NOW + 8000)
    assert len(overdue) == WINDOW_MESSAGES + 1
    assert overdue[-1].message.text == "waits"
    assert bench.is_catching_up()
    assert bench.session.overdue(NOW + UNSETTLED_FOR) == ()


def test_nobody_waits_for_an_answer_so_nothing_is_overdue(bench: Bench) -> None:
    """A version 1 sender's message is left to the client's own pace."""
    bench.session.offer(message(), None)
    assert bench.session.overdue(NOW + 2 * UNSETTLED_FOR) == ()


def test_a_settled_session_has_nothing_overdue(bench: Bench) -> None:
    """Whatever the clock says."""
    bench.offer("one")
    bench.session.taken_over(1)
    assert bench.session.overdue(NOW + 2 * UNSETTLED_FOR) == ()


def test_what_was_stored_for_lateness_is_removed_once_taken_over(bench: Bench) -> None:
    """And not given back at the end, for the mailbox has it."""
    one, two = bench.offer("one", "two")
    overdue = bench.session.overdue(NOW + UNSETTLED_FOR)
    for held in overdue:
        held.keeping = Keeping.DONE
    assert bench.session.kept(overdue) == []
    assert bench.session.taken_over(1) == [one.mid]
    assert texts(bench.session.end()) == []
    assert two.mid in bench.read([])


def test_what_was_taken_over_while_it_was_stored_is_removed_afterwards(bench: Bench) -> None:
    """The client was quicker than the store."""
    (one,) = bench.offer("one")
    overdue = bench.session.overdue(NOW + UNSETTLED_FOR)
    assert bench.session.taken_over(1) == []
    assert bench.sender.statuses == ["delivered"]
    overdue[0].keeping = Keeping.DONE
    assert bench.session.kept(overdue) == [one.mid]


def test_reads_leave_out_what_is_stored_for_lateness(bench: Bench) -> None:
    """It is in the window already. If it could not be stored, there is nothing to leave out."""
    (one,) = bench.offer("one")
    overdue = bench.session.overdue(NOW + UNSETTLED_FOR)
    assert bench.read([]) == {one.mid}
    overdue[0].keeping = Keeping.NOT
    bench.session.kept(overdue)
    assert bench.read([]) == frozenset()
    assert texts(bench.session.end()) == ["one"]


def test_a_read_that_was_under_way_does_not_push_what_was_stored_for_lateness(
    bench: Bench,
) -> None:
    """It may find what was not in the mailbox when it began, and what is in the window."""
    (one,) = bench.offer("one")
    failed = bench.session.note_store()
    failed[0].keeping = Keeping.NOT
    bench.session.kept(failed)
    asked, without = bench.session.begin_read()
    assert without == frozenset()
    bench.session.overdue(NOW + UNSETTLED_FOR)
    bench.session.end_read([one], asked)
    assert bench.client.texts == ["one"]


def test_a_session_is_stalled_after_6_seconds_without_progress(bench: Bench) -> None:
    """Counted from when the oldest message under way was first seen to be the oldest."""
    bench.offer("one", "two")
    assert not bench.session.stalled(100.0)
    assert not bench.session.stalled(105.9)
    bench.session.taken_over(1)
    assert not bench.session.stalled(106.0)
    assert not bench.session.stalled(111.9)
    assert bench.session.stalled(112.0)


def test_a_session_with_nothing_under_way_is_never_stalled(bench: Bench) -> None:
    """However long it is silent; and the next message has its own 6 s."""
    assert not bench.session.stalled(0.0)
    assert not bench.session.stalled(1000.0)
    bench.offer("one")
    assert not bench.session.stalled(2000.0)
    bench.session.taken_over(1)
    assert not bench.session.stalled(3000.0)
    bench.offer("two")
    assert not bench.session.stalled(4000.0)


def test_a_copy_that_is_found_in_the_mailbox_joins_the_one_in_the_window(bench: Bench) -> None:
    """Another node has stored what was sent again: it is not pushed twice, its sender is told, and
    it leaves the mailbox under the mid that it has there."""
    stored, first = message("hello", cid="c"), message("hello", cid="c")
    bench.session.offer(first, bench.receipt(first))
    bench.session.note_store()
    bench.read([stored])
    assert bench.sender.statuses == ["stored"]
    assert stored.mid in bench.read([])
    assert bench.session.taken_over(1) == [stored.mid]
    assert bench.client.texts == ["hello"]


def test_an_earlier_copy_gives_its_place_to_the_one_in_the_window(bench: Bench) -> None:
    """Should it be stored after all, then where the earlier one stands among its sender's."""
    earlier, first = message("hello", cid="c"), message("hello", cid="c")
    bench.session.offer(first, bench.receipt(first))
    assert bench.session.offer(earlier, bench.receipt(earlier)) is None
    assert [held.message.mid for held in bench.session.end()] == [earlier.mid]


def test_an_earlier_copy_of_what_is_stored_is_stored_too(bench: Bench) -> None:
    """Only the mailbox can put it forward."""
    earlier, first = message("hello", cid="c"), message("hello", cid="c")
    bench.session.offer(first, None)
    (held,) = bench.session.note_store()
    held.keep()
    assert texts(bench.session.offer(earlier, None)) == []
    assert bench.client.texts == ["hello"]


def test_another_content_under_the_same_cid_joins_nothing(bench: Bench) -> None:
    """It is a message of its own, whoever let it in."""
    first, other = message("hello", cid="c"), message("other", cid="c")
    bench.session.offer(first, None)
    bench.session.note_store()
    bench.read([other])
    assert bench.client.texts == ["hello", "other"]


# -- what its user sends -----------------------------------------------------------------


def test_what_was_accepted_behind_a_refused_message_overtakes_it(bench: Bench) -> None:
    """Until it has come again and afterwards; what comes behind it then does not."""
    earlier, refused, behind, again, later = (message(cid=cid) for cid in "abcbd")
    bench.session.sendings.expect_again(refused.mid, refused)
    overtaking = [bench.session.sendings.overtakes(one.mid) for one in (earlier, behind)]
    assert overtaking == [False, True]
    assert not bench.session.sendings.out_of_order(again.mid, again.cid)
    overtaking = [
        bench.session.sendings.overtakes(one.mid) for one in (earlier, behind, again, later)
    ]
    assert overtaking == [False, True, False, False]
