"""What is unread, the state of the user's own messages, and who is typing."""

import attrs
import pytest

from adapters.client import Ack, Conversation
from adapters.terminal.fullscreen.items import Text, unsent
from adapters.terminal.fullscreen.outgoing import Outgoing
from adapters.terminal.render import Mark
from tests.unit.terminal.things import LI, message, text, window


def row(last: int, read: int, unread: int) -> Conversation:
    return Conversation(LI, "li si", message(last), read, unread)


def test_texts_of_others_are_unread_until_they_are_read() -> None:
    """They may be read here or on another device, and partly if the mark is in between."""
    one = window()
    for at in (3, 5, 8):
        one.on_message(text(at))
    assert one.unread == 3
    assert one.read_up_to(5)
    assert one.unread == 1
    assert not one.read_up_to(3), "it never goes backwards"
    assert one.read_up_to(8)
    assert one.unread == 0


def test_what_the_server_has_counted_is_not_counted_again() -> None:
    """The list and the message may arrive in either order."""
    early, late = window(), window()
    for one in (early, late):
        if one is early:
            one.list_as(row(5, 2, 3))
        one.on_message(text(5))
        one.on_message(text(6))
        if one is late:
            one.list_as(row(5, 2, 3))
        assert one.unread == 4


def test_what_a_list_or_a_page_has_had_before_is_unread_when_it_comes() -> None:
    """The user may have read part of it on another device in between."""
    one = window(3)
    one.list_as(row(5, 2, 3))
    one.read_up_to(4)
    one.on_message(text(5))
    assert one.unread == 1
    paged = window(3)
    paged.read_up_to(3)
    paged.items.prepend([text(3), text(4)], more=False)
    paged.on_message(text(4, mentions=True))
    assert (paged.unread, paged.mentioned) == (1, True)


def test_what_another_device_has_read_is_read() -> None:
    """The window may have loaded none of it, or only what the user has written since."""
    one = window()
    one.list_as(row(5, 2, 3))
    one.add(text(6, own=True))
    one.read_up_to(4)
    assert one.unread == 3, "how many of them is not known"
    one.read_up_to(5)
    assert one.unread == 0


def test_a_list_that_is_older_than_the_reading_does_not_make_it_unread() -> None:
    """The client asked for the list before that."""
    one = window(5)
    one.read_up_to(5)
    one.list_as(row(5, 2, 3))
    assert (one.read, one.unread) == (5, 0)


def test_who_is_named_is_called_until_they_have_read_it() -> None:
    """The list of conversations shows this too."""
    one = window()
    one.on_message(text(3, mentions=True))
    assert one.mentioned
    one.read_up_to(3)
    assert not one.mentioned


def test_a_list_that_is_older_than_the_reading_leaves_unread_what_is_above_that() -> None:
    """The server did not know of the reading yet. If those messages are not loaded, its number
    stays."""
    one = window(3, 4, 5, 6)
    one.read_up_to(5)
    one.list_as(row(6, 2, 4))
    assert (one.read, one.unread) == (5, 1)
    bare = window()
    bare.read_up_to(5)
    bare.list_as(row(6, 2, 4))
    assert (bare.read, bare.unread) == (5, 4)


def test_a_list_that_is_older_than_a_change_says_nothing_of_who_is_there() -> None:
    """Only a list with this change or a later one counts."""
    one = window(5)
    one.left = True
    one.list_as(row(4, 0, 0))
    assert one.left
    one.list_as(row(5, 0, 0))
    assert not one.left


@pytest.mark.parametrize(
    ("got", "read", "mark"),
    [(0, 0, Mark.LOGGED), (4, 4, Mark.LOGGED), (5, 0, Mark.GOT), (5, 5, Mark.READ)],
)
def test_a_text_of_one_s_own_has_ticks(got: int, read: int, mark: Mark) -> None:
    """The marks are: in the log, received by a device, read."""
    one = window()
    one.got = got
    one.read_by(15, read)
    assert one.mark(text(5, own=True)) is mark


def test_a_text_takes_its_place_when_the_server_has_it() -> None:
    """Until then it stands at the end, as on its way."""
    changes: list[int] = []
    one = window(3)
    outgoing = Outgoing(one, unsent(0, 13, "zhang san", "hi"), lambda: changes.append(1))
    one.add(text(6))
    assert [item.key[0] for item in one.items.items][:2] == [3, 6]
    outgoing.logged(Ack(5, 7))
    assert [item.key for item in one.items.items] == [(3, 0), (5, 0), (6, 0)]
    placed = one.items[1]
    assert isinstance(placed, Text)
    assert (placed.time_ms, one.mark(placed), changes) == (7, Mark.LOGGED, [1])


def test_a_text_that_is_refused_stays_where_it_failed() -> None:
    """Later messages stand behind it."""
    one = window(3)
    Outgoing(one, unsent(0, 13, "zhang san", "hi"), lambda: None).refused("mailbox_full")
    one.add(text(4))
    failed = one.items[1]
    assert isinstance(failed, Text)
    assert one.mark(failed) is Mark.REFUSED
    assert failed.refused == "mailbox_full"


def test_typing_is_over_after_six_seconds_or_with_a_text() -> None:
    """Only a text from the same user ends it."""
    one = window()
    one.types(15, "li si", 100.0)
    one.types(16, "wu", 103.0)
    assert one.typing(105.9) == ["li si", "wu"]
    assert one.typing(106.0) == ["wu"]
    one.types(15, "li si", 107.0)
    one.on_message(text(3))
    assert one.typing(107.0) == ["wu"]


def test_the_rule_stands_where_one_has_stopped_reading() -> None:
    """There is no rule if nothing is unread."""
    one = window()
    one.read_up_to(4)
    one.set_rule()
    assert one.rule_at is None
    one.on_message(attrs.evolve(text(5)))
    one.set_rule()
    assert one.rule_at == 4


def test_positions_that_mean_something_else_are_forgotten() -> None:
    """Everything counts anew."""
    one = window(3, 4)
    one.read_up_to(4)
    one.read_by(15, 4)
    one.reset_positions()
    one.on_message(text(1))
    assert (len(one.items), one.unread, one.reads) == (1, 1, {})


def test_a_name_in_what_the_server_has_counted_stands_out() -> None:
    """The list says how much is unread, but not that the user is named. The message does."""
    one = window()
    one.list_as(row(5, 2, 3))
    one.on_message(text(5, mentions=True))
    assert (one.unread, one.mentioned) == (3, True)
    read = window()
    read.list_as(row(5, 5, 0))
    read.on_message(text(5, mentions=True))
    assert not read.mentioned
