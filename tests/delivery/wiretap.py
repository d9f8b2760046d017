"""Reads along on a connection what client and server say, so that both are judged by their words.

The client knows an answer only if it arrives; what the network has lost is heard here all the same.
"""

import itertools
import json
import re
from typing import Any

from adapters.client.errors import PASSING
from adapters.wire.answers import Ack, Error
from adapters.wire.frames import number_of
from tests.delivery.history import History

NOT_NOTED = "not noted"  # a text that is no part of the history
_ENDS = re.compile(rb"[\0\n]")
_ANSWERS = frozenset({number_of(Ack), number_of(Error)})
_numbers = itertools.count(1)


def key_of(text: str) -> str:
    """What names a message, at the beginning of its text."""
    return text.partition(" ")[0]


class Wiretap:
    """One connection."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._wire = next(_numbers)
        self._begun = {True: b"", False: b""}
        self._keys: dict[int, str] = {}  # by seq

    def hear(self, data: bytes, *, by_client: bool) -> None:
        *frames, self._begun[by_client] = _ENDS.split(self._begun[by_client] + data)
        for frame in frames:
            if by_client and b'"msg"' in frame:
                self._sent(json.loads(frame))
            elif not by_client and (b'"error"' in frame or b'"status"' in frame):
                self._answered(json.loads(frame))

    def ends(self) -> None:
        self._history.note("cut", wire=self._wire)

    def _sent(self, frame: dict[str, Any]) -> None:
        if frame["msg"] != NOT_NOTED:
            key = self._keys[frame["seq"]] = key_of(frame["msg"])
            self._history.note("copy", key=key, wire=self._wire, seq=frame["seq"])

    def _answered(self, frame: dict[str, Any]) -> None:
        seq = frame.get("seq", 0)
        if frame["msgid"] in _ANSWERS and seq in self._keys:
            self._history.note("said", wire=self._wire, seq=seq)
            if frame.get("error") in PASSING:
                self._history.note("again", key=self._keys[seq])
