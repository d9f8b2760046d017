"""The part of a conversation that is loaded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.terminal.fullscreen.items import note_behind, unsent
from adapters.terminal.fullscreen.stretch import Stretch
from tests.unit.terminal.things import text


def positions(stretch: Stretch) -> list[int]:
    return [item.key[0] for item in stretch.items]


def pages(stretch: Stretch, newest: int, *, back: int = 3) -> None:
    """Fetch the page before the loaded part, from a conversation with all positions from 1."""
    end = (stretch.first or newest + 1) - 1
    start = max(end - back + 1, 1)
    stretch.prepend([text(at) for at in range(start, end + 1)], more=start > 1)


def test_what_comes_stands_in_its_order() -> None:
    """Each item is there once, wherever it comes from."""
    stretch = Stretch(10)
    assert [stretch.add(text(at)) for at in (3, 5, 4, 5)] == [True, True, True, False]
    stretch.prepend([text(1), text(2), text(3)], more=False)
    assert positions(stretch) == [1, 2, 3, 4, 5]
    assert not stretch.older


def test_what_is_not_sent_stands_behind_everything() -> None:
    """A line of the client stands behind the message that it followed."""
    stretch = Stretch(10)
    draft = unsent(0, 13, "zhang", "hi")
    stretch.add(text(1))
    stretch.add(draft)
    stretch.add(note_behind(1, 0, [("", "note")]))
    stretch.add(text(2))
    assert [item.key[1] == 0 for item in stretch.items] == [True, False, True, False]
    assert stretch.items[-1] is draft
    stretch.clear()
    assert list(stretch.items) == [draft]


def test_a_conversation_takes_bounded_room_while_it_goes_on() -> None:
    """The oldest items are dropped, and can be fetched again."""
    stretch = Stretch(5)
    stretch.older = False
    for at in range(1, 9):
        stretch.add(text(at))
    assert positions(stretch) == [4, 5, 6, 7, 8]
    assert stretch.older
    assert not stretch.newer


def test_a_conversation_takes_bounded_room_while_one_goes_back() -> None:
    """The newest items are dropped. What arrives then is fetched when the user goes forward
    again."""
    stretch = Stretch(5)
    for at in (8, 9):
        stretch.add(text(at))
    pages(stretch, 9)
    pages(stretch, 9)
    assert positions(stretch) == [2, 3, 4, 5, 6]
    assert stretch.newer
    assert not stretch.add(text(10))
    stretch.append([text(7), text(8), text(9)], more=False)
    assert stretch.newer, "the last one is known to be missing"
    stretch.append([text(10)], more=False)
    assert positions(stretch) == [6, 7, 8, 9, 10]
    assert not stretch.newer
    assert stretch.add(text(11))


def test_a_page_that_begins_later_than_what_is_here_says_nothing_of_what_is_older() -> None:
    """The newest page is short if more has arrived already."""
    stretch = Stretch(10)
    for at in range(3, 9):
        stretch.add(text(at))
    stretch.prepend([text(7), text(8)], more=False)
    assert stretch.older


@given(st.lists(st.sampled_from(["live", "back", "forward"]), max_size=40), st.integers(3, 9))
def test_there_is_never_a_gap(steps: list[str], most: int) -> None:
    """New messages may arrive at any time, while the user goes back and forth."""
    stretch, head = Stretch(most), 20
    stretch.prepend([text(19), text(20)], more=True)
    for step in steps:
        if step == "live":
            head += 1
            stretch.add(text(head))
        elif step == "back" and stretch.older:
            pages(stretch, head)
        elif step == "forward" and stretch.newer:
            start = (stretch.last or 0) + 1
            stretch.append([text(at) for at in range(start, start + 3) if at <= head], more=False)
        here = positions(stretch)
        assert here == list(range(here[0], here[-1] + 1))
        assert len(here) <= most
        assert stretch.older or here[0] == 1
        assert stretch.newer or here[-1] == head


@pytest.mark.parametrize(("key", "index"), [((2, 0), 0), ((4, 0), 1), ((5, 0), 1), ((1, 0), 0)])
def test_an_item_that_is_gone_leaves_its_place(key: tuple[int, int], index: int) -> None:
    """The place goes to the item before it, or to the first one."""
    stretch = Stretch(10)
    stretch.add(text(2))
    stretch.add(text(4))
    assert stretch.index(key) == index
