"""Reads along what client and server say on a connection, so that both are judged by their words.

The client knows of an answer only if it arrives; here it is heard even if the network loses it.
"""

import itertools
import json
import re
from typing import Any

from adapters.wire import answers, frames, requests
from adapters.wire.frames import number_of
from tests.delivery.history import END, History, crc_of, key_of

_ENDS = re.compile(rb"[\0\n]")
_LOGINS = frozenset({number_of(requests.Login), number_of(requests.Resume)})
_CHATS = frozenset({number_of(frames.OneChatFrame), number_of(frames.GroupChatFrame)})
_LOGOUT = number_of(requests.Logout)
_TAKEN = number_of(requests.Taken)
_SAID = frozenset({number_of(frames.PingFrame), number_of(answers.Pong)})
_numbers = itertools.count(1)

Frame = dict[str, Any]


class Wiretap:
    """One connection. user: whose client it is from."""

    def __init__(self, history: History, user: int) -> None:
        self._history = history
        self._user = user
        self._wire = next(_numbers)
        self._begun = {True: b"", False: b""}
        self._cids: dict[int, str] = {}  # by seq
        self._login: Frame = {}
        self._text = ""

    def hear(self, data: bytes, *, by_client: bool) -> None:
        *complete, self._begun[by_client] = _ENDS.split(self._begun[by_client] + data)
        for raw in complete:
            if raw:
                frame = json.loads(raw)
                (self._asked if by_client else self._told)(frame)

    def leaves(self) -> None:
        self._note("leaves")

    def ends(self, *, whole: bool) -> None:
        self._note("cut", whole=whole)

    def _asked(self, frame: Frame) -> None:
        msgid = frame["msgid"]
        if msgid in _LOGINS:
            self._login = frame
            version = frame.get("v", 1) if msgid == number_of(requests.Login) else 2
            facts = {"since": frame.get("since"), "version": version}
            self._note("comes", user=self._user, **facts)
        elif msgid in _CHATS:
            self._note("copy", key=key_of(frame["msg"]))
        elif msgid == _LOGOUT:
            self.leaves()
        elif msgid == _TAKEN:
            self._note("taken", at=frame["at"])
        if "cid" in frame and "seq" in frame:
            self._cids[frame["seq"]] = frame["cid"]

    def _told(self, frame: Frame) -> None:
        msgid = frame["msgid"]
        if msgid == number_of(answers.LoginAck):
            self._opened(frame)
        elif msgid in _CHATS:
            self._pushed_text(frame)
        elif msgid == number_of(frames.ChangedFrame):
            self._pushed(frame)
        elif msgid == number_of(answers.Ack) and "at" in frame:
            cid = self._cids.get(frame.get("seq", 0))
            if cid is not None:
                self._note("acked", at=frame["at"], cid=cid)
        elif msgid in _SAID and "at" in frame:
            self._note("said", at=frame["at"])
        elif msgid == number_of(frames.MarksFrame):
            for mark in frame["marks"]:
                self._note("marks", user=mark["id"], got=mark["got"])

    def _opened(self, frame: Frame) -> None:
        if frame["errno"] == 0:
            self._text = ""
            facts = {"head": frame.get("head", 0), "epoch": frame.get("epoch", "")}
            facts |= {"since": self._login.get("since"), "reset": frame.get("reset", False)}
            self._note("opened", user=frame["id"], version=frame.get("v", 1), **facts)
            for missed in frame.get("offlinemsg", ()):
                self._pushed_text(json.loads(missed))

    def _pushed(self, frame: Frame, **facts: Any) -> None:
        at, cid = frame.get("at", 0), frame.get("cid", "")
        self._note("pushed", at=at, sender=frame["id"], cid=cid, **facts)

    def _pushed_text(self, frame: Frame) -> None:
        """In version 1 a long text comes in pieces, with nothing between them."""
        self._text += frame["msg"]
        if self._text.endswith(END):
            text, self._text = self._text, ""
            self._pushed(frame, key=key_of(text), crc=crc_of(text))

    def _note(self, kind: str, **facts: Any) -> None:
        self._history.note(kind, wire=self._wire, **facts)
