"""Cutting a stream into frames."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.wire.framing import MAX_CLIENT_FRAME, FrameSplitter, FrameTooLong, HttpRequest

LIMIT = 12  # small, so that random bytes reach it
STREAMS = st.lists(
    st.sampled_from([b"\0", b"\n", b"\r", b"\r\n", b"a", b"{}", b"x" * LIMIT, b"x" * (LIMIT + 1)])
).map(b"".join)


def cut(stream: bytes, sizes: list[int]) -> list[bytes]:
    """The stream in pieces of these sizes, and then the rest."""
    pieces = []
    for size in sizes:
        pieces.append(stream[:size])
        stream = stream[size:]
    return [*pieces, stream]


def frames_of(pieces: list[bytes], limit: int = LIMIT) -> tuple[list[bytes], bool]:
    """All frames of a stream, and whether it ended with one that was too long."""
    splitter = FrameSplitter(limit)
    frames: list[bytes] = []
    for piece in pieces:
        try:
            frames += splitter.feed(piece)
        except FrameTooLong as too_long:
            return [*frames, *too_long.frames], True
    return frames, False


@given(STREAMS, st.lists(st.integers(0, 5)))
@example(b"a\r\n", [2])
@example(b"x" * LIMIT + b"\r\nb\n", [LIMIT + 1])
@example(b"x" * LIMIT + b"\r\0b\n", [LIMIT + 1])
@example(b"a\n" + b"x" * (LIMIT + 1) + b"\nb\n", [2])
def test_the_cut_makes_no_difference(stream: bytes, sizes: list[int]) -> None:
    """The same bytes give the same frames, and the same refusal, in whatever pieces they arrive."""
    whole, too_long = frames_of([stream])
    assert frames_of(cut(stream, sizes)) == (whole, too_long)
    assert frames_of([bytes([byte]) for byte in stream]) == (whole, too_long)


@given(STREAMS)
def test_frames_are_what_is_between_terminators(stream: bytes) -> None:
    """They come in order, without carriage returns before newlines. Empty ones are left out."""
    parts = stream.replace(b"\r\n", b"\n").replace(b"\n", b"\0").split(b"\0")
    complete = [part for part in parts[:-1] if part]
    frames, too_long = frames_of([stream], limit=10**6)
    assert frames == complete
    assert not too_long


@pytest.mark.parametrize("end", [b"\0", b"\n", b"\r\n"])
def test_either_byte_ends_a_frame(end: bytes) -> None:
    """No part of the terminator is in the frame."""
    assert FrameSplitter(LIMIT).feed(b"{}" + end + b"[]" + end) == [b"{}", b"[]"]


def test_terminators_may_be_mixed() -> None:
    """Any of the terminators ends any frame."""
    assert FrameSplitter(LIMIT).feed(b"a\0b\nc\r\nd\0\n\0\r\ne") == [b"a", b"b", b"c", b"d"]


def test_a_carriage_return_elsewhere_belongs_to_the_frame() -> None:
    """Only one directly before a newline does not."""
    assert FrameSplitter(LIMIT).feed(b"a\rb\nc\r\0d\r\r\n") == [b"a\rb", b"c\r", b"d\r"]


def test_an_unfinished_frame_waits() -> None:
    """The splitter keeps it until the rest arrives."""
    splitter = FrameSplitter(LIMIT)
    assert splitter.feed(b"{") == []
    assert splitter.feed(b"") == []
    assert splitter.feed(b"}") == []
    assert splitter.feed(b"\n") == [b"{}"]


@pytest.mark.parametrize("end", [b"\0", b"\n", b"\r\n"])
def test_a_frame_of_65536_bytes_is_the_longest(end: bytes) -> None:
    """A longer one is refused, whether or not its end has arrived."""
    longest = b"x" * MAX_CLIENT_FRAME
    for pieces in ([longest + end], [longest, end], [longest + end[:1], end[1:]]):
        assert frames_of(pieces, MAX_CLIENT_FRAME) == ([longest], False)
    for pieces in ([longest + b"x" + end], [longest + b"x"], [longest, b"x"]):
        assert frames_of(pieces, MAX_CLIENT_FRAME) == ([], True)


def test_a_carriage_return_may_yet_be_half_of_an_ending() -> None:
    """A full frame may therefore be followed by one, until something other than a newline
    follows."""
    full = b"x" * LIMIT
    splitter = FrameSplitter(LIMIT)
    assert splitter.feed(full + b"\r") == []
    assert splitter.feed(b"\n") == [full]
    assert splitter.feed(full + b"\r") == []
    with pytest.raises(FrameTooLong):
        splitter.feed(b"\r")


@pytest.mark.parametrize("byte", [b"\r", b"x"])
def test_a_piece_costs_the_same_however_much_has_come_before_it(byte: bytes) -> None:
    """All of these take some 10 ms of processor time. It would be half a minute if each piece made
    the splitter search what is there already."""
    pieces = 8192
    splitter = FrameSplitter(pieces * 512)
    begun = time.thread_time()
    for _ in range(pieces):
        assert splitter.feed(byte * 512) == []
        assert time.thread_time() - begun < 2.0
    assert splitter.feed(b"\n") == [(byte * pieces * 512).removesuffix(b"\r")]


def test_what_was_complete_before_a_frame_that_is_too_long_is_given_back() -> None:
    """The frame that is too long costs only the stream behind it."""
    with pytest.raises(FrameTooLong) as caught:
        FrameSplitter(LIMIT).feed(b"a\n\nb\n" + b"x" * (LIMIT + 1) + b"\nc\n")
    assert caught.value.frames == [b"a", b"b"]
    assert "12" in str(caught.value)


@pytest.mark.parametrize(
    ("pieces", "terminator"),
    [
        ([], b"\n"),
        ([b"{}"], b"\n"),
        ([b"{}\0"], b"\0"),
        ([b"{", b"}", b"\0", b"{}\n"], b"\0"),
        ([b"{}\r\n{}\0"], b"\n"),
        ([b"{}\n", b"{}\0"], b"\n"),
    ],
)
def test_the_first_terminator_is_remembered(pieces: list[bytes], terminator: bytes) -> None:
    """The server ends its own frames with it, or with a newline while there is none."""
    splitter = FrameSplitter(LIMIT)
    for piece in pieces:
        splitter.feed(piece)
    assert splitter.terminator == terminator


@pytest.mark.parametrize("method", [b"POST", b"GET", b"OPTIONS", b"lower-case"])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_request_of_http_is_not_cut_into_frames(method: bytes, size: int) -> None:
    """A page on any site can have its readers' browsers send one, with frames for its body."""
    line = method + b" /a?b=%7B HTTP/1.1\r"
    splitter = FrameSplitter(MAX_CLIENT_FRAME)
    for start in range(0, len(line), size):
        assert splitter.feed(line[start : start + size]) == []
    with pytest.raises(HttpRequest):
        splitter.feed(b'\nHost: chat\r\n\r\n{"msgid":1012}\n')


def test_what_only_resembles_a_request_of_http_is_a_frame() -> None:
    """So is a request behind another frame, since a browser sends nothing before its request."""
    for line in (b"GET / HTTP", b" GET / HTTP/1.1", b"GET / HTTP/1.1 x", b'{"a":"GET / HTTP/1.1"}'):
        assert FrameSplitter(MAX_CLIENT_FRAME).feed(line + b"\n") == [line]
    splitter = FrameSplitter(MAX_CLIENT_FRAME)
    assert splitter.feed(b"{}\nGET / HTTP/1.1\r\n") == [b"{}", b"GET / HTTP/1.1"]
