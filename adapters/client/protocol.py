"""One user's side of the protocol: bytes in, events out, bytes to send. No I/O.

What the client sends is in `sending_half`, what it receives is here.

Rules:
 1. Requests may be sent on any open connection. Chats are sent only while somebody is logged in
    (READY), and no new ones once the server is going away (LEAVING).
 2. Messages, their order and the user's position outlive a connection; `seq` does not.
 3. The application gets each entry of the log once, however often it comes, and never one that this
    client has written: that is an answer instead.
 4. Entries that come after the logout was sent are not accepted: the next login brings them.
 5. After `ping_after` of silence the client sends a PING, after `dead_after` it gives up the
    connection. It also gives it up if a chat has no answer for `give_up_after`, however lively the
    server is otherwise.
"""

from collections.abc import Callable
from typing import ClassVar

from adapters.client import codec, events
from adapters.client.backoff import Backoff
from adapters.client.cids import Cids
from adapters.client.errors import ConnectionLost, NeedsTls, ProtocolViolation, Refused, WrongServer
from adapters.client.event_mapping import (
    MessageFrame,
    event_of_entry,
    event_of_mark,
    event_of_settings,
    event_of_typing,
)
from adapters.client.outbox import Outgoing
from adapters.client.outputs import (
    ENDED_ELSEWHERE,
    LOGGED_IN,
    Answered,
    Broken,
    Output,
    Settled,
    State,
)
from adapters.client.position import Position
from adapters.client.sending_half import SendingHalf
from adapters.client.settings import Settings
from adapters.wire import frames, requests
from adapters.wire.answers import Ack, Answer, Error, LoginAck, Pong, SettingsAck
from adapters.wire.framing import MAX_SERVER_FRAME, FrameSplitter, FrameTooLong

_TLS_ALERT = b"\x15\x03"  # how a TLS server answers data that is not TLS
_NO_CHAT_SERVER = "what listens on this port is not a chat server"


class ClientProtocol(SendingHalf):
    """room: whether the application can take more entries of the log. To be set.

    greeted: whether a chat server has ever sent a valid frame.
    """

    def __init__(self, settings: Settings, hold: Backoff, cids: Cids) -> None:
        super().__init__(settings, hold, cids)
        self.room = True
        self.greeted = False
        self._splitter = FrameSplitter(MAX_SERVER_FRAME)
        self._outputs: list[Output] = []

    def connection_made(self, now: float) -> None:
        super().connection_made(now)
        self._splitter = FrameSplitter(MAX_SERVER_FRAME)

    def receive(self, data: bytes, now: float) -> list[Output]:
        """Process received bytes. If they are invalid, the last output is Broken."""
        self._now = self._last_heard = now
        self._outputs = []
        if not self.greeted and data.startswith(_TLS_ALERT):
            self._outputs.append(Broken(NeedsTls("this port uses TLS; connect with TLS")))
            return self._outputs
        try:
            self._take_all(data)
        except WrongServer as exc:
            self._outputs.append(Broken(exc))
        except ProtocolViolation as exc:
            lost = ConnectionLost(str(exc)) if self.greeted else WrongServer(_NO_CHAT_SERVER)
            self._outputs.append(Broken(lost))
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
            self.greeted = True
            if frame is not None:
                self._handlers.get(type(frame), ClientProtocol._on_answer)(self, frame)

    def _on_login(self, frame: LoginAck) -> None:
        if not frame.errno:
            if frame.v < codec.VERSION:
                raise WrongServer("the server only supports version 1")
            if self.only_user_id in {0, frame.id}:
                self._begin(frame)
        self._on_answer(frame)

    def _begin(self, frame: LoginAck) -> None:
        self.state = State.READY
        if frame.id != self.user_id:
            self.stream.forget_cids()
            self.user_id = frame.id
        if frame.reset:
            self._reset(frame.head or 0, frame.epoch)
            return
        self.stream.begin(self._requested_since, frame.epoch)
        if self._requested_since is None:
            self._write(requests.Ping())  # so that the position is known before any entry comes

    def _reset(self, head: int, epoch: str) -> None:
        was = self.stream.position
        self.stream.begin(head, epoch)
        if was is not None and (was.epoch != epoch or was.since > head):
            was = None
        self._outputs.append(events.Reset(Position(head, epoch), was))

    def _on_message(self, frame: MessageFrame) -> None:
        out = self._outbox.find_cid(frame.cid) if frame.id == self.user_id else None
        if out is not None:
            self._accepted(out, events.Ack(frame.at, frame.time))
        self._on_entry(frame)

    def _on_entry(self, frame: frames.EntryFrame) -> None:
        if self._is_news(frame):
            entry = event_of_entry(frame, self.user_id)
            self.stream.give(entry)
            self._outputs.append(entry)

    def _is_news(self, frame: frames.EntryFrame) -> bool:
        """Accept an entry of the log. Whether it is news to the application."""
        if self.state not in LOGGED_IN:
            return False
        new = self.stream.accept(frame.at, frame.id, frame.cid, room=self.room)
        return new and not (frame.id == self.user_id and self._cids.is_ours(frame.cid))

    def _on_marks(self, frame: frames.MarksFrame) -> None:
        self._outputs += [event_of_mark(mark, self.user_id) for mark in frame.marks]

    def _on_typing(self, frame: frames.TypingFrame) -> None:
        self._outputs.append(event_of_typing(frame))

    def _on_settings(self, frame: SettingsAck) -> None:
        if frame.seq is None:
            self._outputs.append(event_of_settings(frame))
        self._on_answer(frame)

    def _on_ack(self, frame: Ack) -> None:
        out = self._outbox.find(frame.seq)
        if out is None:
            self._on_answer(frame)
            return
        self._accepted(out, events.Ack(frame.at, frame.time))

    def _accepted(self, out: Outgoing, ack: events.Ack) -> None:
        self._outbox.settle(out, accepted=True)
        self._outputs.append(Settled(out.cid, ack))

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

    def _on_ping(self, frame: frames.PingFrame) -> None:
        self._write(requests.Pong())
        self._advance(frame.at)

    def _on_pong(self, frame: Pong) -> None:
        self._advance(frame.at)
        self._on_answer(frame)

    def _advance(self, at: int | None) -> None:
        if at is not None and self.state in LOGGED_IN:
            self.stream.advance(at)

    def _on_presence(self, frame: frames.PresenceFrame) -> None:
        self._outputs.append(
            events.Presence(frame.id, frame.name, bool(frames.is_online(frame.state)))
        )

    def _on_session_ended(self, _frame: frames.SessionEndedFrame) -> None:
        self.state = State.OPEN
        self._outputs.append(events.SessionEnded(ENDED_ELSEWHERE))

    def _on_going_away(self, frame: frames.GoingAwayFrame) -> None:
        if self.state is State.READY:
            self.state = State.LEAVING
            self._leaving_since = self._now
            self.send_taken()
        self._outputs.append(events.GoingAway(frame.delay or 0))

    def _on_notice(self, frame: frames.NoticeFrame) -> None:
        self._outputs.append(events.Notice(frame.text))

    # Any other frame is the answer to a request.
    _handlers: ClassVar[dict[type, Callable[..., None]]] = {
        LoginAck: _on_login,
        Ack: _on_ack,
        Error: _on_error,
        frames.OneChatFrame: _on_message,
        frames.GroupChatFrame: _on_message,
        frames.ChangedFrame: _on_entry,
        frames.MarksFrame: _on_marks,
        frames.TypingFrame: _on_typing,
        frames.NoticeFrame: _on_notice,
        SettingsAck: _on_settings,
        frames.PingFrame: _on_ping,
        Pong: _on_pong,
        frames.SessionEndedFrame: _on_session_ended,
        frames.PresenceFrame: _on_presence,
        frames.GoingAwayFrame: _on_going_away,
    }
