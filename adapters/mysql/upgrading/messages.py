"""Offline messages of the C++ server: each is the JSON frame that it would have sent."""

import json
from datetime import datetime, tzinfo
from typing import Any

import attrs

from adapters.ids import NO_ID

ONE_CHAT = 1005
GROUP_CHATS = (1009, 10)  # the second is an old build's
LONGEST_ROW = 65_536  # bytes; the C++ server's clients could read 1,024
LONGEST_TEXT = 4_096  # characters of a message; clients rely on it (docs/protocol.md)
_TIME = "%Y-%m-%d %H:%M:%S"


class Unreadable(Exception):
    """Why a row is not a message."""


@attrs.frozen
class Message:
    """What a row says. sent: its time as written there. time_ms: the same in ms, if it can be read;
    otherwise that of the row before."""

    sender_id: int
    group_id: int  # 0: one to one
    text: str
    sent: object
    time_ms: int

    def parts(self) -> list[str]:
        """Its text, in as many parts as clients require."""
        text = self.text
        return [text[at : at + LONGEST_TEXT] for at in range(0, len(text), LONGEST_TEXT)] or [text]


@attrs.define
class Reader:
    """Reads rows in the order in which they were stored.

    now_ms: the time of a row without one, if no row before it has one.
    zone: that of the clients' clocks; None for this machine's.
    """

    now_ms: int
    zone: tzinfo | None = None
    _last_ms: int = 0

    def read(self, text: str) -> Message:
        """Raises Unreadable."""
        frame = _frame(text)
        kind = frame.get("msgid")
        if kind != ONE_CHAT and kind not in GROUP_CHATS:
            raise Unreadable(f"its msgid is {kind!r}")
        group_id = 0 if kind == ONE_CHAT else _id(frame, "groupid")
        sender_id, words, sent = _id(frame, "id"), _text(frame, "msg"), frame.get("time")
        self._last_ms = _milliseconds(sent, self.zone) or self._last_ms or self.now_ms
        return Message(sender_id, group_id, words, sent, self._last_ms)


def _frame(text: str) -> dict[str, Any]:
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("it is not JSON") from None
    if not isinstance(frame, dict):
        raise Unreadable("it is not a JSON object")
    return frame


def _id(frame: dict[str, Any], key: str) -> int:
    number = frame.get(key)
    if type(number) is not int or not 0 < number < NO_ID:
        raise Unreadable(f"its {key!r} is {number!r}")
    return number


def _text(frame: dict[str, Any], key: str) -> str:
    text = frame.get(key)
    if not isinstance(text, str):
        raise Unreadable(f"its {key!r} is {text!r}")
    return text.encode("utf-8", "replace").decode()  # JSON can have half of a surrogate pair


def _milliseconds(text: Any, zone: tzinfo | None) -> int | None:
    try:
        local = datetime.strptime(text, _TIME)  # noqa: DTZ007  # the zone comes in the next line
        aware = local.replace(tzinfo=zone) if zone else local.astimezone()
        return max(0, int(aware.timestamp() * 1000))
    except (TypeError, ValueError, OverflowError, OSError):
        return None
