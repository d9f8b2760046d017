"""Which names look alike."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chat_domain.names import Name
from chat_domain.skeletons import LONGEST, skeleton


def look_alike(one: str, other: str) -> bool:
    """Whether the names are so alike that only one of two users may register."""
    a, b = Name(one), Name(other)
    return a.skeleton == b.skeleton or a.key_skeleton == b.key_skeleton


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("anna", "\u0430nna"),  # one Cyrillic letter
        ("scope", "\u0455\u0441\u043e\u0440\u0435"),  # all Cyrillic letters
        ("Tom", "\u0422om"),  # a Cyrillic capital
        ("TOM", "\u03a4\u039f\u039c"),  # Greek capitals
        ("paypal", "paypaI"),
        ("bill1", "billl"),
        ("Ian", "lan"),
        ("Lina", "Iina"),
        ("bob", "b0b"),
        ("modern", "modem"),
        ("Mike", "m\u0456ke"),  # names are also compared in lower case,
        ("\u039d\u03b9\u03ba\u03bf\u03c2", "v\u03b9\u03ba\u03bf\u03c2"),  # in Greek, too
        ("anna", "\uff41nna"),
        ("anna", "\U0001d41anna"),
        ("a b", "a  b"),
        ("a b", "a\u00a0b"),
        ("anna", "an\u3164na"),
        ("\u3007ne", "One"),
        ("\u30ab", "\u529b"),  # katakana KA, and the ideograph for power
    ],
)
def test_names_that_look_alike(one: str, other: str) -> None:
    """Names are compared as they are shown and in lower case."""
    assert look_alike(one, other)
    assert look_alike(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("anna", "anne"),
        ("anna", "\u00e1nna"),
        ("Neil", "Nell"),
        ("Ali", "All"),
        ("a b", "ab"),
        ("user 10", "user 11"),
    ],
)
def test_other_names_do_not(one: str, other: str) -> None:
    """An accent makes a difference, and so does a small i instead of a small L."""
    assert not look_alike(one, other)


def test_ideographs_are_told_apart() -> None:
    """This includes pairs that look alike to people who cannot read them: 士 and 土."""
    ideographs = [chr(number) for number in (*range(0x4E00, 0xA000), *range(0x3400, 0x4DC0))]
    assert len({skeleton(one) for one in ideographs}) == len(ideographs)


@given(st.text(max_size=60))
@example("\ufdfa" * 50)  # a whole sentence each
def test_any_text_has_a_skeleton_that_fits_its_column(text: str) -> None:
    """It has at most 600 bytes, and depends neither on the text's composition nor on the space
    around it."""
    found = skeleton(text)
    assert len(found) <= LONGEST
    assert len(found.encode("utf-8", "surrogatepass")) <= 600
    assert skeleton(unicodedata.normalize("NFC", f" {text}\t")) == found
