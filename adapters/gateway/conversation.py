"""One client's conversation: bytes in, requests to the use cases, answers out.

How its frames come to be handled one after the other is in `intake`, what it does by the clock in
`watch`, and what each request does in `commands`.
"""

import asyncio
import secrets
from collections.abc import Awaitable
from functools import partial
from typing import TYPE_CHECKING

import structlog

from adapters.gateway.clients import Version2Client, kind_of
from adapters.gateway.commands import COMMANDS, ORIGINAL_COMMANDS
from adapters.gateway.endings import Ending
from adapters.gateway.intake import Intake
from adapters.gateway.link import Link
from adapters.gateway.watch import Watch
from adapters.owner import OWNER
from adapters.wire import errors, numbers
from adapters.wire.frames import reply
from adapters.wire.framing import FrameTooLong
from adapters.wire.requests import (
    BadFrame,
    GroupChat,
    OneChat,
    Request,
    number_of,
    read_request,
)
from chat_domain.delivery.session import Phase, Session
from chat_domain.errors import ChatError, NotLoggedIn, ShuttingDown, TryAgain
from chat_domain.fairness.meter import BAD, DEAR
from chat_domain.model import User

if TYPE_CHECKING:
    from adapters.gateway.gateway import Gateway

log = structlog.get_logger()

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

    __slots__ = (
        "_commands",
        "_input_ended",
        "_last_push",
        "_watch",
        "begun",
        "chat",
        "client",
        "gateway",
        "gone",
        "guard",
        "held_up",
        "id",
        "intake",
        "last_session",
        "link",
        "meter",
        "origin",
        "received",
        "session",
        "watches_drain",
    )

    def __init__(self, gateway: "Gateway", link: Link) -> None:
        """Raises TooManyConnections."""
        self.id = secrets.token_hex(6)
        self.gateway = gateway
        self.chat = gateway.chat
        self.link = link
        self.guard = gateway.guard
        self.begun = self.chat.clock.monotonic()
        self.origin = self.guard.origins.enter(link.peer, self.begun)
        self.meter = self.guard.meter(self.origin)
        self.session: Session | None = None
        self.client: Version2Client | None = None
        self.last_session: tuple[Session, Version2Client] | None = None
        self.watches_drain = False
        self.gone = False
        self._commands = COMMANDS
        self._last_push = 0  # of the sessions before this one
        self._input_ended = False
        self.intake = Intake(self)
        self.received = self.intake.received
        self._watch = Watch(self)
        self.held_up = self._watch.held_up

    def labels(self) -> dict[str, int | str]:
        """What tells it apart in the log."""
        session = {} if self.session is None else self.session.labels()
        return {"connection": self.id, **session}

    # -- requests --------------------------------------------------------------------------

    def handle(self, frame: bytes) -> bool:
        """Handle one frame; return whether that is to be finished before the next one."""
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
            return False
        except Exception:
            log.exception(_FAILED, request=type(request).__name__, owner=self)
            self.refuse(request, TryAgain())
            return False
        if unfinished is None:
            return False
        if type(request) not in _CHATS:
            self.meter.frames += DEAR - 1
        self.intake.wait()
        if isinstance(unfinished, asyncio.Future):  # done for many: no task of this one's own
            unfinished.add_done_callback(partial(self._done, request))
        else:
            self.gateway.tasks.start(self._finish(request, unfinished), self)
        return True

    def _done(self, request: Request, done: "asyncio.Future[None]") -> None:
        if done.cancelled():  # the program ends
            return
        if done.exception() is not None:  # which whoever does it has logged
            self.refuse(request, TryAgain())
        self.intake.finished()

    async def _finish(self, request: Request, unfinished: Awaitable[None]) -> None:
        try:
            await unfinished
        except ChatError as error:
            self.refuse(request, error)
        except Exception:
            log.exception(_FAILED, request=type(request).__name__)
            self.refuse(request, TryAgain())
        self.intake.finished()

    def part(self, error: ChatError) -> None:
        """Say why, and close."""
        name = errors.name_of(error)
        self.intake.drop()
        self.send_error(name, str(error), None)
        self.link.close(Ending(name))

    def give_up_on_stream(self, why: FrameTooLong) -> None:
        """What comes next cannot be told from what came before."""
        self.send_error(Ending.FRAME_TOO_LONG, str(why), None)
        self.link.close(Ending.FRAME_TOO_LONG)

    # -- answers out -------------------------------------------------------------------

    def send(self, frame: bytes) -> None:
        """Send a frame, which has no terminator yet."""
        self.link.write(frame + self.intake.terminator)

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
        end = self.intake.terminator
        gateway = self.gateway
        return kind_of(version, end)(user, self.link, end, gateway.encoder, gateway.tally)

    async def begin_session(self, user: User, client: Version2Client, key: str) -> Session:
        """Log a user in whose identity is proved. Raises AlreadyOnline."""
        self.check_still_there()  # or it takes the place of what its client has begun meanwhile
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

    def check_still_there(self) -> None:
        """Raises NotLoggedIn for a client that has left while we worked for it."""
        if self.gone:
            raise NotLoggedIn

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
            self._watch.begin_again()
            if not self.gone:  # who is gone has been counted out
                self.guard.origins.logged_out(self.origin)
            await self.chat.logins.end(session)

    # -- the link's other events ---------------------------------------------------------

    def drained(self) -> None:
        """A version 1 client has taken over what has left our buffer."""
        if self.client is not None and self.session is not None:
            self.chat.offline.taken_over(self.session, self.client.sent)

    def choked(self) -> None:
        self.intake.choke()

    def unchoked(self) -> None:
        self.intake.unchoke()

    def input_ended(self) -> None:
        self._input_ended = True
        self.close_if_finished()

    def close_if_finished(self) -> None:
        """After the client's last request: close once all is answered."""
        if not self._input_ended or not self.intake.is_done:
            return
        if self.session is None or not self.session.sendings.unanswered:
            self.link.close(Ending.CLIENT_CLOSED)

    def lost(self, why: Ending) -> None:
        self.gone = True
        self.intake.drop()
        self.gateway.left(self, why)
        if self.session is not None:
            self.gateway.tasks.start(self.log_out(), self.session)

    def tick(self, now: float) -> None:
        """Look after what depends on time. Called about twice a second."""
        self._watch.tick(now)
        if self.watches_drain and self.link.is_drained():
            self.drained()  # a link tells by itself only right after a write, or when unchoked
        if self._input_ended:
            self.close_if_finished()
