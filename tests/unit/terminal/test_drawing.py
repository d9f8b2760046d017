"""The rows that show one item."""

import unicodedata
from collections.abc import Iterator

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.terminal.forms import ALL
from adapters.terminal.fullscreen.cells import line_width
from adapters.terminal.fullscreen.colours import STYLES
from adapters.terminal.fullscreen.items import ChangeItem, note_behind
from adapters.terminal.render import help_lines, keys
from tests.unit.terminal.things import NOW_MS, drawn_in, shown, text, window

DAY = 86_400_000
UNFIT = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def test_a_day_stands_above_its_first_item() -> None:
    """The time stands before each text."""
    one = window()
    one.add(attrs.evolve(text(1, "late"), time_ms=NOW_MS - DAY))
    one.add(text(2, "early"))
    one.add(text(3, "again"))
    draw = drawn_in(one)
    assert [line for index in range(3) for line in shown(draw(index))] == [
        f"{'── Thursday, 2026-11-19 ':─<40}",
        "18:04    li si: late",
        f"{'── Friday, 2026-11-20 ':─<40}",
        "18:04    li si: early",
        "18:04    li si: again",
    ]


def test_the_ticks_stand_in_front_of_one_s_own() -> None:
    """They have columns of their own."""
    one = window()
    for at in (1, 2, 3):
        one.add(text(at, "hi", own=True))
    one.got = 2
    one.read_by(15, 1)
    draw = drawn_in(one)
    assert [shown(draw(index))[-1] for index in range(3)] == [
        "18:04 ✔✔ zhang san: hi",
        "18:04 ✓✓ zhang san: hi",
        "18:04 ✓  zhang san: hi",
    ]


def test_what_a_command_does_goes_on_beside_the_command() -> None:
    """On 80 columns, 57 are left beside the list."""
    one = window()
    for number, line in enumerate(help_lines(ALL) + keys()):
        one.add(note_behind(number, NOW_MS, line))
    draw = drawn_in(one, 57)
    drawn = [row for index in range(len(one.items)) for row in shown(draw(index))]
    assert "  /search WORDS             find these words in older" in drawn
    assert "                            messages" in drawn
    assert not [row for row in drawn if row.startswith(" " * 3) and not row.startswith(" " * 28)]


def test_a_long_text_is_indented() -> None:
    """This includes the lines that its writer has broken."""
    one = window()
    one.add(text(1, "a text that is longer than a row\nand\tbroken"))
    assert shown(drawn_in(one, 30)(0))[1:] == [
        "18:04    li si: a text that is",
        "         longer than a row",
        "         and    broken",
    ]


def test_what_others_write_steers_nothing() -> None:
    """It can only end a row."""
    one = window()
    one.add(attrs.evolve(text(1, "\x1b[31mred\r\x9b2J\u202eevil"), sender_name="li\x07"))
    one.add(ChangeItem((2, 0), NOW_MS, "li\x1b has left"))
    draw = drawn_in(one, 80)
    assert shown(draw(0))[1] == "18:04    li␇: ␛[31mred␍<U+009B>2J<U+202E>evil"
    assert shown(draw(1)) == ["18:04    * li␛ has left"]


@given(st.text(max_size=60), st.integers(2, 50))
def test_whatever_is_written_fits(words: str, columns: int) -> None:
    """It contains only characters that can be shown."""
    one = window()
    one.add(text(1, words or "x"))
    for row in drawn_in(one, columns)(0):
        assert line_width(row) <= columns
        for _, part in row:
            controls = {one for one in part if unicodedata.category(one) in UNFIT}
            assert controls <= {"\u200c", "\u200d"}


def test_the_rule_stands_in_front_of_what_is_new() -> None:
    """It is drawn once, and not if the last message that was read is not loaded."""
    one = window(1, 2, 3)
    one.rule_at = 1
    draw = drawn_in(one)
    assert [len(draw(index)) for index in range(3)] == [2, 2, 1]
    assert shown(draw(1))[0] == f"{'── new ':─<40}"
    later = window(5, older=True)
    later.rule_at = 1
    assert len(drawn_in(later)(0)) == 1 + 1


def styled(style: str, lines: list[list[tuple[str, str]]]) -> list[str]:
    return [words for line in lines for one, words in line if one == style]


def test_one_s_name_stands_out() -> None:
    """It is marked as a word, in any case, and so is the sender of such a message."""
    one = window()
    one.add(text(1, "Zhang San, zhang sanders?", mentions=True))
    assert styled("class:mention", drawn_in(one)(0)) == ["li si", "Zhang San"]
    own = window()
    own.add(text(1, "zhang san", own=True))
    assert styled("class:me", drawn_in(own)(0)) == ["zhang san"]
    assert not styled("class:mention", drawn_in(own)(0))


def test_what_is_searched_for_stands_out() -> None:
    """The words are not a pattern."""
    one = window()
    one.add(text(1, "a.b, axb, A.B"))
    assert styled("class:found", drawn_in(one, sought="a.b")(0)) == ["a.b", "A.B"]


def test_a_refused_and_a_deleted_text_say_so() -> None:
    """A refused text shows its reason."""
    one = window()
    one.add(attrs.evolve(text(1, "hi", own=True), key=(0, 5), refused="mailbox_full"))
    one.add(attrs.evolve(text(2, ""), deleted=True))
    draw = drawn_in(one, 60)
    assert shown(draw(0))[-1] == "18:04 ✗  zhang san: hi  (mailbox_full)"
    assert shown(draw(1)) == ["18:04    li si: (deleted)"]


def test_what_the_client_says_stands_as_it_is() -> None:
    """Every window shows it unchanged. Only conversations show the day."""
    one = window()
    one.where = None
    one.add(note_behind(0, NOW_MS, [("", "* hello")]))
    assert shown(drawn_in(one)(0)) == ["* hello"]


def luminance(colour: str) -> float:
    """The relative luminance as WCAG 2 defines it."""

    def part(value: int) -> float:
        share = value / 255
        return share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return 0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue)


def colours() -> Iterator[str]:
    for style in STYLES.values():
        yield from (word for word in style.split() if word.startswith("#"))


@pytest.mark.parametrize("colour", sorted(set(colours())))
def test_a_colour_can_be_read_on_white_and_on_black(colour: str) -> None:
    """The contrast is 4 or more with each."""
    light = luminance(colour) + 0.05
    assert min(light / 0.05, 1.05 / light) >= 4
    assert all(
        colour[at : at + 2] in ("00", "5f", "87", "af", "d7", "ff", "76") for at in (1, 3, 5)
    )
