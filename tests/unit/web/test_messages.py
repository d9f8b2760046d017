"""Frames of the chat that arrive over a WebSocket."""

import pytest
from hypothesis import given
from hypothesis import strategies as some
from websockets.frames import Frame, Opcode

from adapters.web.messages import PIECE, BadWebSocket, IncomingMessages
from adapters.wire.framing import BrokenStream, FrameTooLong
from chat_domain.fairness.limits import STRANGERS_FRAME, STRANGERS_UNREAD


class Arriving:
    """Receives the bytes of a WebSocket. answers: control frames sent in return. ended: how often
    the client has closed."""

    def __init__(self, limit: int = 65_536) -> None:
        self.answers: list[bytes] = []
        self.ended = 0
        self.incoming = IncomingMessages(self.answers.append, self._end)
        self.incoming.limit = limit

    def _end(self) -> None:
        self.ended += 1

    def all_of(self, *reads: bytes) -> list[bytes]:
        """All messages in these reads."""
        found: list[bytes] = []
        for data in reads:
            self.incoming.add(data)
            while not self.incoming.is_empty():
                found += self.incoming.take()
        return found


@pytest.fixture
def arriving() -> Arriving:
    return Arriving()


def frame(opcode: Opcode, data: bytes = b"", *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=True)


def text(data: bytes) -> bytes:
    return frame(Opcode.TEXT, data)


BETWEEN = some.sampled_from([b"", frame(Opcode.PING, b"?"), frame(Opcode.PONG)])


@given(
    messages=some.lists(some.text(min_size=1, max_size=300), max_size=5),
    parts=some.lists(some.integers(1, 40), min_size=1, max_size=8),
    between=some.lists(BETWEEN, min_size=1, max_size=5),
    cuts=some.lists(some.integers(1, 50), min_size=1, max_size=8),
)
def test_messages_come_whole_and_in_order(
    messages: list[str], parts: list[int], between: list[bytes], cuts: list[int]
) -> None:
    """The sender may cut them into frames, the network may cut the frames, and control frames may
    come in between."""
    stream = bytearray()
    for message in messages:
        data, opcode = message.encode(), Opcode.TEXT
        for number in range(1000):
            part = data[: parts[number % len(parts)]]
            data = data[len(part) :]
            stream += frame(opcode, part, fin=not data) + between[number % len(between)]
            opcode = Opcode.CONT
            if not data:
                break
    reads: list[bytes] = []
    at = 0
    while at < len(stream):
        reads.append(bytes(stream[at : at + cuts[len(reads) % len(cuts)]]))
        at += len(reads[-1])
    assert Arriving().all_of(*reads) == [message.encode() for message in messages]


@given(some.binary(max_size=300))
def test_whatever_comes_breaks_nothing_else(data: bytes) -> None:
    """Either the stream is broken, with a code, or more bytes are needed."""
    arriving = Arriving()
    try:
        arriving.all_of(data)
    except BrokenStream:
        assert arriving.incoming.code in {1002, 1003, 1007, 1009}


BAD = {
    "binary": (frame(Opcode.BINARY, b"{}"), 1003),
    "bytes": (text(b"\xff"), 1007),
    "half a character": (
        frame(Opcode.TEXT, b"\xe6", fin=False) + frame(Opcode.CONT, b"x"),
        1007,
    ),
    "a reason that is no text": (frame(Opcode.CLOSE, b"\x03\xe8\xff"), 1007),
    "a length of exabytes": (b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 1009),
    "no mask": (b"\x81\x00", 1002),
    "a reserved bit": (b"\xc1\x80\0\0\0\0", 1002),
    "an unknown opcode": (b"\x8f\x80\0\0\0\0", 1002),
    "a part of nothing": (frame(Opcode.CONT, b"x"), 1002),
    "a message within another": (frame(Opcode.TEXT, b"{", fin=False) + text(b"{}"), 1002),
    "a long ping": (b"\x89\xfe\0\x7e\0\0\0\0" + bytes(126), 1002),
    "a ping in parts": (b"\x09\x80\0\0\0\0", 1002),
    "half a code": (b"\x88\x81\0\0\0\0\0", 1002),
    "a code that is none": (b"\x88\x82\0\0\0\0\x03\xe7", 1002),
    "a request of HTTP": (b"GET /chat HTTP/1.1\r\nHost: localhost\r\n\r\n", 1002),
}


@pytest.mark.parametrize(("data", "code"), BAD.values(), ids=BAD)
def test_what_is_not_for_us_has_its_code(arriving: Arriving, data: bytes, code: int) -> None:
    """Messages before it are still taken."""
    with pytest.raises(FrameTooLong if code == 1009 else BadWebSocket) as told:
        arriving.all_of(text(b"before") + data + text(b"behind"))
    assert told.value.frames == [b"before"]
    assert arriving.incoming.code == code


def test_a_message_of_the_longest_is_taken(arriving: Arriving) -> None:
    """One more byte is too long, in one frame or in several."""
    arriving.incoming.limit = 3000
    half = frame(Opcode.TEXT, 1500 * b"x", fin=False)
    parts = half + frame(Opcode.CONT, 1500 * b"x")
    assert arriving.all_of(text(3000 * b"x"), parts) == [3000 * b"x"] * 2
    for more in (text(3001 * b"x"), half + frame(Opcode.CONT, 1501 * b"x")):
        arriving = Arriving(3000)
        with pytest.raises(FrameTooLong, match="at most 3000 bytes"):
            arriving.all_of(more)
        assert arriving.incoming.code == 1009


def test_what_has_nothing_in_it_counts(arriving: Arriving) -> None:
    """Nothing that a client sends is free."""
    nothing = [
        *(frame(Opcode.PING), frame(Opcode.PONG), text(b"")),
        *(frame(Opcode.TEXT, b"", fin=False), frame(Opcode.CONT, b"", fin=False)),
    ]
    arriving.incoming.add(b"".join(nothing))
    assert arriving.incoming.take() == []
    assert arriving.incoming.blank == len(nothing)


def test_pings_are_answered(arriving: Arriving) -> None:
    """The answer has the same content."""
    arriving.all_of(frame(Opcode.PING, b"?") + text(b"x"))
    assert arriving.answers == [Frame(Opcode.PONG, b"?").serialize(mask=False)]


def test_much_is_looked_at_piece_by_piece(arriving: Arriving) -> None:
    """One read may have tens of thousands of frames."""
    arriving.incoming.add(frame(Opcode.PING) * 1000)
    arriving.incoming.take()
    assert arriving.incoming.blank <= PIECE / 6 + 1
    assert not arriving.incoming.is_empty()


def test_all_that_waits_is_counted(arriving: Arriving) -> None:
    """This includes unread bytes, an unfinished frame and an unfinished message."""
    incoming = arriving.incoming
    incoming.add(frame(Opcode.TEXT, 100 * b"x", fin=False) + text(200 * b"x")[:50])
    assert incoming.held() == 106 + 50
    incoming.take()
    assert incoming.held() >= 100 + 50 - 8  # except a frame's header
    assert incoming.is_within_frame()


def test_nothing_follows_the_end(arriving: Arriving) -> None:
    """What a client sends after its CLOSE is ignored."""
    close = frame(Opcode.CLOSE, b"\x03\xe8")
    assert arriving.all_of(text(b"last") + close + text(b"late"), text(b"later")) == [b"last"]
    assert (arriving.ended, arriving.answers) == (1, [])


@pytest.mark.parametrize("size", [1, 100, 300, 70_000])
def test_a_frame_has_begun_with_its_first_byte(size: int) -> None:
    """Even a part of the header counts, so that a slow client is noticed. The frame ends with its
    last byte, and a PING does not count as a message that has begun."""
    arriving = Arriving(limit=70_000)
    data = text(b"x" * size)
    header = len(data) - size
    for byte in data[:header]:
        arriving.all_of(bytes([byte]))
        assert arriving.incoming.is_within_frame()
    assert arriving.all_of(data[header:]) == [b"x" * size]
    assert not arriving.incoming.is_within_frame()
    arriving.all_of(frame(Opcode.PING, b"y" * 125))
    assert not arriving.incoming.is_within_frame()
    assert arriving.incoming.held() == 0


def test_the_longest_frame_of_a_stranger_is_not_too_much_that_waits() -> None:
    """Its header does not count while the frame is read piece by piece."""
    arriving = Arriving(limit=STRANGERS_FRAME)
    arriving.incoming.add(text(b"x" * STRANGERS_FRAME))
    assert arriving.incoming.take() == []
    assert arriving.incoming.held() <= STRANGERS_UNREAD
