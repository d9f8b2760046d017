"""Frames with a great deal of one thing in them, up to the longest that may be sent.

A decoder is slow if something small costs much and may be repeated. So such a frame has few choices
and a repetition that fills it.
"""

from collections.abc import Sequence
from random import Random

import attrs

from adapters.wire.framing import MAX_CLIENT_FRAME

Members = dict[bytes, bytes]

SIZES = (64, 512, 4_096, 16_384, MAX_CLIENT_FRAME)  # bytes of a frame
DIGITS = (1, 2, 15, 17, 19, 20, 40, 308, 770, 4_301, 64_000)
EXPONENTS = (b"", *b"e0 e5 e-5 e23 e292 e308 e-308 e-324 e999".split())
# What strings are made of: plain and wide characters, some that steer a terminal or become longer
# by case folding; marks, which have to be put in order; escapes; invalid bytes.
SIGNS = (
    (
        b"a",
        b" ",
        b"m",
        b"I",
        "é漢🙂ﷺßİ".encode(),
        "\u1112\u1161\u11ab".encode(),
        "\u202e\x7f".encode(),
    ),
    tuple(mark.encode() for mark in "\u0345\u0315\u0301\u0316\u302e\u05b0\u3164\ufe0f"),
    (b"\\n", b'\\"', b"\\\\", b"\\/", b"\\u0000", b"\\u0301", b"\\u0316", b"\\ud83d\\ude00"),
    (b"\\ud83d", b"\\x", b"\x01", b"\xff", b"\xc0\xaf", b"a"),
)
CONSTANTS = (b"null", b"true", b"{}", b"[]", b'""', b"0", b"NaN", b"-", b"")
DEPTHS = (1, 2, 10, 100, 500, 1_000, 30_000)
LENGTHS = (1, 50, 200, 1_020, 4_096, 64_000)  # characters of a string


@attrs.frozen
class Heavy:
    random: Random

    def frame(self, members: Members) -> bytes:
        """A frame with these members, and with something heavy before or after them."""
        pick = self.random.choice
        plain = b",".join(self._member(name, value) for name, value in members.items())
        room = min(pick(SIZES), MAX_CLIENT_FRAME - len(plain)) - 3
        heavy = self._repeated(self._heavy_member([*members, b"none"], room), room)
        return b"{" + b",".join(pick([(plain, heavy), (heavy, plain)])) + b"}"

    def _heavy_member(self, names: list[bytes], room: int) -> bytes:
        pick = self.random.choice
        name = pick(names) if pick([True, True, True, False]) else self.string(pick(LENGTHS))[1:-1]
        return self._member(name, self.value(pick([room, 1]) - len(name) - 3))

    @staticmethod
    def _member(name: bytes, value: bytes) -> bytes:
        return b'"' + name + b'":' + value

    def _repeated(self, piece: bytes, room: int) -> bytes:
        """The piece once, or as often as there is room for it."""
        times = self.random.choice([1, 1, 1, room // (len(piece) + 1)])
        return b",".join([piece] * max(1, times))

    def value(self, room: int) -> bytes:
        """A value of about so many bytes."""
        match self.random.randrange(8):
            case 0:
                return self.number()
            case 1 | 6 | 7:
                return self.string(min(self.random.choice(LENGTHS), max(0, room - 2)))
            case 2:
                return self._nest(max(2, room))
            case 3:
                return b"{" + self._filled(self._member(b"a", self._small()), room - 2) + b"}"
            case 4:
                return self.random.choice(CONSTANTS) + b" " * room
            case _:
                return b"[" + self._filled(self._small(), room - 2) + b"]"

    def number(self, digits: Sequence[int] = DIGITS) -> bytes:
        pick = self.random.choice
        count = pick(digits)
        whole = (pick([b"1", b"9", b"0", b"123456789"]) * count)[:count]
        fraction = b"." + pick([b"0", b"9", b"5"]) * pick(digits)
        return pick([b"", b"-"]) + whole + pick([b"", b"", fraction]) + pick(EXPONENTS)

    def string(self, length: int) -> bytes:
        """A string of about so many characters of a few kinds, alternating or kind by kind."""
        kind = self.random.choice(SIGNS)
        signs = [self.random.choice(kind) for _ in range(self.random.randrange(1, 5))]
        times = min(length, 62_000 // len(max(signs, key=len))) // len(signs)
        if self.random.choice([True, False]):
            return b'"' + b"".join(signs) * times + b'"'
        return b'"' + b"".join(sign * times for sign in signs) + b'"'

    def _small(self) -> bytes:
        match self.random.randrange(4):
            case 0:
                return self.number(DIGITS[:-2])
            case 1:
                return self.string(self.random.choice(LENGTHS[:2]))
            case 2:
                return self._nest(2_000)
            case _:
                return self.random.choice(CONSTANTS)

    @staticmethod
    def _filled(piece: bytes, room: int) -> bytes:
        return b",".join([piece] * max(1, room // (len(piece) + 1)))

    def _nest(self, room: int) -> bytes:
        opening, closing = self.random.choice([(b"[", b"]"), (b'{"":', b"}")])
        depth = min(self.random.choice(DEPTHS), room // (len(opening) + 1))
        inner = self.random.choice(CONSTANTS)
        return opening * depth + inner + closing * self.random.choice([depth, depth, 0])
