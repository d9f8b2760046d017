"""A blocking client that sends any bytes, and finds the answers among what arrives."""

import contextlib
import itertools
import json
import socket
from collections import deque
from collections.abc import Callable
from typing import Any, Self

Frame = dict[str, Any]

PATIENCE = 60.0  # seconds until a test gives up on an answer; most take milliseconds

CHATS = (1005, 1009)
ACK, ERROR, PONG = 1010, 1011, 1013


class RawClient:
    def __init__(
        self, port: int, terminator: bytes = b"\n", *, sock: socket.socket | None = None
    ) -> None:
        self.id = 0
        self.name = ""
        self._socket = sock or socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._terminator = terminator
        self._unread = bytearray()
        self._passed_over: deque[Frame] = deque()
        self._seqs = itertools.count(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def send_bytes(self, data: bytes) -> None:
        self._socket.sendall(data)

    def send_text(self, text: str) -> None:
        self.send_bytes(text.encode() + self._terminator)

    def send(self, frame: Frame) -> None:
        self.send_text(json.dumps(frame, ensure_ascii=False))

    def end_sending(self) -> None:
        self._socket.shutdown(socket.SHUT_WR)

    def ask(self, frame: Frame) -> Frame:
        """Send a request and return the one answer that carries its seq."""
        seq = next(self._seqs)
        self.send({**frame, "seq": seq})
        return self.find(lambda answer: answer.get("seq") == seq)

    def find(self, wanted: Callable[[Frame], bool]) -> Frame:
        """Return the first frame of this kind. Those before it can still be found later."""
        for frame in self._passed_over:
            if wanted(frame):
                self._passed_over.remove(frame)
                return frame
        while not wanted(frame := self._read_frame()):
            self._passed_over.append(frame)
        return frame

    def find_msgid(self, msgid: int) -> Frame:
        return self.find(lambda frame: frame["msgid"] == msgid)

    def has_heard(self, wanted: Callable[[Frame], bool]) -> bool:
        """Whether such a frame is among those that have come so far and were not found. (A PONG
        comes after everything that was sent before it.)"""
        self.ask({"msgid": 1012})
        return any(map(wanted, self._passed_over))

    def next_chat(self) -> Frame:
        """Return the next message, and tell the server that it has been taken over."""
        chat = self.find(lambda frame: frame["msgid"] in CHATS)
        if "at" in chat:
            self.send({"msgid": 1014, "at": chat["at"]})
        return chat

    def is_alive(self) -> bool:
        """Whether this connection still answers."""
        try:
            pong = self.ask({"msgid": 1012})
        except OSError:
            return False
        return bool(pong["msgid"] == PONG)

    def wait_for_close(self) -> None:
        """Return once the server has closed the connection."""
        with contextlib.suppress(ConnectionResetError):
            while self._socket.recv(65_536):
                pass

    def read_raw_frame(self) -> bytes:
        """Return the next frame as it came, without its terminator."""
        while self._terminator not in self._unread:
            data = self._socket.recv(65_536)
            if not data:
                msg = f"the server closed the connection; unread: {bytes(self._unread)!r}"
                raise ConnectionResetError(msg)
            self._unread += data
        frame, _, rest = bytes(self._unread).partition(self._terminator)
        self._unread = bytearray(rest)
        return frame

    def register(self, name: str, password: str = "secret") -> int:
        answer = self.ask({"msgid": 1003, "name": name, "password": password})
        assert answer["errno"] == 0, answer
        self.id, self.name = answer["id"], name
        return self.id

    def login(self, password: str = "secret", **fields: Any) -> Frame:
        """Log in as a version 2 client under the name registered last. fields: `device` and so
        on."""
        login = {"msgid": 1000, "id": self.id, "password": password, "v": 2}
        answer = self.ask({**login, **fields})
        assert answer["errno"] == 0, answer
        return answer

    def _read_frame(self) -> Frame:
        frame = json.loads(self.read_raw_frame())
        assert isinstance(frame, dict), frame
        return frame
