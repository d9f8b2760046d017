"""No frame costs the event loop more than 2 ms, whatever is in it.

So clients cannot keep others waiting by what they send, only by how much, and that is limited.
"""

import logging
from collections.abc import Iterator
from random import randrange

import pytest
import structlog

from adapters.wire.framing import MAX_CLIENT_FRAME
from tests.fuzz.search import searching, told, unpacked
from tests.fuzz.stage import KINDS, MOST, cost

FRAMES = 5_000


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Log nothing: writing a log is not part of a frame's cost."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    yield
    structlog.reset_defaults()


def filled(head: bytes, piece: bytes, tail: bytes) -> bytes:
    """The longest frame of this kind."""
    return head + piece * ((MAX_CLIENT_FRAME - len(head) - len(tail)) // len(piece)) + tail


UNKNOWN = b'{"msgid":99,"x":['
LOGIN = b'{"msgid":1000,"password":"x"'
CHAT = b'{"msgid":1005,"toid":3,"msg":"'
GROUP_CHAT = b'{"msgid":1009,"groupid":1,"msg":"'
MARKS = ("\u0345" * 340 + "\u0301" * 340 + "\u0316" * 340).encode()  # in no order
STORE_WEIGHT = {
    "numbers with large exponents": filled(UNKNOWN, b"1e308,", b"1]}"),
    "numbers with small exponents": filled(UNKNOWN, b"5e-324,", b"1]}"),
    "numbers of many digits": filled(UNKNOWN, b"1" * 700 + b".5e300,", b"1]}"),
    "nothing but numbers": filled(b"[", b"1e308,", b"1]"),
    "the number behind them": filled(b'{"x":[', b"1e308,", b'1],"msgid":99}'),
    "the deepest nesting": filled(UNKNOWN, b"[" * 900 + b"]" * 900 + b",", b"1]}"),
    "the same number again and again": filled(LOGIN, b',"seq":1', b"}"),
    "the same name again and again": filled(LOGIN, b',"name":"\xc3\xa9"', b"}"),
    "a long name": b'{"msgid":1019,"name":"' + MARKS + b'"}',
    "a long name at a login": LOGIN + b',"name":"' + MARKS + b'"}',
    "a long name for a group": b'{"msgid":1007,"groupname":"' + MARKS + b'"}',
    "a session of nobody's": b'{"msgid":1033,"session":"' + b"\\udbff\\udfff" * 1024 + b'"}',
    "a text that steers a terminal": GROUP_CHAT + "\u202e\U000e0020".encode() * 2048 + b'"}',
    "a page of texts that steer a terminal": b'{"msgid":1041,"toid":2,"limit":200}',
    "conversations with nothing else": b'{"msgid":1039,"limit":200}',
    "a text of escapes for a group": GROUP_CHAT + b"\\u0001" * 4096 + b'"}',
    "a text of control characters": CHAT + b"\\u0001" * 4096 + b'"}',
    "a text of quotes": CHAT + b'\\"' * 4096 + b'"}',
    "a text of emoji": CHAT + "🙂".encode() * 4096 + b'"}',
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("frame", STORE_WEIGHT.values(), ids=STORE_WEIGHT)
def test_a_dear_frame_costs_no_more(kind: str, frame: bytes) -> None:
    """These frames are known to be expensive for the decoder or for later steps, whoever sends
    them."""
    assert len(frame) <= MAX_CLIENT_FRAME
    found = cost(kind, frame)
    assert found < MOST, told(kind, frame, found)


def test_nothing_is_found_that_costs_more() -> None:
    """The search covers all requests, with everything that JSON can have a great deal of."""
    with searching() as search:
        search.run(FRAMES, randrange(2**32))


def test_what_is_found_can_be_looked_at_again() -> None:
    """The output has a frame as one word, from which it can be made again."""
    frame = filled(UNKNOWN, b"1e308,", b"\xff]}")
    word = told("stranger", frame, MOST).split()[-1]
    assert unpacked(word) == frame
    assert len(word) < 300
