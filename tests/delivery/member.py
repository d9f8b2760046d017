"""A client so light that one process can be ten thousand of them.

It speaks version 2, has one message under way at a time, and keeps to docs/protocol.md: it comes
back by its token after a random time, sends again what has no answer, and shows nothing twice.
"""

import asyncio
import random
from typing import Protocol, cast

import attrs

from adapters.client import codec
from adapters.client.backoff import Backoff
from adapters.client.errors import PASSING
from adapters.client.settings import Settings
from adapters.wire import frames, requests
from adapters.wire.answers import Ack, Error, LoginAck, RegisterAck, Verdict
from adapters.wire.declaring import AnyRequest
from adapters.wire.frames import ServerFrame
from tests.delivery.network import LOOPBACK

_SETTINGS = Settings()


@attrs.frozen
class Posted:
    """A message, named by its sender and the sender's count."""

    sender: int
    number: int
    to: int


class Place(Protocol):
    """Says where members connect, and hears what becomes of them."""

    port: int

    def is_in(self, member: "Member") -> None: ...

    def is_out(self, member: "Member") -> None: ...

    def is_acknowledged(self, posted: Posted) -> None: ...

    def is_surprised(self, frame: ServerFrame) -> None: ...


class Member(asyncio.Protocol):
    def __init__(self, place: Place, name: str) -> None:
        self.id = 0
        self.here = False
        self.under_way: Posted | None = None
        self.shown: list[tuple[int, int]] = []  # sender and number, in order
        self._place = place
        self._name = name
        self._token = ""
        self._count = 0
        self._since: int | None = None
        self._epoch = ""
        self._delays = Backoff(_SETTINGS.first_delay, _SETTINGS.longest_delay, random.Random(name))
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._seq = 0
        self._copies: set[int] = set()  # the numbers under which this connection has sent it
        self._again: asyncio.TimerHandle | None = None
        self._ended = False
        self._connecting: asyncio.Future[None] | None = None

    # -- coming, and coming back ---------------------------------------------------------------

    def begin(self) -> None:
        self._connecting = asyncio.ensure_future(self._connect())

    async def _connect(self) -> None:
        try:
            await asyncio.get_running_loop().create_connection(
                lambda: self, LOOPBACK, self._place.port
            )
        except OSError:
            self._come_back()

    def _come_back(self) -> None:
        if not self._ended:
            asyncio.get_running_loop().call_later(self._delays.next(), self.begin)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self._rest = cast("asyncio.Transport", transport), b""
        if self._token:
            resume = requests.Resume(token=self._token, since=self._since, epoch=self._epoch)
            self._ask(resume)
        elif self.id:
            self._log_in()
        else:
            self._ask(requests.Register(name=self._name, password="secret"))

    def _log_in(self) -> None:
        login = requests.Login(
            id=self.id, password="secret", v=2, since=self._since, epoch=self._epoch
        )
        self._ask(login)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.here:
            self.here = False
            self._place.is_out(self)
        self._copies.clear()
        self._quiet()
        self._come_back()

    def leave(self) -> None:
        self._ended = True
        self._cut()

    def _cut(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    # -- messages --------------------------------------------------------------------------------

    def post(self, to: int) -> None:
        """Send a message; it is under way until it is acknowledged."""
        self._count += 1
        self.under_way = Posted(self.id, self._count, to)
        self._transmit()

    def _transmit(self) -> None:
        """Send what is under way, and again if no answer comes."""
        self._quiet()
        if self.here and self.under_way is not None:
            text = f"{self.under_way.sender}-{self.under_way.number}"
            to = self.under_way.to
            self._copies.add(self._ask(requests.OneChat(toid=to, msg=text, cid=text)))
            self._transmit_in(_SETTINGS.answer_within)

    def _transmit_in(self, seconds: float) -> None:
        self._quiet()
        self._again = asyncio.get_running_loop().call_later(seconds, self._transmit)

    def _quiet(self) -> None:
        if self._again is not None:
            self._again.cancel()

    def _ask(self, request: AnyRequest) -> int:
        self._seq = request.seq = self._seq + 1
        self._say(request)
        return self._seq

    def _say(self, request: AnyRequest) -> None:
        assert self._transport is not None
        self._transport.write(codec.encode(request))

    # -- what the server says --------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        *complete, self._rest = (self._rest + data).split(b"\n")
        before = self._since
        for raw in complete:
            frame = codec.decode(raw)
            if frame is not None:
                self._take(frame)
        if self._since is not None and self._since != before:
            self._say(requests.Taken(at=self._since))

    def _take(self, frame: ServerFrame) -> None:
        match frame:
            case frames.OneChatFrame():
                self._show(frame)
            case Ack(seq=int(seq)):
                self._answered(seq)
            case frames.PingFrame():
                self._say(requests.Pong())
            case LoginAck(errno=0, token=token, epoch=epoch):
                self._epoch = epoch
                self._entered(token)
            case RegisterAck(errno=0, id=number):
                self.id = number
                self._log_in()
            case frames.GoingAwayFrame() | frames.MarksFrame():
                pass
            case Error(error=error) if error in PASSING:
                self._transmit_in(_SETTINGS.first_delay)
            case Verdict(error=error) if error in PASSING:
                self._cut()
            case _:
                self._place.is_surprised(frame)

    def _entered(self, token: str) -> None:
        self._token, self.here = token, True
        self._delays.reset()
        self._place.is_in(self)
        self._transmit()

    def _show(self, frame: frames.OneChatFrame) -> None:
        if frame.at > (self._since or 0):
            self._since = frame.at
            sender, _, number = frame.msg.partition("-")
            self.shown.append((int(sender), int(number)))

    def _answered(self, seq: int) -> None:
        posted = self.under_way
        if posted is not None and seq in self._copies:
            self.under_way = None
            self._copies.clear()
            self._quiet()
            self._place.is_acknowledged(posted)
