"""Messages and the login answer as the C++ server wrote them.

The C++ client reads up to 1,024 bytes and treats them as one C string. So a frame for it may have
at most 1,023 bytes, and no two frames may arrive in one read.
"""

import time
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import attrs

from adapters.wire.answers import FriendRow, LoginAck, MemberRow
from adapters.wire.frames import OldGroupChatFrame, OldOneChatFrame, encode, number_of
from adapters.wire.terminal_safe import ascii_only, terminal_safe
from chat_domain.entries import ID_BITS, Entry, other_of
from chat_domain.model import Friend, Group, Member, User

MAX_FRAME = 1023  # bytes, without the terminator


@lru_cache(maxsize=64)
def _local_time(seconds: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def chat(entry: Entry, text: str | None = None) -> bytes:
    """The frame of a text entry, without a terminator. text: replaces the entry's own."""
    conv, sender_id = entry.conv, entry.sender_id
    kind: type[OldOneChatFrame | OldGroupChatFrame]
    if conv <= ID_BITS:
        kind, to = OldGroupChatFrame, conv
    else:
        kind, to = OldOneChatFrame, other_of(conv, sender_id)
    return encode(
        kind(
            sender_id,
            entry.sender_name,
            to,
            entry.text if text is None else text,
            _local_time(entry.time_ms // 1000),
        )
    )


def chat_for_terminal(entry: Entry) -> bytes:
    """The frame of a text entry, without a terminator, safe for a terminal."""
    return terminal_safe(chat(entry))


def short_chats(entry: Entry) -> Sequence[bytes]:
    """The frames of a text entry, each of at most MAX_FRAME bytes: a long text is split."""
    whole = chat(entry)
    if len(whole) <= MAX_FRAME:
        return [whole]
    head, tail = _around(entry)
    written = encode(entry.text)[1:-1]
    return [head + piece + tail for piece in _pieces(written, MAX_FRAME - len(head) - len(tail))]


def _around(entry: Entry) -> tuple[bytes, bytes]:
    """The parts of an entry's frame before and after its text."""
    frame = chat(entry, "")
    middle = frame.rindex(b'"msg":"') + len(b'"msg":"')  # names come before it, the time after
    return frame[:middle], frame[middle:]


def _pieces(written: bytes, room: int) -> Iterator[bytes]:
    """Cut the inside of a JSON string so that each piece has at most `room` bytes."""
    begin = 0
    while begin < len(written):
        end = _end_of_character(written, begin, begin + room)
        yield written[begin:end]
        begin = end


def _end_of_character(written: bytes, begin: int, limit: int) -> int:
    """The last place up to `limit` that splits neither a character nor an escape."""
    if limit >= len(written):
        return len(written)
    while written[limit] & 0b1100_0000 == _CONTINUED:
        limit -= 1
    last = written.rfind(b"\\", max(begin, limit - _LONGEST_ESCAPE + 1), limit)
    if last < 0 or not _begins_escape(written[begin : last + 1]):
        return limit
    size = _LONGEST_ESCAPE if written[last + 1 : last + 2] == b"u" else 2
    return limit if last + size <= limit else last


def _begins_escape(written: bytes) -> bool:
    """Whether the backslash at the end begins an escape: its run has an odd length."""
    return (len(written) - len(written.rstrip(b"\\"))) % 2 == 1


_CONTINUED = 0b1000_0000  # the top bits of every byte of a UTF-8 character but the first
_LONGEST_ESCAPE = 6  # bytes: \u and four digits


@attrs.frozen
class OwnGroup:
    """A group as the login answer shows it."""

    group: Group
    members: Sequence[Member]


def login_ack(
    user: User,
    friends: Sequence[Friend],
    groups: Sequence[OwnGroup],
    entries: Sequence[Entry],
    *,
    seq: int | None = None,
    limit: int,
    on_terminal: bool = False,
) -> tuple[bytes, int]:
    """The answer to a login, without a terminator, and how many of these texts it contains.

    limit: the bytes that it may have, once it is safe for a terminal if need be. Each list is cut
    where it no longer fits. Friends leave half of the room to groups, if there are any. Texts get
    what is left, since those that do not fit can be sent afterwards.
    """
    ack: dict[str, Any] = {"msgid": number_of(LoginAck)}
    if seq is not None:
        ack["seq"] = seq
    ack |= {"errno": 0, "id": user.id, "name": user.name}
    room = _Room(limit - _size(ack, on_terminal=on_terminal), on_terminal=on_terminal)
    share = room.left // 2 if groups else room.left
    lists = {
        "friends": room.take("friends", (_text(FriendRow.of(one)) for one in friends), share),
        "groups": room.take("groups", _groups(groups, room), room.left),
        "offlinemsg": room.take("offlinemsg", _chats(entries), room.left),
    }
    ack |= {name: items for name, items in lists.items() if items}
    frame = encode(ack)
    return terminal_safe(frame) if on_terminal else frame, len(lists["offlinemsg"])


class _Room:
    """How many bytes are left in a frame."""

    def __init__(self, left: int, *, on_terminal: bool) -> None:
        self.left = left
        self._on_terminal = on_terminal

    def take(self, name: str, items: Iterator[str], share: int) -> list[str]:
        """The first of these items that fit into `share` bytes, as the list called `name`."""
        taken: list[str] = []
        frame = len(name) + len(',"":[]')
        for item in items:
            size = _size(item, on_terminal=self._on_terminal) + (1 if taken else frame)
            if size > share:
                break
            share -= size
            self.left -= size
            taken.append(item)
        return taken


def _text(item: object) -> str:
    return encode(item).decode()


def _size(item: object, *, on_terminal: bool = False) -> int:
    """How many bytes an item takes as JSON. For a terminal this is an upper bound, since it depends
    on the rest of the frame whether everything beyond ASCII is escaped."""
    encoded = encode(item)
    return len(ascii_only(encoded) if on_terminal else encoded)


def _chats(entries: Sequence[Entry]) -> Iterator[str]:
    return (chat(entry).decode() for entry in entries)


def _groups(groups: Sequence[OwnGroup], room: _Room) -> Iterator[str]:
    """Each group with as many of its members as fit into an equal part of the remaining room."""
    for position, own in enumerate(groups):
        yield _group(own, room.left // (len(groups) - position))


def _group(own: OwnGroup, room: int) -> str:
    shown: dict[str, Any] = {
        "id": own.group.id,
        "groupname": own.group.name,
        "groupdesc": own.group.description,
        "users": [],
    }
    used = _size(_text(shown)) + _SPARE
    for one in own.members:
        text = _text(MemberRow.of(one))
        used += _size(encode(text).decode())  # it ends up quoted three times
        if used > room:
            break
        shown["users"].append(text)
    return _text(shown)


_SPARE = 16  # bytes for the list around the groups
