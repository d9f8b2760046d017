"""Frames for somebody who reads them on a terminal, as with `nc`.

JSON escapes the first 32 control characters and nothing else, so a frame may hold others that a
terminal obeys: U+009B begins a command to it, U+202E turns the order of what follows around. As an
escape (`\\u009b`) each of them is the same JSON, and only a picture.

Each escape takes 0.25 us. Where there are many, everything beyond ASCII is escaped instead, which
takes a twentieth of that: nobody can read what is full of them, and it may be all that a page has.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from json.encoder import encode_basestring_ascii

MANY = 100  # of the characters that steer, in one frame

# Unicode's categories Cc (control), Cf (format), Zl and Zp (separators of lines and paragraphs),
# but for the joiners U+200C and U+200D: they shape Persian and Indian words and emoji, and move
# nothing.
_STEERING = (
    "7f-9f ad 600-605 61c 6dd 70f 890-891 8e2 180e 200b 200e-200f 2028-202e 2060-2064 2066-206f "
    "feff fff9-fffb 110bd 110cd 13430-1343f 1bca0-1bca3 1d173-1d17a e0001 e0020-e007f"
)


def _characters() -> Iterable[str]:
    for part in _STEERING.split():
        first, _, last = part.partition("-")
        yield from map(chr, range(int(first, 16), int(last or first, 16) + 1))


def _escape(character: str) -> bytes:
    """As JSON has it: beyond U+FFFF by the two halves of its UTF-16."""
    units = character.encode("utf-16-be")
    return b"".join(b"\\u%b" % units[at : at + 2].hex().encode() for at in range(0, len(units), 2))


def _pattern(encoded: Iterable[bytes]) -> bytes:
    """A regular expression for these characters, as UTF-8. Those that begin with the same byte
    share it, so that little is looked at in what is none of them."""
    following = defaultdict(set)
    for character in encoded:
        following[character[:1]].add(character[1:])
    last = [re.escape(byte) for byte, rests in following.items() if b"" in rests]
    branches = [
        re.escape(byte) + _pattern(rests) for byte, rests in following.items() if b"" not in rests
    ]
    return b"(?:%b)" % b"|".join([*branches, b"[%b]" % b"".join(last)] if last else branches)


_ESCAPES = {character.encode(): _escape(character) for character in _characters()}
_split = re.compile(b"(%b)" % _pattern(_ESCAPES)).split


def terminal_safe(frame: bytes) -> bytes:
    """The same JSON, with each character escaped that steers a terminal, or all beyond ASCII."""
    if frame.isascii() and b"\x7f" not in frame:
        return frame
    parts = _split(frame, MANY)
    if len(parts) > 2 * MANY:
        return ascii_only(frame)
    parts[1::2] = map(_ESCAPES.__getitem__, parts[1::2])  # what was split at; the rest is between
    return b"".join(parts)


def ascii_only(frame: bytes) -> bytes:
    """The same JSON in ASCII alone, at least as long as what is safe. Backslashes and quotes
    are as before, each having been escaped by another backslash meanwhile."""
    escaped = encode_basestring_ascii(frame.decode())[1:-1]
    unescaped = escaped.replace("\\\\", "\\").replace('\\"', '"')
    return unescaped.replace("\x7f", "\\u007f").encode()
