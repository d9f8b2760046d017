"""What comes for a session during a read that may be its last (rule 2 of `session`)."""

import pytest

from chat_domain.delivery.held import Keeping
from chat_domain.delivery.session import UNSETTLED_FOR, WAITING_MESSAGES, WINDOW_MESSAGES
from tests.unit.domain.session_bench import NOW, Bench, message, texts


@pytest.fixture
def bench() -> Bench:
    return Bench(live=False)


def test_it_is_pushed_behind_what_the_read_finds(bench: Bench) -> None:
    """And the session is live."""
    asked, _ = bench.session.begin_read()
    bench.offer("live one", "live two")
    assert bench.client.pushes == []
    bench.session.end_read([message("stored")], asked)
    assert bench.client.texts == ["stored", "live one", "live two"]
    assert [push.stored for push in bench.client.pushes] == [True, False, False]
    assert bench.is_live()


def test_it_waits_until_the_window_has_room(bench: Bench) -> None:
    """As behind everything else."""
    asked, _ = bench.session.begin_read()
    bench.offer("live")
    bench.session.end_read([message() for _ in range(asked - 1)], asked)
    bench.offer("later")
    assert len(bench.client.texts) == WINDOW_MESSAGES
    assert bench.client.texts[-1] == "live"
    bench.session.taken_over(1)
    assert bench.client.texts[-1] == "later"


def test_it_is_stored_if_the_read_has_not_found_all(bench: Bench) -> None:
    """Before what is offered next, which is stored as well."""
    asked, _ = bench.session.begin_read()
    bench.offer("behind the read")
    bench.session.end_read([message() for _ in range(asked)], asked)
    assert bench.is_catching_up()
    assert texts(bench.session.offer(message("next"), None)) == ["behind the read"]


@pytest.mark.parametrize("fails", [True, False])
def test_it_is_stored_soon_if_nothing_is_offered_next(bench: Bench, *, fails: bool) -> None:
    """Whatever ended the read."""
    asked, _ = bench.session.begin_read()
    bench.offer("behind the read")
    assert bench.session.overdue(NOW) == ()
    bench.session.end_read(None if fails else [message() for _ in range(asked)], asked)
    assert texts(bench.session.overdue(NOW)) == ["behind the read"]
    assert bench.session.overdue(NOW) == ()


def test_it_is_not_pushed_while_there_is_more_to_read(bench: Bench) -> None:
    """Though the client makes room for it."""
    asked, _ = bench.session.begin_read()
    bench.offer("behind the read")
    bench.session.end_read([message("stored") for _ in range(asked)], asked)
    bench.session.taken_over(asked)
    assert set(bench.client.texts) == {"stored"}


def test_it_waits_for_another_read_if_more_has_been_stored_meanwhile(bench: Bench) -> None:
    """By another node, say: that is read before it is pushed."""
    asked, _ = bench.session.begin_read()
    bench.offer("live")
    assert bench.session.note_store() == ()
    bench.session.end_read([message("stored")], asked)
    assert bench.is_catching_up()
    bench.read([message("stored meanwhile")])
    assert bench.client.texts == ["stored", "stored meanwhile", "live"]


def test_what_comes_behind_such_a_notice_is_stored(bench: Bench) -> None:
    """It may stand behind something that the read does not see."""
    bench.session.begin_read()
    bench.session.note_store()
    assert texts(bench.session.offer(message(), None)) == []


def test_what_comes_during_a_store_is_stored_behind_it(bench: Bench) -> None:
    """The same."""
    bench.session.begin_read()
    bench.session.store_begins()
    assert texts(bench.session.offer(message(), None)) == []


def test_only_so_much_waits(bench: Bench) -> None:
    """As behind a full window."""
    bench.session.begin_read()
    bench.offer(*("waits" for _ in range(WAITING_MESSAGES)))
    assert len(texts(bench.session.offer(message(), None))) == WAITING_MESSAGES


def test_it_does_not_wait_for_a_slow_read_for_ever(bench: Bench) -> None:
    """Its sender is to have an answer."""
    bench.session.begin_read()
    bench.offer("live")
    assert bench.session.overdue(NOW + UNSETTLED_FOR - 1) == ()
    assert texts(bench.session.overdue(NOW + UNSETTLED_FOR)) == ["live"]


def test_it_is_given_back_when_the_session_ends(bench: Bench) -> None:
    """To be stored."""
    bench.session.begin_read()
    bench.offer("live")
    assert texts(bench.session.end()) == ["live"]


def test_it_is_given_back_when_the_node_is_suspended(bench: Bench) -> None:
    """Its user may be elsewhere by now, and find nothing else."""
    bench.session.begin_read()
    bench.offer("live")
    assert texts(bench.session.suspend()) == ["live"]


@pytest.mark.parametrize("earlier", [True, False])
def test_a_copy_that_the_read_finds_stands_for_it(bench: Bench, *, earlier: bool) -> None:
    """In its place among what is stored, and whoever awaits its fate is told so."""
    copies = [message("twice", cid="c1"), message("twice", cid="c1")]
    stored, live = copies if earlier else reversed(copies)
    asked, _ = bench.session.begin_read()
    bench.session.offer(live, bench.receipt(live))
    bench.session.end_read([stored, message("behind it")], asked)
    assert bench.client.texts == ["twice", "behind it"]
    assert bench.client.pushes[0].stored
    assert bench.sender.statuses == ["stored"]
    assert bench.session.taken_over(2) == [push.message.mid for push in bench.client.pushes]


def test_the_same_message_is_not_pushed_twice_though_it_has_no_cid(bench: Bench) -> None:
    """Another node has stored it, since it had not heard of it in time."""
    asked, _ = bench.session.begin_read()
    (live,) = bench.offer("once")
    bench.session.end_read([live], asked)
    assert bench.client.texts == ["once"]
    assert bench.is_live()


def test_a_copy_of_it_joins_it(bench: Bench) -> None:
    """As in the window."""
    asked, _ = bench.session.begin_read()
    first, second = message("twice", cid="c1"), message("twice", cid="c1")
    for copy in (first, second):
        assert bench.session.offer(copy, bench.receipt(copy)) is None
    bench.session.end_read([], asked)
    bench.session.taken_over(1)
    assert bench.client.texts == ["twice"]
    assert bench.sender.statuses == ["delivered", "delivered"]


def test_it_is_kept_in_the_window_once_it_is_pushed(bench: Bench) -> None:
    """And is stored like everything there when the session falls back."""
    asked, _ = bench.session.begin_read()
    bench.offer("live")
    bench.session.end_read([message("stored")], asked)
    (held,) = bench.session.note_store()
    assert (held.message.text, held.keeping) == ("live", Keeping.BEGUN)
