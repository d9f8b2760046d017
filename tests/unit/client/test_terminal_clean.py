"""What others have written cannot move the cursor, change colours or reverse the text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.terminal.clean import clean


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("one\ntwo\r", "one␊two␍"),
        ("\x07\x00\x7f", "␇␀␡"),
        ("\x9b2J", "<U+009B>2J"),
        ("abc\u202etxt.exe", "abc<U+202E>txt.exe"),
        ("\u2066hidden\u2069", "<U+2066>hidden<U+2069>"),
        ("zero\u200bwidth\ufeff", "zero<U+200B>width<U+FEFF>"),
        ("\u2028\u2029", "<U+2028><U+2029>"),
        ("\ud83d", "<U+D83D>"),
        ("\U000e0041", "<U+E0041>"),
    ],
)
def test_what_a_terminal_would_obey_is_shown_instead(raw: str, shown: str) -> None:
    """The reader sees that something was there, and what it was."""
    assert clean(raw) == shown


@pytest.mark.parametrize("text", ["hello", "张三 你好", "naïve", "👩‍👩‍👧 ok", "می‌خواهم", ""])
def test_words_stay_as_they_are(text: str) -> None:
    """Every script is kept, including compound emoji and joined letters."""
    assert clean(text) == text


@given(st.text(st.characters()))
def test_nothing_unfit_ever_gets_through(raw: str) -> None:
    """No control, format, surrogate or separator character is left except the two joiners."""
    for character in clean(raw):
        unfit = unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        assert not unfit or character in "\u200c\u200d"


@given(st.text(st.characters()))
def test_cleaning_twice_changes_nothing_more(raw: str) -> None:
    """Clean text stays as it is."""
    assert clean(clean(raw)) == clean(raw)
