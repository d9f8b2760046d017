"""Offline messages of the C++ server: each is the JSON frame that would have been sent."""

import json
from collections import defaultdict
from datetime import datetime, tzinfo
from typing import Any

import attrs

from chat_domain.model import Message
from chat_domain.names import MAX_NAME

ONE_CHAT = 1005
GROUP_CHATS = (1009, 10)  # the second by an old build
NO_ID = 2**31
LONGEST_ROW = 65_536  # bytes; the C++ server's clients could read 1,024
LONGEST_TEXT = 4_096  # characters of a message; clients rely on it (docs/protocol.md)
_TIME = "%Y-%m-%d %H:%M:%S"


class Unreadable(Exception):
    """Why a row is no message."""


@attrs.define
class Reader:
    """Makes messages of rows, which have to come in the order in which they were stored.

    Their order is kept: it is more truthful than their times, which came from the clocks of many
    clients. So the time in a mid never goes back for one recipient, and is never later than
    `now_ms`, for what is sent from now on has to come behind.

    Two rows that are the same are two messages. The C++ server stored one row for each sending, and
    who writes 'ok' twice within a second has said it twice.

    zone: that of the clients' clocks; None is this machine's.
    """

    now_ms: int
    zone: tzinfo | None = None
    _count: int = 0
    _last_ms: int = 0
    _stamps: defaultdict[int, int] = attrs.field(factory=lambda: defaultdict(int))

    def read(self, recipient: int, text: str) -> list[Message]:
        """The message that a row is; several, in order, where its text is too long for one.
        Raises Unreadable."""
        frame = _frame(text)
        kind = frame.get("msgid")
        if kind != ONE_CHAT and kind not in GROUP_CHATS:
            raise Unreadable(f"its msgid is {kind!r}")
        group_id = 0 if kind == ONE_CHAT else _id(frame, "groupid")
        sender_id, words = _id(frame, "id"), _text(frame, "msg")
        self._last_ms = _milliseconds(frame.get("time"), self.zone) or self._last_ms or self.now_ms
        name = _text(frame, "name", "")[:MAX_NAME]
        return [
            Message(mid, mid, sender_id, name, group_id, part, self._last_ms)
            for part in _parts(words)
            for mid in [self._mid(recipient)]
        ]

    def _mid(self, recipient: int) -> str:
        stamp = max(self._stamps[recipient], min(self._last_ms, self.now_ms))
        self._stamps[recipient] = stamp
        self._count += 1
        return f"{stamp:012x}-{self._count:08x}-00000000"


def _frame(text: str) -> dict[str, Any]:
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("it is no JSON") from None
    if not isinstance(frame, dict):
        raise Unreadable("it is no JSON object")
    return frame


def _id(frame: dict[str, Any], key: str) -> int:
    number = frame.get(key)
    if type(number) is not int or not 0 < number < NO_ID:
        raise Unreadable(f"its {key!r} is {number!r}")
    return number


def _text(frame: dict[str, Any], key: str, default: str | None = None) -> str:
    text = frame.get(key, default)
    if not isinstance(text, str):
        raise Unreadable(f"its {key!r} is {text!r}")
    return text.encode("utf-8", "replace").decode()  # JSON can say half of a surrogate pair


def _parts(text: str) -> list[str]:
    return [text[at : at + LONGEST_TEXT] for at in range(0, len(text), LONGEST_TEXT)] or [text]


def _milliseconds(text: Any, zone: tzinfo | None) -> int | None:
    try:
        local = datetime.strptime(text, _TIME)  # noqa: DTZ007  # the zone comes in the next line
        aware = local.replace(tzinfo=zone) if zone else local.astimezone()
        return max(0, int(aware.timestamp() * 1000))
    except (TypeError, ValueError, OverflowError, OSError):
        return None
