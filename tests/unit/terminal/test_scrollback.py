"""The part of a conversation that is loaded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.terminal.fullscreen.items import note_behind, unsent
from adapters.terminal.fullscreen.scrollback import Scrollback
from tests.unit.terminal.things import text


def positions(scrollback: Scrollback) -> list[int]:
    return [item.key[0] for item in scrollback.items]


def pages(scrollback: Scrollback, newest: int) -> None:
    """Fetch the three before the loaded part, from a conversation with all positions from 1."""
    end = (scrollback.first or newest + 1) - 1
    start = max(end - 2, 1)
    scrollback.prepend([text(at) for at in range(start, end + 1)], more=start > 1)


def test_what_comes_stands_in_its_order() -> None:
    """Each item is there once, wherever it comes from."""
    scrollback = Scrollback(10)
    assert [scrollback.add(text(at)) for at in (3, 5, 4, 5)] == [True, True, True, False]
    scrollback.prepend([text(1), text(2), text(3)], more=False)
    assert positions(scrollback) == [1, 2, 3, 4, 5]
    assert not scrollback.older


def test_what_is_not_sent_stands_behind_everything() -> None:
    """A line of the client stands behind the message that it followed."""
    scrollback = Scrollback(10)
    draft = unsent(0, 13, "zhang", "hi")
    scrollback.add(text(1))
    scrollback.add(draft)
    scrollback.add(note_behind(1, 0, [("", "note")]))
    scrollback.add(text(2))
    assert [item.key[1] == 0 for item in scrollback.items] == [True, False, True, False]
    assert scrollback.items[-1] is draft
    scrollback.clear()
    assert list(scrollback.items) == [draft]


def test_a_conversation_takes_bounded_room_while_it_goes_on() -> None:
    """The oldest items are dropped, and can be fetched again."""
    scrollback = Scrollback(5)
    scrollback.older = False
    for at in range(1, 9):
        scrollback.add(text(at))
    assert positions(scrollback) == [4, 5, 6, 7, 8]
    assert scrollback.older
    assert not scrollback.newer


def test_a_conversation_takes_bounded_room_while_one_goes_back() -> None:
    """The newest items are dropped. What arrives then is fetched when the user goes forward
    again."""
    scrollback = Scrollback(5)
    for at in (8, 9):
        scrollback.add(text(at))
    pages(scrollback, 9)
    pages(scrollback, 9)
    assert positions(scrollback) == [2, 3, 4, 5, 6]
    assert scrollback.newer
    assert not scrollback.add(text(10))
    scrollback.append([text(7), text(8), text(9)], more=False)
    assert scrollback.newer, "the last one is known to be missing"
    scrollback.append([text(10)], more=False)
    assert positions(scrollback) == [6, 7, 8, 9, 10]
    assert not scrollback.newer
    assert scrollback.add(text(11))


def test_a_page_that_begins_later_than_what_is_here_says_nothing_of_what_is_older() -> None:
    """The newest page is short if more has arrived already."""
    scrollback = Scrollback(10)
    for at in range(3, 9):
        scrollback.add(text(at))
    scrollback.prepend([text(7), text(8)], more=False)
    assert scrollback.older


@given(st.lists(st.sampled_from(["live", "back", "forward"]), max_size=40), st.integers(3, 9))
def test_there_is_never_a_gap(steps: list[str], most: int) -> None:
    """New messages may arrive at any time, while the user goes back and forth."""
    scrollback, head = Scrollback(most), 20
    scrollback.prepend([text(19), text(20)], more=True)
    for step in steps:
        if step == "live":
            head += 1
            scrollback.add(text(head))
        elif step == "back" and scrollback.older:
            pages(scrollback, head)
        elif step == "forward" and scrollback.newer:
            start = (scrollback.last or 0) + 1
            scrollback.append(
                [text(at) for at in range(start, start + 3) if at <= head], more=False
            )
        here = positions(scrollback)
        assert here == list(range(here[0], here[-1] + 1))
        assert len(here) <= most
        assert scrollback.older or here[0] == 1
        assert scrollback.newer or here[-1] == head


@pytest.mark.parametrize(("key", "index"), [((2, 0), 0), ((4, 0), 1), ((5, 0), 1), ((1, 0), 0)])
def test_an_item_that_is_gone_leaves_its_place(key: tuple[int, int], index: int) -> None:
    """The place goes to the item before it, or to the first one."""
    scrollback = Scrollback(10)
    scrollback.add(text(2))
    scrollback.add(text(4))
    assert scrollback.index(key) == index
