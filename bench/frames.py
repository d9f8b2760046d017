"""Frames as clients send them, made in advance where possible."""

import itertools
import re
import secrets
import time
from collections.abc import Callable, Iterator

TEXT = "a text of sixty-four bytes, as people write them to each other.."
TIME = "2026-01-01 12:00:00"
NUL, NEWLINE = b"\0", b"\n"
ACK, PONG = b'{"msgid":1010', b'{"msgid":1013}\n'
POSITION = re.compile(rb'"at":(\d+)')

Next = Callable[[], bytes]  # the next message of a sender


def answers_in(data: bytes) -> int:
    """How many answers begin in what a sender of version 2 has received."""
    return data.count(ACK)


def chats_in(data: bytes) -> int:
    """How many messages end in what a reader of version 2, who sends no requests, has received."""
    # 101.: PING, PRESENCE and the like; 103.: CHANGED, MARKS
    return data.count(NEWLINE) - data.count(b'{"msgid":101') - data.count(b'{"msgid":103')


def last_position(data: bytes) -> int:
    """The last position in the whole frames of this data, 0 if there is none."""
    positions = POSITION.findall(data, 0, data.rfind(NEWLINE) + 1)
    return int(positions[-1]) if positions else 0


def end_of(version: int) -> bytes:
    """What ends the frames to and from a client of this version."""
    return NUL if version == 1 else NEWLINE


def login(user_id: int, version: int, *, missed: bool = False) -> bytes:
    """missed: whether the client wants what came before. Version 1 always gets the texts of it."""
    v2 = b"" if version == 1 else b',"v":2'
    if version > 1 and not missed:
        v2 += b',"since":0'  # without an epoch, so that it begins at the head
    return b'{"msgid":1000,"id":%d,"password":"secret"%b}' % (user_id, v2) + end_of(version)


def resume(token: str, since: int, epoch: str) -> bytes:
    return b'{"msgid":1015,"token":"%b","since":%d,"epoch":"%b","seq":1}\n' % (
        token.encode(),
        since,
        epoch.encode(),
    )


def taken(at: int) -> bytes:
    return b'{"msgid":1014,"at":%d}\n' % at


def join(group_id: int, version: int = 2) -> bytes:
    return b'{"msgid":1008,"groupid":%d,"seq":1}' % group_id + end_of(version)


def history(user_id: int, before: int | None) -> bytes:
    """A page of 50 of the conversation with a user, the newest if `before` is None."""
    below = b"" if before is None else b',"before":%d' % before
    return b'{"msgid":1041,"toid":%d%b,"seq":1}\n' % (user_id, below)


def conversations(before: int | None) -> bytes:
    """A page of 200 conversations."""
    below = b"" if before is None else b',"before":%d' % before
    return b'{"msgid":1039,"limit":200%b,"seq":1}\n' % below


def messages(version: int, sender_id: int, to: bytes) -> Next:
    """The messages of one sender; `to` is the part that names the recipient."""
    if version == 1:
        frame = _old_frame(sender_id, to)
        return lambda: frame
    return _new_frames(to).__next__


def one(user_id: int) -> bytes:
    return b'1005,"toid":%d' % user_id


def group(group_id: int) -> bytes:
    return b'1009,"groupid":%d' % group_id


def _old_frame(sender_id: int, to: bytes) -> bytes:
    """A frame of version 1, which is always the same."""
    head = b'{"msgid":%b,"id":%d,"name":"user %d","msg":"%b","time":"%b"}\0'
    return head % (to, sender_id, sender_id, TEXT.encode(), TIME.encode())


def _new_frames(to: bytes) -> Iterator[bytes]:
    """Frames of version 2, with a `seq` and a unique `cid` that begins with the time in ms."""
    head = b'{"msgid":%b,"msg":"%b","cid":"' % (to, TEXT.encode())
    stream = secrets.token_hex(4).encode()  # a sender may have several
    now = time.time_ns
    for number in itertools.count():
        yield b'%b%013d-%b%08x","seq":%d}\n' % (head, now() // 1_000_000, stream, number, number)
