"""Text in columns: it is never wider than its room, and nothing of it is lost."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.terminal.fullscreen.cells import fitted, line_width, shortened, steady, width, wrapped
from adapters.terminal.render import plain
from tests.unit.terminal.things import shown

LINES = st.lists(st.tuples(st.just(""), st.text("ab 你好é\u0301👩\u200d\n", max_size=30)))


@given(LINES, st.integers(2, 60), st.integers(0, 12))
def test_rows_are_never_too_wide_and_lose_nothing_but_spaces(
    line: list[tuple[str, str]], columns: int, indent: int
) -> None:
    """The text may have wide characters, combining characters and line breaks, and the row any
    width."""
    rows = wrapped(line, columns, indent)
    assert all(line_width(row) <= columns for row in rows)
    kept = "".join(map(plain, rows)).replace(" ", "").replace("\u200d", "")
    assert kept == plain(line).replace(" ", "").replace("\n", "").replace("\u200d", "")


@given(LINES, st.integers(1, 60))
def test_what_is_fitted_is_exactly_so_wide(line: list[tuple[str, str]], columns: int) -> None:
    """The text is cut or padded."""
    flat = [(style, words.replace("\n", "")) for style, words in line]
    assert line_width(fitted(flat, columns)) == columns


def test_rows_are_broken_at_spaces() -> None:
    """A word that is longer than a row is broken within."""
    assert shown(wrapped([("", "one two three")], 8, 2)) == ["one two", "  three"]
    assert shown(wrapped([("", "abcdefghij")], 4)) == ["abcd", "efgh", "ij"]
    assert shown(wrapped([("", "18:04 " + "x" * 12)], 12, 6)) == ["18:04 xxxxxx", "      xxxxxx"]


def test_chinese_is_broken_anywhere_but_in_front_of_its_marks() -> None:
    """It has no spaces: its sentences would else begin in rows of their own."""
    assert shown(wrapped([("", "18:04 你好世界")], 10, 4)) == ["18:04 你好", "    世界"]
    assert shown(wrapped([("", "ab 你好，世界")], 8)) == ["ab 你", "好，世界"]
    assert shown(wrapped([("", "你好（世界）")], 6)) == ["你好", "（世", "界）"]
    assert shown(wrapped([("", "word 你好")], 7, 2)) == ["word 你", "  好"]


def test_a_line_break_breaks_a_row() -> None:
    """An empty line becomes a row."""
    assert shown(wrapped([("", "a\n\nb")], 10, 2)) == ["a", "", "  b"]


@pytest.mark.parametrize(("written", "columns"), [("👩‍👩‍👧", 6), ("🇨🇳", 2), ("👍🏽", 2), ("❤️", 1)])
def test_pictures_have_one_width_on_all_terminals(written: str, columns: int) -> None:
    """Characters that only some terminals join into one picture are separated."""
    (row,) = wrapped([("", written)], 20)
    assert line_width(row) == columns
    assert all(
        unicodedata.east_asian_width(character) == "W" or width(character) < 2
        for character in plain(row)
    )
    assert "\u200d" not in plain(row)


@pytest.mark.parametrize(
    ("typed", "seen"),
    [
        ("👩‍👩", "👩👩"),
        ("🇨🇳", "CN"),
        ("👍🏽", "👍"),
        ("❤️", "❤"),
        ("\u202e\x1b[", "<U+202E>␛["),
        ("e\u0301",) * 2,
    ],
)
def test_what_is_typed_has_one_width_on_all_terminals_too(typed: str, seen: str) -> None:
    """How it is shown is known for each character, so that the cursor is where it belongs."""
    line = steady([("class:selected", typed[:1]), ("", typed[1:])])
    assert [style for style, _ in line] == ["class:selected", *[""] * (len(typed) - 1)]
    assert plain(line) == seen


def test_joiners_stay_where_they_shape_words() -> None:
    """Persian needs them, for example."""
    word = "می\u200cخواهم"
    assert plain(wrapped([("", word)], 20)[0]) == word


def test_a_name_is_shortened_with_an_ellipsis() -> None:
    """The width counts columns, not characters."""
    assert shortened("你好你好", 5) == "你好…"
    assert shortened("abc", 3) == "abc"
