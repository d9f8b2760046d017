"""Frames as clients send them, made before they are needed as far as that is possible."""

import itertools
from collections.abc import Callable, Iterator

TEXT = "a text of sixty-four bytes, as people write them to each other.."
TIME = "2026-01-01 12:00:00"
NUL, NEWLINE = b"\0", b"\n"

Next = Callable[[], bytes]  # the next message of a sender


PING = b'{"msgid":1012}\n'


def messages_in(data: bytes) -> int:
    """How many messages or answers end in what a client of version 2 has got."""
    return data.count(NEWLINE) - data.count(PING)


def end_of(version: int) -> bytes:
    """What ends the frames of a client of this version, and those that it gets."""
    return NUL if version == 1 else NEWLINE


def login(user_id: int, version: int) -> bytes:
    v2 = b"" if version == 1 else b',"v":2'
    return b'{"msgid":1000,"id":%d,"password":"secret"%b}' % (user_id, v2) + end_of(version)


def pushed(number: int) -> bytes:
    return b'{"msgid":1014,"push":%d}\n' % number


def messages(version: int, sender_id: int, to: bytes) -> Next:
    """The messages of one sender; `to` is the part that names the recipient."""
    if version == 1:
        frame = _old_frame(sender_id, to)
        return lambda: frame
    return _new_frames(sender_id, to).__next__


def one(user_id: int) -> bytes:
    return b'1005,"toid":%d' % user_id


def group(group_id: int) -> bytes:
    return b'1009,"groupid":%d' % group_id


def _old_frame(sender_id: int, to: bytes) -> bytes:
    """Version 1 has nothing in it that changes."""
    head = b'{"msgid":%b,"id":%d,"name":"user %d","msg":"%b","time":"%b"}\0'
    return head % (to, sender_id, sender_id, TEXT.encode(), TIME.encode())


def _new_frames(sender_id: int, to: bytes) -> Iterator[bytes]:
    """Version 2: a `cid` that never comes again, and a `seq`."""
    cid = b"7c9e6679-7425-40de-944b-%08x" % sender_id
    head = b'{"msgid":%b,"msg":"%b","cid":"%b' % (to, TEXT.encode(), cid)
    for number in itertools.count():
        yield b'%b%08x","seq":%d}\n' % (head, number, number)
