"""Frames for a person who reads them on a terminal."""

import json
import unicodedata

import pytest

from adapters.wire.frames import encode
from adapters.wire.terminal_safe import MANY, terminal_safe
from tests.unit.characters import characters

JOINERS = "\u200c\u200d"
STEERING = [
    character
    for character in characters()
    if character >= " "
    and unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp"}
    and character not in JOINERS
]


def test_whatever_steers_a_terminal_is_escaped() -> None:
    """Each control, format and separator character of Unicode is."""
    for character in STEERING:
        safe = terminal_safe(encode({"msg": f"a{character}b"}))
        assert safe.isascii(), hex(ord(character))
        assert b"\x7f" not in safe


def test_an_escaped_frame_is_the_same_json() -> None:
    """A program that reads version 1 with newlines gets what was sent."""
    text = "né " + "".join(STEERING) + " 😀"
    assert json.loads(terminal_safe(encode({"msg": text}))) == {"msg": text}


@pytest.mark.parametrize("count", [MANY - 1, MANY, 9 * MANY])
@pytest.mark.parametrize("pattern", ['%"\\', "\\%", '"%', "\\\\%\n", "é%😀", "\\u0041%", "%%"])
def test_however_many_there_are(pattern: str, count: int) -> None:
    """Beyond a number of them, everything outside ASCII is escaped, which takes less time."""
    for character in STEERING[:: len(STEERING) // 20]:
        text = pattern.replace("%", character) * count
        inner = encode({"msg": text}).decode()
        safe = terminal_safe(encode([inner, text]))
        assert set(STEERING).isdisjoint(safe.decode())
        assert json.loads(safe) == [inner, text]


def test_a_frame_within_a_frame_stays_one() -> None:
    """The answer to a login has friends, groups and messages as strings that are JSON
    themselves."""
    inner = encode({"groupdesc": "\u202e\x9b"}).decode()
    outer = json.loads(terminal_safe(encode({"groups": [inner]})))
    assert json.loads(outer["groups"][0]) == {"groupdesc": "\u202e\x9b"}


@pytest.mark.parametrize(
    "text", ["plain", "你好,世界", "שלום עليكم", "می\u200cخواهم", "👩\u200d👧 👍🏽 🇨🇳", "e\u0301"]
)
def test_what_people_write_stays_as_it_is(text: str) -> None:
    """Every script stays, including right-to-left ones, and so do the joiners that words and emoji
    need."""
    frame = encode({"msg": text})
    assert terminal_safe(frame) == frame
