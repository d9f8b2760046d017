"""What a valid name is, and when two names are the same."""

import unicodedata
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mysql.upgrading.naming import is_harmless
from chat_domain.errors import BadName
from chat_domain.names import MAX_NAME, MAX_TYPED, Name, id_or_key, name_key
from tests.unit.characters import characters

LETTERS = st.text(st.characters(categories=["L", "Nd", "Zs", "S", "P"]), max_size=60)


def refusal(raw: str) -> str:
    with pytest.raises(BadName) as caught:
        Name.parse(raw)
    return str(caught.value)


def test_surrounding_space_is_no_part_of_a_name() -> None:
    """Space around a name is dropped; space inside it stays."""
    assert Name.parse(" \u3000zhang  san \u00a0").text == "zhang  san"


def test_composed_and_decomposed_accents_are_the_same_name() -> None:
    """A name is kept in NFC, however it was typed."""
    assert Name.parse("Rene\u0301") == Name.parse("Ren\u00e9")
    assert Name.parse("Rene\u0301").text == "Ren\u00e9"


@pytest.mark.parametrize(
    ("one", "other"), [("LI SI", "li si"), ("STRASSE", "straße"), ("ΣΊΣΥΦΟΣ", "σίσυφος")]
)
def test_case_makes_no_difference(one: str, other: str) -> None:
    """The key is case-folded, not only lowercased."""
    assert Name.parse(one).key == Name.parse(other).key


@pytest.mark.parametrize("raw", ["", " ", "\t\n ", "\u3000"])
def test_nothing_is_no_name(raw: str) -> None:
    """Space alone counts as nothing."""
    assert "at least one" in refusal(raw)


@pytest.mark.parametrize("raw", ["7", "0042", " 15 ", "١٢", "²"])
def test_digits_alone_are_no_name(raw: str) -> None:
    """In any script, they mean an id."""
    assert "digits" in refusal(raw)


@pytest.mark.parametrize("raw", ["agent 007", "7even", "3.14", "-1", "½"])
def test_digits_among_others_are_welcome(raw: str) -> None:
    """Only what could be read as an id is refused."""
    assert Name.parse(raw).text == raw


@pytest.mark.parametrize(
    "character",
    ["\0", "\x1b", "\x7f", "\u0085", "\u200b", "\u202e", "\u2066", "\ufeff", "\u2028", "\u2029",
     "\ud800", "\u00ad", "\u200c", "\u200d", "\u2060", "\u061c", "\u180e"],
)  # fmt: skip
def test_what_cannot_be_seen_is_no_part_of_a_name(character: str) -> None:
    """Control and format characters, line separators and lone surrogates could forge what a screen
    shows. The joiners are among them, although some scripts use them."""
    assert "invisible" in refusal(f"li{character}si")
    with pytest.raises(BadName):
        Name.parse(f"li{character}si", is_harmless)


# Default_Ignorable_Code_Point of Unicode 17, first and last of each range.
IGNORABLE = [
    (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5),
    (0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164),
    (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
]  # fmt: skip
SPACES = "\u00a0\u1680\u2002\u2003\u2009\u200a\u202f\u205f\u3000"
BLANK = "\u2800\ufffc\U0001d159\U00016fe4"
NOT_ASSIGNED = "\u0378\U0001f8ff\ue000\U000f0000\U0010fffd\ufdd0\uffff\U0001fffe"


def test_what_shows_nothing_is_no_part_of_a_new_name() -> None:
    """Fillers, variation selectors, odd spaces, unassigned and private characters are refused, for
    two names could differ in them alone. The refusal names the character."""
    ignorable = [chr(number) for first, last in IGNORABLE for number in range(first, last + 1)]
    for character in (*ignorable, *SPACES, *BLANK, *NOT_ASSIGNED):
        assert f"invisible characters (U+{ord(character):04X})" in refusal(f"li{character}si")


@pytest.mark.parametrize("character", [*SPACES, *BLANK, "\u3164", "\ufe0f", "\ue000"])
def test_an_old_name_keeps_what_shows_nothing(character: str) -> None:
    """It was registered before this rule existed."""
    assert Name.parse(f"li{character}si", is_harmless).text == f"li{character}si"


@pytest.mark.parametrize(
    "name",
    ["张三", "欧阳娜娜", "村上 春樹", "김민준", "Nguyễn Thị Ánh", "שלום", "محمد", "अनिल कुमार",
     "สมชาย", "ខ្មែរ", "Ὀδυσσεύς", "O'Brien-Łukasz", "😀 👍🏽 🇨🇳", "x_X.(42)"],
)  # fmt: skip
def test_names_of_all_scripts_are_names(name: str) -> None:
    """This includes the marks that belong to the script, and emoji of one character."""
    assert Name.parse(name).text == unicodedata.normalize("NFC", name)


def test_fifty_characters_are_the_longest() -> None:
    """Code points are counted after composition, so that an accent costs nothing."""
    assert len(Name.parse("e\u0301" * MAX_NAME).text) == MAX_NAME
    assert len(Name.parse("👩" * MAX_NAME).text) == MAX_NAME
    assert "at most 50" in refusal("x" * (MAX_NAME + 1))


@pytest.mark.parametrize("mark", ["e\u0301", "\u1f82", "\u1112\u1161\u11ab"])
def test_a_long_way_of_typing_is_no_long_name(mark: str) -> None:
    """Neither the number of characters typed for one nor the space around the name counts."""
    typed = unicodedata.normalize("NFD", mark) * MAX_NAME
    assert Name.parse(f"{' ' * 500}{typed}\n").text == unicodedata.normalize("NFC", typed)
    assert Name.parse(typed).key == name_key(f"\t{typed}   ")


def test_nothing_is_composed_of_more_than_four_characters() -> None:
    """So a text of more than four times the allowed length cannot be a name."""
    longest = max(len(unicodedata.normalize("NFD", one)) for one in characters())
    assert longest * MAX_NAME <= MAX_TYPED


def test_what_is_too_long_for_a_name_is_nobodys() -> None:
    """Its key is longer than that of any name, so that it matches none."""
    longest = max(map(len, map(name_key, characters())))
    for raw in ("x" * 201, "\u0301\u0316" * 500, "👩" * 1024):
        assert "at most 50" in refusal(raw)
        assert len(name_key(raw)) > longest * MAX_NAME


@given(LETTERS)
def test_a_name_stays_what_it_is(raw: str) -> None:
    """Parsing a parsed name changes nothing, and its key is the raw text's key."""
    try:
        name = Name.parse(raw)
    except BadName:
        return
    assert Name.parse(name.text) == name
    assert name.key == name_key(raw)
    assert 1 <= len(name.text) <= MAX_NAME


@given(LETTERS)
def test_a_key_does_not_depend_on_composition(raw: str) -> None:
    """A user who types decomposed accents finds the same name."""
    assert name_key(unicodedata.normalize("NFD", raw)) == name_key(raw)


@given(st.text())
def test_any_text_is_a_name_or_a_bad_name(raw: str) -> None:
    """Parsing raises nothing but BadName, and any text has a key to look for."""
    name_key(raw)
    with suppress(BadName):
        Name.parse(raw)


@pytest.mark.parametrize(
    ("typed", "meant"), [("42", 42), ("Ann", "ann"), ("\u0663", "\u0663"), ("\u00b2", "\u00b2")]
)
def test_a_number_is_an_id_and_everything_else_a_name(typed: str, meant: int | str) -> None:
    """Digits of other scripts, and those in superscript, are none of a number."""
    assert id_or_key(typed) == meant
