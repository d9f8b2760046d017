"""Bytes that have arrived and are not taken yet."""

import pytest

from adapters.wire.framing import FrameTooLong
from adapters.wire.incoming import PIECE, IncomingBytes


def test_what_came_is_taken_in_its_order() -> None:
    """Each read is taken as one piece. A frame may begin in one piece and end in another."""
    incoming = IncomingBytes()
    for data in (b"a\nb", b"c\nd\n"):
        incoming.add(data)
    assert not incoming.is_empty()
    assert incoming.take() == [b"a"]
    assert incoming.is_within_frame()
    assert incoming.take() == [b"bc", b"d"]
    assert incoming.is_empty()
    assert not incoming.is_within_frame()


def test_much_is_cut_a_piece_at_a_time() -> None:
    """Frames that wait take much more memory than the bytes they came in."""
    incoming = IncomingBytes()
    incoming.add(b"x\n" * PIECE)
    taken = [incoming.take() for _ in range(2)]
    assert [len(frames) for frames in taken] == [PIECE // 2] * 2
    assert incoming.is_empty()


def test_frames_with_nothing_in_them_are_counted() -> None:
    """They are left out, but nothing that a client sends is free."""
    incoming = IncomingBytes()
    incoming.add(b"\n\na\n\n")
    assert incoming.take() == [b"a"]
    assert incoming.blank == 3


def test_a_frame_that_is_too_long_is_said_with_those_before_it() -> None:
    """These were complete, and the server handles them."""
    incoming = IncomingBytes(limit=10)
    incoming.add(b"a\n" + b"x" * 11)
    with pytest.raises(FrameTooLong) as caught:
        incoming.take()
    assert caught.value.frames == [b"a"]


def test_what_is_dropped_is_gone() -> None:
    """It takes no memory any more."""
    incoming = IncomingBytes()
    incoming.add(b"a\nb")
    incoming.drop()
    assert incoming.is_empty()
