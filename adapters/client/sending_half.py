"""What a client sends: requests, chats as soon as they may go, and what is due by the clock.

See `protocol` for the rules, and for what the server sends.
"""

from msgspec.structs import replace

from adapters.client import codec
from adapters.client.backoff import Backoff
from adapters.client.cids import Cids
from adapters.client.outbox import Chat, Outbox, Outgoing
from adapters.client.outputs import LOGGED_IN, State
from adapters.client.saved_state import SavedState
from adapters.client.settings import Settings
from adapters.client.stream import Stream
from adapters.wire import requests
from adapters.wire.declaring import AnyRequest


class SendingHalf:
    """user_id: the user let in last. only_user_id: the only one who may be, 0 for anybody. stream:
    the user's position in the log."""

    def __init__(self, settings: Settings, hold: Backoff, cids: Cids) -> None:
        self.state = State.CLOSED
        self.user_id = self.only_user_id = 0
        self._settings = settings
        self._cids = cids
        self._outbox = Outbox(settings.window, hold)
        self.stream = Stream(settings.taken_every, settings.taken_with)
        self._requested_since: int | None = None
        self._to_send: list[bytes] = []
        self._seq = 0
        self._now = self._last_heard = self._last_ping = self._leaving_since = 0.0

    def connection_made(self, now: float) -> None:
        self.state = State.OPEN
        self._to_send.clear()
        self._seq = 0
        self._now = self._last_heard = self._last_ping = now

    def connection_lost(self) -> None:
        self.state = State.CLOSED
        self._to_send.clear()
        self._outbox.connection_lost()

    def data_to_send(self) -> bytes:
        data = b"".join(self._to_send)
        self._to_send.clear()
        return data

    def tick(self, now: float) -> str | None:
        """Send what is due. Returns why the connection must be given up, None if it need not."""
        if self.state is State.CLOSED:
            return None
        why = self._why_dead(now)
        if why is not None:
            return why
        if now - max(self._last_heard, self._last_ping) >= self._settings.ping_after:
            self._last_ping = now
            self._write(requests.Ping())
        if self.state is State.READY:
            for out in self._outbox.overdue(now, self._settings.answer_within):
                self._send(out, now)
        return None

    def _why_dead(self, now: float) -> str | None:
        if now - self._last_heard >= self._settings.dead_after:
            return "the server is silent"
        if now - self._outbox.oldest() >= self._settings.give_up_after:
            return "the server does not answer"
        going = self.state is State.LEAVING
        if going and now - self._leaving_since >= self._settings.answer_within:
            return "the server is shutting down"
        return None

    # What the application asks.

    def request(self, request: AnyRequest) -> int:
        """Send a request; return its `seq`. Raises Refused."""
        if isinstance(request, requests.Login | requests.Resume):
            self._requested_since = request.since
        self._seq += 1
        self._write(replace(request, seq=self._seq))
        return self._seq

    def send_and_forget(self, request: AnyRequest) -> None:
        """Send a request without an answer; dropped if nobody is logged in."""
        if self.state in LOGGED_IN:
            self._write(request)

    def log_out(self) -> int:
        self.send_taken()
        seq = self.request(requests.Logout())
        self.state = State.OPEN
        return seq

    def waiting(self, cid: str) -> Chat | None:
        """The chat posted under this cid, None if there is none or it has been answered."""
        out = self._outbox.find_cid(cid)
        return None if out is None else out.chat

    def post(self, cid: str, chat: Chat) -> None:
        """Queue a chat; `pump` sends it when it may be sent."""
        self._cids.note(cid)
        self._outbox.add(cid, replace(chat, cid=cid))

    def pump(self, now: float) -> None:
        """Send everything that may be sent now."""
        self._now = now
        while self.state is State.READY and (out := self._outbox.next(now)) is not None:
            self._send(out, now)
        due = self.stream.due()
        if due is not None and due <= now:
            self.send_taken()

    def send_taken(self) -> None:
        """Tell the server now what the application is done with, before that is due."""
        if self.state in LOGGED_IN and (at := self.stream.take(self._now)) is not None:
            self._write(requests.Taken(at=at))

    @property
    def due(self) -> float | None:
        """When to `pump` next, even if nothing happens; None if not at all."""
        times = [self._outbox.hold_until]
        if self.state in LOGGED_IN:
            times.append(self.stream.due())
        return min((time for time in times if time is not None), default=None)

    def restore(self, saved: SavedState) -> None:
        """Go on where an earlier program stopped."""
        self.user_id = self.only_user_id = saved.user_id
        if saved.position is not None:
            self.stream.restore(saved.position, saved.unfinished, saved.recent_cids)
        for cid, chat in saved.unsent:
            self.post(cid, chat)

    def forget_messages(self) -> list[str]:
        """Give up all messages without an answer; return their cids, in order."""
        return self._outbox.clear()

    # Inside.

    def _send(self, out: Outgoing, now: float) -> None:
        self._outbox.sent(out, self.request(out.chat), now)

    def _write(self, request: AnyRequest) -> None:
        self._to_send.append(codec.encode(request))
