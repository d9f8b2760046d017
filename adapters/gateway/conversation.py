"""One client's conversation: bytes in, requests to the use cases, answers out.

Requests are handled in the order in which they come. Most are done at once, inside the callback
that brought their bytes. While one has to wait (for the store or for a password), those behind it
wait as well, and nothing more is read from this client; others are not touched by it.
"""

from collections import deque
from collections.abc import Awaitable
from typing import TYPE_CHECKING

import structlog

from adapters.gateway.clients import Version2Client, kind_of
from adapters.gateway.commands import COMMANDS
from adapters.gateway.link import Link
from adapters.wire import errors, numbers
from adapters.wire.frames import reply
from adapters.wire.framing import MAX_CLIENT_FRAME, FrameSplitter, FrameTooLong
from adapters.wire.requests import BadFrame, Request, number_of, read_request
from chat_domain.errors import ChatError, NotLoggedIn, ShuttingDown, TryAgain
from chat_domain.model import User
from chat_domain.session import Phase, Session

if TYPE_CHECKING:
    from adapters.gateway.gateway import Gateway

log = structlog.get_logger()

PING_AFTER = 20.0  # seconds of silence
DROP_AFTER = 60.0  # seconds of silence, or of not reading what we have to say

_OWN_ACKS = {
    numbers.LOGIN: numbers.LOGIN_ACK,
    numbers.RESUME: numbers.LOGIN_ACK,
    numbers.REGISTER: numbers.REGISTER_ACK,
}


class Conversation:
    """The receiver of one link's events. `session` and `client` are there while logged in."""

    def __init__(self, gateway: "Gateway", link: Link) -> None:
        self.gateway = gateway
        self.chat = gateway.chat
        self.link = link
        self.session: Session | None = None
        self.client: Version2Client | None = None
        self.watches_drain = False
        self.gone = False
        self._splitter = FrameSplitter(MAX_CLIENT_FRAME)
        self._last_push = 0  # of the sessions before this one
        self._backlog: deque[bytes] = deque()
        self._too_long: FrameTooLong | None = None
        self._waiting = False  # for a request to be finished
        self._choked = False  # by a client that does not read
        self._input_ended = False
        self._heard = True
        self._quiet_since = 0.0
        self._pinged = False

    # -- bytes in ----------------------------------------------------------------------

    def received(self, data: bytes) -> None:
        self._heard = True
        self.chat.node.check_lease()  # what was sent while this process stood still is answered so
        try:
            frames = self._splitter.feed(data)
        except FrameTooLong as too_long:
            frames, self._too_long = too_long.frames, too_long
        if self._waiting or self._choked:
            self._backlog.extend(frames)
            return
        for position, frame in enumerate(frames, start=1):
            if self._handle(frame):
                self._backlog.extend(frames[position:])
                return
        if self._too_long is not None:
            self._give_up_on_stream()

    def _handle(self, frame: bytes) -> bool:
        """Handle one frame; return whether the next one has to wait."""
        try:
            request = read_request(frame)
        except BadFrame as bad:
            self._refuse_frame(bad)
            return False
        if self.client is not None and not self.client.understands(request):
            return False
        try:
            unfinished = COMMANDS[type(request)](self, request)
        except ChatError as error:
            self.refuse(request, error)
            return self._choked
        if unfinished is None:
            return self._choked
        self._waiting = True
        self.link.pause_reading()
        self.gateway.tasks.start(self._finish(request, unfinished))
        return True

    async def _finish(self, request: Request, unfinished: Awaitable[None]) -> None:
        try:
            await unfinished
        except ChatError as error:
            self.refuse(request, error)
        except Exception:  # a defect of ours must cost this request and nothing else
            log.exception("request failed", request=type(request).__name__)
            self.refuse(request, TryAgain())
        self._waiting = False
        self._go_on()

    def _go_on(self) -> None:
        """Handle what came while something was waited for."""
        while self._backlog and not self.gone:
            if self._waiting or self._choked or self._handle(self._backlog.popleft()):
                return
        if self._waiting or self._choked or self.gone:
            return
        if self._too_long is not None:
            self._give_up_on_stream()
        self._heard = True  # it was we who did not listen
        self.link.resume_reading()
        self.close_if_finished()

    def _give_up_on_stream(self) -> None:
        self.send_error("frame_too_long", str(self._too_long), None)
        self.link.close()

    # -- answers out -------------------------------------------------------------------

    def send(self, frame: bytes) -> None:
        """Send a frame, which has no terminator yet."""
        self.link.write(frame + self._splitter.terminator)

    def answer(self, request: Request, msgid: int, **fields: object) -> None:
        """Answer a request with an ack of its own."""
        self.send(reply(msgid, request.seq, **fields))

    def acknowledge(self, request: Request, **fields: object) -> None:
        """Answer a request with an ACK, if its client has given it a number."""
        if request.seq is not None and (self.client is None or self.client.takes_errors):
            self.answer(request, numbers.ACK, **fields)

    def refuse(self, request: Request, error: ChatError) -> None:
        """Tell the client why its request was not carried out."""
        name = errors.name_of(error)
        self._refuse(number_of(request), name, str(error), request.seq)

    def _refuse_frame(self, bad: BadFrame) -> None:
        self._refuse(bad.msgid, bad.error, str(bad), bad.seq)

    def _refuse(self, msgid: int | None, name: str, why: str, seq: int | None) -> None:
        own_ack = _OWN_ACKS.get(msgid) if msgid is not None else None
        if own_ack is None or self.client is not None:
            self.send_error(name, why, seq, own_ack or numbers.ERROR)
        else:
            self.send(reply(own_ack, seq, errno=errors.NUMBERS[name], error=name, errmsg=why))

    def send_error(self, name: str, why: str, seq: int | None, msgid: int = numbers.ERROR) -> None:
        """Send an ERROR, unless the client could take it for something else."""
        if self.client is None or self.client.takes_errors:
            self.send(reply(msgid, seq, errno=errors.NUMBERS[name], error=name, errmsg=why))

    # -- login and logout --------------------------------------------------------------

    def new_client(self, user: User, version: int) -> Version2Client:
        """The client port for a session that is about to begin."""
        end = self._splitter.terminator
        return kind_of(version, end)(user, self.link, end, self.gateway.encoder)

    async def begin_session(self, user: User, client: Version2Client, key: str) -> Session:
        """Log a user in whose identity is proved. Raises AlreadyOnline."""
        session = await self.chat.logins.log_in(user, client, key)
        if self.gone:  # the client left while we worked for it
            await self.chat.logins.end(session)
            raise NotLoggedIn
        session.last_push = self._last_push
        self.session, self.client = session, client
        self.watches_drain = client.watches_drain
        return session

    def current_session(self) -> Session:
        """The session, for what needs one. Raises NotLoggedIn, or ShuttingDown for that reason."""
        if self.session is None or self.session.phase is Phase.ENDED:
            raise ShuttingDown if self.gateway.closing else NotLoggedIn
        return self.session

    async def log_out(self) -> None:
        """End the session, if there is one; the conversation goes on without."""
        session, client = self.session, self.client
        self.session = self.client = None
        self.watches_drain = False
        if client is not None:
            client.closed()
        if session is not None:
            self._last_push = session.last_push
            await self.chat.logins.end(session)

    # -- the link's other events ---------------------------------------------------------

    def drained(self) -> None:
        """A version 1 client has taken over what has left our buffer."""
        if self.client is not None and self.session is not None:
            self.chat.offline.taken_over(self.session, self.client.sent)

    def choked(self) -> None:
        self._choked = True
        self.link.pause_reading()

    def unchoked(self) -> None:
        self._choked = False
        if not self._waiting:
            self._go_on()

    def input_ended(self) -> None:
        self._input_ended = True
        self.close_if_finished()

    def close_if_finished(self) -> None:
        """After the client's last request: close once all is answered."""
        if not self._input_ended or self._waiting or self._backlog:
            return
        if self.session is None or self.session.unanswered == 0:
            self.link.close()

    def lost(self) -> None:
        self.gone = True
        self._backlog.clear()
        self.gateway.left(self)
        if self.session is not None:
            self.gateway.tasks.start(self.log_out())

    # -- time ----------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Look after what depends on time. Called about twice a second."""
        if self.session is not None:
            self._look_after(self.session, now)
        if self.watches_drain and self.link.is_drained():
            self.drained()  # a link tells by itself only right after a write, or when unchoked
        if self._input_ended:
            self.close_if_finished()
        if self._heard or self._waiting:
            self._heard, self._pinged, self._quiet_since = False, False, now
        elif now - self._quiet_since >= DROP_AFTER and (self._choked or self._pinged):
            self.link.abort()
        elif now - self._quiet_since >= PING_AFTER and not (self._pinged or self._choked):
            self._pinged = self.client is not None and self.client.version > 1
            if self.client is not None:
                self.client.ping()

    def _look_after(self, session: Session, now: float) -> None:
        if session.stalled(now):
            session.client.dropped()
            return
        storing = self.chat.delivery.store_overdue(session)
        if storing is not None:
            self.gateway.tasks.start(storing)
        self.chat.offline.fetch(session)
