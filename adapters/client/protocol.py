"""One user's side of the conversation: bytes in, events out, bytes to send. No input or output.

Rules:
 1. Requests may be made on any open connection. Chats flow only while somebody is logged in
    (READY), and no new ones once the server is going away (LEAVING).
 2. Messages, their order and what has been seen outlive a connection; seq and push do not.
 3. A message is given to the application once, however often it comes. `acknowledge` says
    PUSHED for all that came, those among them that were dropped as known.
 4. A message that comes after the logout has been sent is neither shown nor acknowledged: the
    server keeps it for the next login.
 5. Silence is a question after `ping_after` and an end after `dead_after`. An end, too, is a
    chat that has no answer for `give_up_after`, however lively the server is otherwise.
"""

import enum
from collections.abc import Callable
from typing import ClassVar

import attrs
from msgspec.structs import replace

from adapters.client import codec, events
from adapters.client.backoff import Backoff
from adapters.client.errors import ProtocolViolation, Refused
from adapters.client.outbox import Chat, Outbox, Outgoing
from adapters.client.seen import Seen
from adapters.client.settings import Settings
from adapters.wire import frames, requests
from adapters.wire.answers import Ack, Answer, Error, LoginAck
from adapters.wire.framing import MAX_SERVER_FRAME, FrameSplitter, FrameTooLong
from adapters.wire.requests import AnyRequest


class State(enum.Enum):
    CLOSED = "no connection"
    OPEN = "connected, nobody logged in"
    READY = "logged in"
    LEAVING = "logged in, the server is about to close"


LOGGED_IN = frozenset({State.READY, State.LEAVING})


@attrs.frozen
class Answered:
    """The answer to a request that was not a chat."""

    seq: int
    answer: Answer


@attrs.frozen
class Settled:
    """The answer to a chat."""

    cid: str
    outcome: events.Ack | Refused


@attrs.frozen
class Broken:
    """The connection is of no use any more."""

    why: str


Output = Answered | Settled | Broken | events.Event
Incoming = frames.OneChatFrame | frames.GroupChatFrame


class ClientProtocol:
    def __init__(self, settings: Settings, hold: Backoff) -> None:
        self.state = State.CLOSED
        self._settings = settings
        self._outbox = Outbox(settings.window, hold)
        self._seen = Seen()
        self._user_id = 0
        self._to_send: list[bytes] = []
        self._splitter = FrameSplitter(MAX_SERVER_FRAME)
        self._outputs: list[Output] = []
        self._seq = self._pushed = self._acknowledged = 0
        self._now = self._heard = self._asked = self._leaving_since = 0.0

    # The connection.

    def connection_made(self, now: float) -> None:
        self.state = State.OPEN
        self._splitter = FrameSplitter(MAX_SERVER_FRAME)
        self._to_send.clear()
        self._seq = self._pushed = self._acknowledged = 0
        self._now = self._heard = self._asked = now

    def connection_lost(self) -> None:
        self.state = State.CLOSED
        self._to_send.clear()
        self._outbox.connection_lost()

    def receive(self, data: bytes, now: float) -> list[Output]:
        """Take what came. If the stream makes no sense, Broken is the last that is said of it."""
        self._now = self._heard = now
        self._outputs = []
        try:
            self._take_all(data)
        except ProtocolViolation as exc:
            self._outputs.append(Broken(str(exc)))
        return self._outputs

    def _take_all(self, data: bytes) -> None:
        try:
            complete = self._splitter.feed(data)
        except FrameTooLong as exc:
            self._take(exc.frames)
            raise ProtocolViolation("the server sent an endless frame") from exc
        self._take(complete)

    def _take(self, complete: list[bytes]) -> None:
        for raw in complete:
            frame = codec.decode(raw)
            if isinstance(frame, frames.HintFrame):
                self._outputs.append(frame.hint())
            elif frame is not None:
                self._handlers.get(type(frame), ClientProtocol._on_answer)(self, frame)

    def data_to_send(self) -> bytes:
        data = b"".join(self._to_send)
        self._to_send.clear()
        return data

    def tick(self, now: float) -> str | None:
        """Do what is due. The answer is why the connection has to be given up, if it has."""
        if self.state is State.CLOSED:
            return None
        why = self._why_dead(now)
        if why is not None:
            return why
        if now - max(self._heard, self._asked) >= self._settings.ping_after:
            self._asked = now
            self._write(requests.Ping())
        if self.state is State.READY:
            for out in self._outbox.overdue(now, self._settings.answer_within):
                self._send(out, now)
        self.pump(now)
        return None

    def _why_dead(self, now: float) -> str | None:
        if now - self._heard >= self._settings.dead_after:
            return "the server is silent"
        if now - self._outbox.oldest() >= self._settings.give_up_after:
            return "the server does not answer"
        going = self.state is State.LEAVING
        if going and now - self._leaving_since >= self._settings.answer_within:
            return "the server is going away"
        return None

    # What the application asks.

    def request(self, request: AnyRequest) -> int:
        """Send a request; the number under which its answer will come. Raises Refused."""
        self._seq += 1
        self._write(replace(request, seq=self._seq))
        return self._seq

    def log_out(self) -> int:
        seq = self.request(requests.Logout())
        self.state = State.OPEN
        return seq

    def post(self, cid: str, chat: Chat) -> None:
        """Queue a chat; `pump` sends it when it may go."""
        self._outbox.add(cid, replace(chat, cid=cid))

    def pump(self, now: float) -> None:
        """Send the chats that may go now."""
        while self.state is State.READY and (out := self._outbox.next(now)) is not None:
            self._send(out, now)

    def acknowledge(self) -> None:
        """Say that all messages that have come so far are taken over."""
        if self._pushed > self._acknowledged and self.state in LOGGED_IN:
            self._acknowledged = self._pushed
            self._write(requests.Pushed(push=self._pushed))

    @property
    def unsettled(self) -> int:
        return len(self._outbox)

    @property
    def hold_until(self) -> float | None:
        return self._outbox.hold_until

    def forget_messages(self) -> list[str]:
        """Give up all messages without an answer; their cids, in order."""
        return self._outbox.clear()

    def _send(self, out: Outgoing, now: float) -> None:
        self._outbox.sent(out, self.request(out.chat), now)

    def _write(self, request: AnyRequest) -> None:
        self._to_send.append(codec.encode(request))

    # What the server says.

    def _on_login(self, frame: LoginAck) -> None:
        if not frame.errno:
            if frame.v < codec.VERSION:
                raise ProtocolViolation("the server speaks version 1 only")
            if frame.id != self._user_id:
                self._seen.forget()  # a group's message has one cid for all its readers
            self._user_id = frame.id
            self.state = State.READY
        self._on_answer(frame)

    def _on_message(self, frame: Incoming) -> None:
        if self.state not in LOGGED_IN:
            return
        self._pushed = max(self._pushed, frame.push)
        if self._seen.is_new(frame.id, frame.cid):
            self._outputs.append(_message(frame))

    def _on_ack(self, frame: Ack) -> None:
        out = self._outbox.find(frame.seq)
        if out is None:
            self._on_answer(frame)
            return
        self._outbox.settle(out, accepted=True)
        self._outputs.append(Settled(out.cid, _ack(frame)))

    def _on_error(self, frame: Error) -> None:
        refusal = Refused(frame.errno, frame.error, frame.errmsg)
        out = self._outbox.find(frame.seq)
        if out is not None:
            self._on_refused_chat(out, frame.seq, refusal)
        elif frame.seq:
            self._on_answer(frame)
        else:
            self._outputs.append(events.ServerError(refusal))

    def _on_refused_chat(self, out: Outgoing, seq: int | None, refusal: Refused) -> None:
        if seq != out.seqs[-1]:
            return
        if refusal.passing:
            self._outbox.retry(out, self._now)
            return
        self._outbox.settle(out, accepted=False)
        self._outputs.append(Settled(out.cid, refusal))

    def _on_answer(self, frame: Answer) -> None:
        if frame.seq is not None:
            self._outputs.append(Answered(frame.seq, frame))

    def _on_ping(self, _frame: frames.PingFrame) -> None:
        self._write(requests.Pong())

    def _on_presence(self, frame: frames.PresenceFrame) -> None:
        self._outputs.append(events.Presence(frame.id, frame.name, frame.state == "online"))

    def _on_replaced(self, _frame: frames.ReplacedFrame) -> None:
        self._outputs.append(events.Replaced())

    def _on_going_away(self, frame: frames.GoingAwayFrame) -> None:
        if self.state is State.READY:
            self.state = State.LEAVING
            self._leaving_since = self._now
        self._outputs.append(events.GoingAway(frame.delay or 0))

    # What is not here is a hint, or the answer to a request.
    _handlers: ClassVar[dict[type, Callable[..., None]]] = {
        LoginAck: _on_login,
        Ack: _on_ack,
        Error: _on_error,
        frames.OneChatFrame: _on_message,
        frames.GroupChatFrame: _on_message,
        frames.PingFrame: _on_ping,
        frames.ReplacedFrame: _on_replaced,
        frames.PresenceFrame: _on_presence,
        frames.GoingAwayFrame: _on_going_away,
    }


def _message(frame: Incoming) -> events.Message:
    return events.Message(
        frame.mid,
        frame.cid,
        frame.id,
        frame.name,
        frame.msg,
        frame.time,
        frame.groupid if isinstance(frame, frames.GroupChatFrame) else 0,
        frame.stored,
    )


def _ack(frame: Ack) -> events.Ack:
    refused = tuple(frame.refused or ())
    return events.Ack(frame.mid, frame.time, frame.status == "delivered", refused)
