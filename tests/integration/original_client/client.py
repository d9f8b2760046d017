"""An exact stand-in for the C++ client: what it sends, how it reads, and what makes it abort.

It reads up to 1,024 bytes into a zeroed buffer and parses the C string in it. A frame that it
cannot parse, or a field that is missing or of another type, aborts the original; here it is the
client's fault, which every wait raises. Of two frames in one read it sees the first alone.

The one liberty: the server paces its frames so that each comes in a read of its own, which this
machine can undo by running the reader, or nginx, late. A read that has no more frames than could
have come one by one meanwhile is counted in `late_reads`, and its frames are seen.
"""

import contextlib
import itertools
import json
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Self, TypeVar

import attrs

Frame = dict[str, Any]
T = TypeVar("T")
_marks = itertools.count(1)

BUFFER = 1024  # bytes
PACE = 0.045  # seconds that are at least between two frames of the server, which aims at 0.05
LATE_AT_MOST = 0.5  # seconds by which this machine may delay a frame
PATIENCE = 60.0  # seconds until a test gives up waiting

LOGIN, LOGIN_ACK, LOGOUT, REGISTER, REGISTER_ACK = range(1000, 1005)
ONE_CHAT, ADD_FRIEND, CREATE_GROUP, JOIN_GROUP, GROUP_CHAT = range(1005, 1010)


class Abort(Exception):
    """The original client would have died here, or shown nonsense."""


@attrs.frozen
class Chat:
    sender_id: int
    sender_name: str
    group_id: int  # 0 when it is one to one
    text: str
    time: str


@attrs.frozen
class Friend:
    id: int
    name: str
    state: str


@attrs.frozen
class Member:
    id: int
    name: str
    state: str
    role: str


@attrs.frozen
class Group:
    id: int
    name: str
    description: str
    users: tuple[Member, ...]


@attrs.frozen
class Refusal:
    """An answer to LOGIN or REGISTER whose `errno` is not 0."""

    errno: int
    errmsg: str


@attrs.frozen
class Welcome:
    """What the answer to LOGIN shows."""

    id: int
    name: str
    friends: tuple[Friend, ...]
    groups: tuple[Group, ...]
    offline: tuple[Chat, ...]


class OriginalClient:
    """One running C++ client and the person before it."""

    def __init__(self, port: int) -> None:
        self.id = 0
        self.name = ""
        self.late_reads = 0
        self.ignored: list[Frame] = []  # frames whose msgid the original does not know
        self.longest_frame = 0
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._answers: deque[Frame] = deque()
        self._chats: deque[Chat] = deque()
        self._fault: Exception | None = None
        self._closed = False
        self._waited = 0.0  # seconds for which frames could have come that have not
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read_for_ever, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the client, and fail if it has not survived what it was sent."""
        self._closed = True
        self._shut_down()
        self._reader.join(PATIENCE)
        self._socket.close()
        if self._fault:
            raise self._fault

    # What the person types at the menus.

    def register(self, name: str, password: str) -> int | Refusal:
        """Return the id that the new account has got."""
        ack = self._ask({"msgid": REGISTER, "name": name, "password": password}, REGISTER_ACK)
        return _refusal(ack) or _integer(ack, "id")

    def login(self, user_id: int, password: str) -> Welcome | Refusal:
        ack = self._ask({"msgid": LOGIN, "id": user_id, "password": password}, LOGIN_ACK)
        if refusal := _refusal(ack):
            return refusal
        welcome = _welcome(ack)
        self.id, self.name = welcome.id, welcome.name
        return welcome

    def logout(self) -> None:
        self.send({"msgid": LOGOUT, "id": self.id})

    def add_friend(self, friend_id: int) -> None:
        self.send({"msgid": ADD_FRIEND, "id": self.id, "friendid": friend_id})

    def create_group(self, name: str, description: str) -> None:
        self.send(
            {"msgid": CREATE_GROUP, "id": self.id, "groupname": name, "groupdesc": description}
        )

    def join_group(self, group_id: int) -> None:
        self.send({"msgid": JOIN_GROUP, "id": self.id, "groupid": group_id})

    def chat(self, to_id: int, text: str) -> None:
        self.send(self.spoken(ONE_CHAT, text) | {"toid": to_id})

    def group_chat(self, group_id: int, text: str) -> None:
        self.send(self.spoken(GROUP_CHAT, text) | {"groupid": group_id})

    # What the person sees.

    def next_chat(self) -> Chat:
        return self.next_chats(1)[0]

    def next_chats(self, count: int) -> list[Chat]:
        self._wait(lambda: len(self._chats) >= count, f"{count} chats")
        return [self._chats.popleft() for _ in range(count)]

    def next_text_of_length(self, length: int) -> str:
        """Put a text together that came as several chats."""
        self._wait(lambda: sum(len(chat.text) for chat in self._chats) >= length, "a long text")
        text = ""
        while len(text) < length:
            text += self._chats.popleft().text
        return text

    def unread_chats(self) -> list[Chat]:
        return list(self._chats)

    # What only tests do.

    def next_refusal(self) -> Refusal:
        """Return the answer to a LOGIN or REGISTER that was sent as bytes."""
        refusal = _refusal(self._next_answer())
        assert refusal
        return refusal

    def wait_until_heard(self) -> None:
        """Return once the server has handled all that was sent; few requests have an answer."""
        mark = f"a note to myself, {next(_marks)}"
        self.chat(self.id, mark)
        self._wait(lambda: any(chat.text == mark for chat in self._chats), "a note to myself")
        self._chats = deque(chat for chat in self._chats if chat.text != mark)

    def wait_until_logged_out(self) -> None:
        """Return once the server has handled a logout."""
        assert isinstance(self.login(self.id, password=""), Refusal)

    def send(self, frame: Frame) -> None:
        """Send a frame as the original writes it: without spaces, its keys sorted, and one NUL."""
        text = json.dumps(frame, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        self.send_bytes(text.encode() + b"\0")

    def send_bytes(self, data: bytes) -> None:
        self._socket.sendall(data)

    def spoken(self, msgid: int, text: str) -> Frame:
        now = time.strftime("%Y-%m-%d %H:%M:%S")
        return {"msgid": msgid, "id": self.id, "name": self.name, "msg": text, "time": now}

    def _ask(self, request: Frame, ack: int) -> Frame:
        self.send(request)
        answer = self._next_answer()
        assert answer["msgid"] == ack, answer
        return answer

    def _next_answer(self) -> Frame:
        self._wait(lambda: bool(self._answers), "the answer to LOGIN or REGISTER")
        return self._answers.popleft()

    def _wait(self, arrived: Callable[[], bool], what: str) -> None:
        with self._news:
            self._news.wait_for(lambda: arrived() or self._fault, PATIENCE)
            if not arrived():
                raise self._fault or TimeoutError(f"{what} did not come; unread: {self._chats}")

    # The reading thread.

    def _read_for_ever(self) -> None:
        try:
            self._read_until_closed()
            fault: Exception = Abort("the server closed the connection")
        except Exception as error:  # noqa: BLE001  whatever it is, the waiting test has to see it
            fault = error
        with self._news:
            self._fault = None if self._closed else fault
            self._news.notify_all()

    def _read_until_closed(self) -> None:
        last_read = time.monotonic()
        unread = b""
        while data := self._socket.recv(BUFFER - len(unread)):
            now = time.monotonic()
            self._waited = min(LATE_AT_MOST, self._waited + now - last_read)
            unread = self._see(unread + data)
            last_read = now

    def _see(self, buffer: bytes) -> bytes:
        """Take what a read has brought; return a frame's beginning that a late read cut off."""
        *frames, rest = buffer.split(b"\0")
        if not frames:
            raise Abort(f"{len(buffer)} bytes are no whole frame: {buffer!r}")
        behind_the_first = len(frames) - 1 + bool(rest)
        if behind_the_first * PACE > self._waited:
            frames, rest = frames[:1], b""  # where the original never looks
        elif behind_the_first:
            self.late_reads += 1
        self._waited = max(0.0, self._waited - len(frames) * PACE)
        for frame in frames:
            self._take(frame)
        return rest

    def _take(self, data: bytes) -> None:
        frame = json.loads(data.decode())
        with self._news:
            self.longest_frame = max(self.longest_frame, len(data))
            self._sort(frame)
            self._news.notify_all()

    def _sort(self, frame: Frame) -> None:
        msgid = _integer(frame, "msgid")
        if msgid in (LOGIN_ACK, REGISTER_ACK):
            self._answers.append(frame)
        elif msgid in (ONE_CHAT, GROUP_CHAT):
            self._chats.append(_chat(frame))
        else:
            self.ignored.append(frame)

    def _shut_down(self) -> None:
        with contextlib.suppress(OSError):  # the server may have been faster
            self._socket.shutdown(socket.SHUT_RDWR)


def _refusal(ack: Frame) -> Refusal | None:
    errno = _integer(ack, "errno")
    return Refusal(errno, _string(ack, "errmsg")) if errno else None


def _welcome(ack: Frame) -> Welcome:
    return Welcome(
        id=_integer(ack, "id"),
        name=_string(ack, "name"),
        friends=tuple(_friend(friend) for friend in _unpacked(ack, "friends")),
        groups=tuple(_group(group) for group in _unpacked(ack, "groups")),
        offline=tuple(_chat(chat) for chat in _unpacked(ack, "offlinemsg")),
    )


def _friend(frame: Frame) -> Friend:
    return Friend(_integer(frame, "id"), _string(frame, "name"), _string(frame, "state"))


def _group(frame: Frame) -> Group:
    return Group(
        id=_integer(frame, "id"),
        name=_string(frame, "groupname"),
        description=_string(frame, "groupdesc"),
        users=tuple(_member(member) for member in _unpacked(frame, "users")),
    )


def _member(frame: Frame) -> Member:
    return Member(
        id=_integer(frame, "id"),
        name=_string(frame, "name"),
        state=_string(frame, "state"),
        role=_string(frame, "role"),
    )


def _chat(frame: Frame) -> Chat:
    group_id = 0 if _integer(frame, "msgid") == ONE_CHAT else _integer(frame, "groupid")
    return Chat(
        sender_id=_integer(frame, "id"),
        sender_name=_string(frame, "name"),
        group_id=group_id,
        text=_string(frame, "msg"),
        time=_string(frame, "time"),
    )


def _unpacked(frame: Frame, field: str) -> list[Frame]:
    """The objects in a list of strings that are JSON; nothing where there is no such field."""
    if field not in frame:
        return []
    strings = _typed(frame, field, list)
    if not all(isinstance(string, str) for string in strings):
        raise Abort(f"{field} is no list of strings: {frame}")
    return [json.loads(string) for string in strings]


def _integer(frame: Frame, field: str) -> int:
    return _typed(frame, field, int)


def _string(frame: Frame, field: str) -> str:
    return _typed(frame, field, str)


def _typed(frame: Frame, field: str, kind: type[T]) -> T:
    value = frame.get(field)
    if type(value) is not kind:
        raise Abort(f"{field} is not of type {kind.__name__}: {frame}")
    return value
