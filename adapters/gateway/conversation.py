"""One client's conversation: bytes in, requests to the use cases, answers out.

Requests are handled in the order in which they come. Most are done at once, inside the callback
that brought their bytes. While one has to wait (for the store or for a password), those behind it
wait as well, and nothing more is read from this client; others are not touched by it.

A client that sends faster than it may is not read from for a moment, and who sends much at once has
it cut into frames and handled in slices, so that others get their turn between them.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Awaitable
from typing import TYPE_CHECKING

import structlog

from adapters.gateway.clients import Version2Client, kind_of
from adapters.gateway.commands import COMMANDS, ORIGINAL_COMMANDS
from adapters.gateway.endings import Ending
from adapters.gateway.link import Link
from adapters.owner import OWNER
from adapters.wire import errors, numbers
from adapters.wire.frames import reply
from adapters.wire.framing import MAX_CLIENT_FRAME, FrameSplitter, FrameTooLong
from adapters.wire.requests import (
    BadFrame,
    GroupChat,
    OneChat,
    Request,
    number_of,
    read_request,
)
from chat_domain.errors import (
    ChatError,
    LoginTimeout,
    NotLoggedIn,
    ShuttingDown,
    TooFast,
    TryAgain,
)
from chat_domain.meter import BAD, DEAR, QUANTUM_FRAMES
from chat_domain.model import User
from chat_domain.session import Phase, Session

if TYPE_CHECKING:
    from adapters.gateway.gateway import Gateway

log = structlog.get_logger()

PING_AFTER = 20.0  # seconds of silence
DROP_AFTER = 60.0  # seconds of silence, or of not reading what we have to say
SLOW_AFTER = 2.0  # seconds without taking anything over
HELD_UP = (Ending.NOT_READING, Ending.TOO_FAST, Ending.STALLED)

PIECE = 16 * 1024  # bytes cut into frames at a time; what waits as frames takes much more memory
DRIP = 512  # bytes; a read of less that ends no frame counts as one

_CHATS = (OneChat, GroupChat)

_ENDED = Phase.ENDED

_FAILED = "request failed"  # by a defect of ours, which must cost this request and nothing else

_OWN_ACKS = {
    numbers.LOGIN: numbers.LOGIN_ACK,
    numbers.RESUME: numbers.LOGIN_ACK,
    numbers.REGISTER: numbers.REGISTER_ACK,
}


class Conversation:
    """The receiver of one link's events. `session` and `client` are there while logged in.

    id: what it is called in the log. last_session: the session that there is or was last, and its
    client. begun: on the domain's monotonic clock.
    """

    def __init__(self, gateway: "Gateway", link: Link) -> None:
        """Raises TooManyConnections."""
        self.id = secrets.token_hex(6)
        self.gateway = gateway
        self.chat = gateway.chat
        self.link = link
        self.guard = gateway.guard
        self.begun = self.chat.accounts.clock.monotonic()
        self.origin = self.guard.origins.enter(link.peer, self.begun)
        self.meter = self.guard.meter(self.origin)
        self.session: Session | None = None
        self.client: Version2Client | None = None
        self.last_session: tuple[Session, Version2Client] | None = None
        self.watches_drain = False
        self.gone = False
        self._check_lease = gateway.chat.node.check_lease
        self._commands = COMMANDS
        self._splitter = FrameSplitter(MAX_CLIENT_FRAME)
        self._last_push = 0  # of the sessions before this one
        self._backlog: deque[bytes | memoryview] = deque()  # frames, and bytes behind them
        self._too_long: FrameTooLong | None = None
        self._waiting = False  # for a request to be finished
        self._resting = False  # between two slices
        self._choked = False  # by a client that does not read
        self._paused_until = 0.0  # because it sends too fast; 0 if it does not
        self._stranger_since: float | None = None  # as far as `tick` has seen
        self._dawdling_since: float | None = None  # over a frame; the same
        self._input_ended = False
        self._heard = True
        self._quiet_since = 0.0
        self._pinged = False

    def labels(self) -> dict[str, int | str]:
        """What tells it apart in the log."""
        session = {} if self.session is None else self.session.labels()
        return {"connection": self.id, **session}

    # -- bytes in ----------------------------------------------------------------------

    def received(self, data: bytes) -> None:
        self._heard = True
        self._check_lease()  # what was sent while this process stood still is answered so
        meter = self.meter
        meter.bytes += len(data)
        if self._waiting or self._choked or self._backlog or self._paused_until:
            self._backlog.append(memoryview(data))
            return
        if len(data) > PIECE:
            self._backlog.append(memoryview(data))
            self._rest()
            return
        frames = self._split(data)
        if len(frames) > QUANTUM_FRAMES:
            self._backlog.extend(frames)
            self._rest()
            return
        meter.frames += len(frames)
        for position, frame in enumerate(frames, start=1):
            if self._handle(frame):
                self._backlog.extend(frames[position:])
                meter.frames -= len(frames) - position  # counted once they are handled
                return
        if self._too_long is not None:
            self._give_up_on_stream()
        elif meter.is_due():
            self._settle()

    def _split(self, data: bytes) -> list[bytes]:
        """Cut what has come into frames, and count what is none."""
        splitter, meter = self._splitter, self.meter
        try:
            frames = splitter.feed(data)
        except FrameTooLong as too_long:
            frames, self._too_long = too_long.frames, too_long
        meter.frames += splitter.empty
        if not frames and len(data) < DRIP:
            meter.frames += 1
        return frames

    def _take(self) -> bytes | None:
        """The first frame of the backlog; None where its first piece has none."""
        first = self._backlog.popleft()
        if isinstance(first, bytes):
            return first
        if self._too_long is None:
            frames = self._split(bytes(first[:PIECE]))
            if len(first) > PIECE:
                self._backlog.appendleft(first[PIECE:])
            self._backlog.extendleft(reversed(frames))
        return None

    def _handle(self, frame: bytes) -> bool:
        """Handle one frame; return whether the next one has to wait."""
        try:
            request = read_request(frame)
        except BadFrame as bad:
            self.meter.bytes += BAD * len(frame)
            self._refuse_frame(bad)
            return False
        try:
            unfinished = self._commands[type(request)](self, request)
        except ChatError as error:
            self.refuse(request, error)
            return self._choked
        except Exception:
            log.exception(_FAILED, request=type(request).__name__, owner=self)
            self.refuse(request, TryAgain())
            return self._choked
        if unfinished is None:
            return self._choked
        self._waiting = True
        if type(request) not in _CHATS:
            self.meter.frames += DEAR - 1
        self.link.pause_reading()
        self.gateway.tasks.start(self._finish(request, unfinished), self)
        return True

    async def _finish(self, request: Request, unfinished: Awaitable[None]) -> None:
        try:
            await unfinished
        except ChatError as error:
            self.refuse(request, error)
        except Exception:
            log.exception(_FAILED, request=type(request).__name__)
            self.refuse(request, TryAgain())
        self._waiting = False
        self._go_on()

    def _next_slice(self) -> None:
        self._resting = False
        self._heard = True  # as for who waits or pauses: it is we who did not listen
        if not self._is_held():
            self._settle()
        self._go_on()

    def _go_on(self) -> None:
        """Handle what came while something was waited for, but not too much at once."""
        if self._is_held():
            return
        while self._backlog and not self.meter.is_due():
            frame = self._take()
            if frame is None:
                continue
            self.meter.frames += 1
            if self._handle(frame):
                return
        if self.meter.is_due():  # with nothing left, too: each may have come and waited by itself
            self._rest()
            return
        if self._too_long is not None:
            self._give_up_on_stream()
        self._heard = True  # it was we who did not listen
        self.link.resume_reading()
        self.close_if_finished()

    def _rest(self) -> None:
        """Let others have their turn, then handle a slice."""
        if not self._resting:
            self._resting = True
            self.link.pause_reading()
            self.gateway.slices.add(self.origin.name, self._next_slice)

    def _is_held(self) -> bool:
        return bool(self._waiting or self._choked or self._paused_until or self.gone)

    def _settle(self) -> None:
        """Charge this client for what it sent, and let it wait if that was too much."""
        now = asyncio.get_running_loop().time()
        pause = self.meter.settle(now)
        if not pause:
            return
        if self.meter.goes_on():
            self.guard.counters.too_fast_cut += 1
            self._part(TooFast())
        else:
            self.guard.counters.reading_paused += 1
            self._paused_until = now + pause  # `tick` sees to its end
            self.link.pause_reading()

    def _part(self, error: ChatError) -> None:
        """Say why, and close."""
        name = errors.name_of(error)
        self._backlog.clear()
        self._too_long = None
        self.send_error(name, str(error), None)
        self.link.close(Ending(name))

    def _give_up_on_stream(self) -> None:
        why = Ending.FRAME_TOO_LONG
        self.send_error(why, str(self._too_long), None)
        self.link.close(why)

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
        self.gateway.tally.errors[name] += 1
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
        gateway = self.gateway
        return kind_of(version, end)(user, self.link, end, gateway.encoder, gateway.tally)

    async def begin_session(self, user: User, client: Version2Client, key: str) -> Session:
        """Log a user in whose identity is proved. Raises AlreadyOnline."""
        session = await self.chat.logins.log_in(user, client, key)
        if self.gone:  # the client left while we worked for it
            await self.chat.logins.end(session)
            raise NotLoggedIn
        session.last_push = self._last_push
        self.session, self.client = self.last_session = session, client
        self.watches_drain = client.watches_drain
        self._commands = COMMANDS if client.knows_ours else ORIGINAL_COMMANDS
        self.guard.origins.logged_in(self.origin)
        log.debug("logged in", version=client.version)
        return session

    def current_session(self) -> Session:
        """The session, for what needs one. Raises NotLoggedIn, or ShuttingDown for that reason."""
        if self.session is None or self.session.phase is _ENDED:
            raise ShuttingDown if self.gateway.closing else NotLoggedIn
        return self.session

    async def log_out(self) -> None:
        """End the session, if there is one; the conversation goes on without."""
        session, client = self.session, self.client
        self.session = self.client = None
        self.watches_drain = False
        self._commands = COMMANDS
        if client is not None:
            client.closed()
        if session is not None:
            OWNER.set(session)  # whose work the rest of this task is
            log.debug("logged out")
            self._last_push = session.last_push
            self._stranger_since = None
            if not self.gone:  # who is gone has been counted out
                self.guard.origins.logged_out(self.origin)
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
        if self.session is None or self.session.sendings.unanswered == 0:
            self.link.close(Ending.CLIENT_CLOSED)

    def lost(self, why: Ending) -> None:
        self.gone = True
        self._backlog.clear()
        self.gateway.left(self, why)
        if self.session is not None:
            self.gateway.tasks.start(self.log_out(), self.session)

    # -- time ----------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Look after what depends on time. Called about twice a second."""
        if self.session is not None:
            self._look_after(self.session, now)
        elif not self._waiting:
            self._look_at_stranger(now)
        if self._paused_until and now >= self._paused_until:
            self._paused_until = 0.0
            self._heard = True
            self._rest()
        if self.watches_drain and self.link.is_drained():
            self.drained()  # a link tells by itself only right after a write, or when unchoked
        if self._input_ended:
            self.close_if_finished()
        if self._heard or self._waiting or self._paused_until:
            self._heard, self._pinged, self._quiet_since = False, False, now
        elif now - self._quiet_since >= DROP_AFTER and (self._choked or self._pinged):
            self.link.abort(Ending.NOT_READING if self._choked else Ending.SILENT)
        elif now - self._quiet_since >= PING_AFTER and not (self._pinged or self._choked):
            self._pinged = self.client is not None and self.client.version > 1
            if self.client is not None:
                self.client.ping()

    def held_up(self, now: float) -> Ending | None:
        """Why this client does not get on: the word for the end to which that may lead."""
        if self._choked:
            return Ending.NOT_READING
        if self._paused_until:
            return Ending.TOO_FAST
        if self.session is not None and self.session.untouched(now) > SLOW_AFTER:
            return Ending.STALLED
        return None

    def _look_at_stranger(self, now: float) -> None:
        if self._stranger_since is None:
            self._stranger_since = now
        if self._dawdling_since is None or not self._splitter.is_within_frame:
            self._dawdling_since = now
        here, dawdling = now - self._stranger_since, now - self._dawdling_since
        if not self.guard.origins.outstayed(self.origin, here, dawdling):
            return
        self.guard.counters.never_logged_in += 1
        self._stranger_since = now  # once is enough
        if self._choked:
            self.link.abort(Ending.LOGIN_TIMEOUT)
        else:
            self._part(LoginTimeout())

    def _look_after(self, session: Session, now: float) -> None:
        if session.stalled(now):
            self.link.abort(Ending.STALLED)
            return
        storing = self.chat.delivery.store_overdue(session)
        if storing is not None:
            self.gateway.tasks.start(storing, self)
        self.chat.offline.fetch(session)
