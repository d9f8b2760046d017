"""Frames as clients send them, made before they are needed as far as that is possible."""

from collections.abc import Callable, Sequence

TEXT = "a text of sixty-four bytes, as people write them to each other.."
TIME = "2026-01-01 12:00:00"
NUL, NEWLINE = b"\0", b"\n"

Burst = Callable[[int], bytes]  # the next n frames of a sender


def end_of(version: int) -> bytes:
    """What ends the frames of a client of this version, and those that it gets."""
    return NUL if version == 1 else NEWLINE


def login(user_id: int, version: int) -> bytes:
    v2 = b"" if version == 1 else b',"v":2'
    return b'{"msgid":1000,"id":%d,"password":"secret"%b}' % (user_id, v2) + end_of(version)


def pushed(number: int) -> bytes:
    return b'{"msgid":1014,"push":%d}\n' % number


def bursts(version: int, sender_id: int, to: bytes, window: int) -> Burst:
    """The frames of one sender; `to` is the part that names the recipient."""
    if version == 1:
        return _old_frames(sender_id, to, window).__getitem__
    return _NewFrames(sender_id, to).burst


def one(user_id: int) -> bytes:
    return b'1005,"toid":%d' % user_id


def group(group_id: int) -> bytes:
    return b'1009,"groupid":%d' % group_id


def _old_frames(sender_id: int, to: bytes, window: int) -> Sequence[bytes]:
    """All bursts up to a window: version 1 has nothing in it that changes."""
    head = b'{"msgid":%b,"id":%d,"name":"user %d","msg":"%b","time":"%b"}\0'
    frame = head % (to, sender_id, sender_id, TEXT.encode(), TIME.encode())
    return [frame * count for count in range(window + 1)]


class _NewFrames:
    """Version 2: a `cid` that never comes again, and a `seq`."""

    def __init__(self, sender_id: int, to: bytes) -> None:
        cid = b"7c9e6679-7425-40de-944b-%08x" % sender_id
        self._head = b'{"msgid":%b,"msg":"%b","cid":"%b' % (to, TEXT.encode(), cid)
        self._count = 0

    def burst(self, count: int) -> bytes:
        first, self._count = self._count, self._count + count
        if count == 1:
            return b'%b%08x","seq":%d}\n' % (self._head, first, first)
        numbers = range(first, self._count)
        return b"".join([b'%b%08x","seq":%d}\n' % (self._head, n, n) for n in numbers])
