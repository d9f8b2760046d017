"""Making frames safe for people who read them on a terminal, for example with `nc`.

JSON escapes the first 32 control characters only, so a frame may hold others that a terminal obeys:
U+009B begins a command to it, U+202E reverses the order of the text that follows. Escaped
(`\\u009b`), the character remains the same JSON, and the terminal only displays it.

Each escape takes 0.25 us. If there are many, everything outside ASCII is escaped instead, which
takes a twentieth of that: a text full of them is unreadable anyway, and may fill a whole page.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from json.encoder import encode_basestring_ascii

MANY = 100  # characters that control a terminal, in one frame

# Unicode's categories Cc (control), Cf (format), Zl and Zp (line and paragraph separators), except
# for the joiners U+200C and U+200D: they shape Persian and Indian words and emoji, and move
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
    """As JSON escapes it: beyond U+FFFF as the two halves of its UTF-16."""
    units = character.encode("utf-16-be")
    return b"".join(b"\\u%b" % units[at : at + 2].hex().encode() for at in range(0, len(units), 2))


def _pattern(encoded: Iterable[bytes]) -> bytes:
    """A regular expression for these characters in UTF-8. Characters share their common first
    bytes, so that any other character is passed over quickly."""
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
    """The same JSON, with every character escaped that controls a terminal, or all beyond ASCII."""
    if frame.isascii() and b"\x7f" not in frame:
        return frame
    parts = _split(frame, MANY)
    if len(parts) > 2 * MANY:
        return ascii_only(frame)
    parts[1::2] = map(_ESCAPES.__getitem__, parts[1::2])  # the separators; the text is between them
    return b"".join(parts)


def ascii_only(frame: bytes) -> bytes:
    """The same JSON in ASCII only, at least as long as what `terminal_safe` returns. Backslashes
    and quotes stay as they are: the encoder escapes each, and the lines below undo that."""
    escaped = encode_basestring_ascii(frame.decode())[1:-1]
    unescaped = escaped.replace("\\\\", "\\").replace('\\"', '"')
    return unescaped.replace("\x7f", "\\u007f").encode()
