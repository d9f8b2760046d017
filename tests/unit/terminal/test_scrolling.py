"""Which rows are in view, and how the view moves."""

from hypothesis import given
from hypothesis import strategies as st

from adapters.terminal.fullscreen.scrolling import find, move, seen_up_to, visible
from adapters.terminal.fullscreen.window import Window
from tests.unit.terminal.things import drawn_in, shown, text, window

HEIGHT = 4


def look(one: Window, height: int = HEIGHT, columns: int = 40) -> list[str]:
    """The numbers of the messages in view."""
    rows = shown(visible(one, height, drawn_in(one, columns)))
    return [row.rpartition("number ")[2] if "number" in row else row[:6].strip() for row in rows]


def up(one: Window, rows: int) -> None:
    move(one, rows, drawn_in(one))


def test_the_view_follows_the_end() -> None:
    """It does so while the user does not scroll."""
    one = window(*range(1, 10))
    assert look(one) == ["6", "7", "8", "9"]
    one.add(text(10))
    assert look(one) == ["7", "8", "9", "10"]


def test_the_view_stays_where_one_has_scrolled_to() -> None:
    """New messages, older pages and dropped items do not move it."""
    one = window(*range(11, 20), older=True)
    up(one, 3)
    assert look(one) == ["13", "14", "15", "16"]
    one.add(text(20))
    one.items.prepend([text(at) for at in range(1, 11)], more=False)
    assert look(one) == ["13", "14", "15", "16"]
    assert seen_up_to(one) == 16


def test_going_down_to_the_end_follows_it_again() -> None:
    """It does not if newer messages are not loaded."""
    one = window(*range(1, 10))
    up(one, 5)
    up(one, -9)
    assert one.anchor is None
    one.items.newer = True
    up(one, 5)
    up(one, -9)
    assert one.anchor is not None


def test_going_up_ends_at_the_top() -> None:
    """The view shows as many rows as there are."""
    one = window(*range(1, 10))
    up(one, 1_000)
    assert look(one) == ["── Fri", "1", "2", "3"]
    assert look(one, 6) == ["── Fri", "1", "2", "3", "4", "5"]


def test_a_larger_terminal_shows_more() -> None:
    """What was shown before the terminal was small is shown again."""
    one = window(*range(1, 30))
    assert look(one, 20) == [str(at) for at in range(10, 30)]
    assert look(one, 3) == ["27", "28", "29"]
    assert look(one, 20) == [str(at) for at in range(10, 30)]


@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=30),
    st.lists(st.integers(-30, 30), max_size=10),
    st.integers(1, 12),
    st.integers(10, 60),
)
def test_the_view_is_full_wherever_one_goes(
    lengths: list[int], moves: list[int], height: int, columns: int
) -> None:
    """The rows follow one another without a gap, at any size."""
    one = window()
    for at, length in enumerate(lengths, 1):
        one.add(text(at, "wörd " * length))
    one.items.older = False
    draw = drawn_in(one, columns)
    every = [row for index in range(len(one.items)) for row in shown(draw(index))]
    for rows in moves:
        move(one, rows, draw)
        seen = shown(visible(one, height, draw))
        assert len(seen) == min(height, len(every))
        assert any(every[at : at + len(seen)] == seen for at in range(len(every)))


def test_moving_up_and_down_again_shows_the_same() -> None:
    """The rows are the same."""
    one = window(*range(1, 30))
    up(one, 7)
    before = look(one)
    up(one, 5)
    up(one, -5)
    assert look(one) == before


def test_words_are_found_upwards_and_downwards() -> None:
    """The search begins at the last hit, and finds nothing at the ends."""
    one = window(*range(1, 30))
    found = []
    for older in (True, True, False):
        assert find(one, "NUMBER 1", older=older)
        assert one.anchor is not None
        found.append(one.anchor.key[0])
    assert found == [19, 18, 19]
    assert not find(one, "number 1", older=False)
    assert not find(one, "nonsense", older=True)


def test_an_empty_conversation_has_no_rows() -> None:
    """Moving and searching do nothing."""
    one = window()
    up(one, 5)
    assert look(one) == []
    assert not find(one, "x", older=True)
