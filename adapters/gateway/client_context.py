"""What a command may do with its client: answer it, learn who it is, log it in and out, hang up."""

import secrets
from typing import TypeVar

import structlog

from adapters.faults.owner import OWNER
from adapters.gateway.clients import Version2Client
from adapters.gateway.disconnect_reasons import DisconnectReason
from adapters.gateway.link import Link
from adapters.gateway.shared import Shared
from adapters.gateway.version1_clients import OriginalClient, PersonClient
from adapters.wire import answers, errors
from adapters.wire.answers import Ack, Answer, Verdict
from adapters.wire.declaring import AnyRequest, Request, answer_of
from adapters.wire.errors import ShuttingDown
from adapters.wire.frames import encode, number_of
from adapters.wire.framing import MAX_CLIENT_FRAME, BrokenStream
from adapters.wire.reading import BadFrame
from adapters.wire.requests import FIRST_OF_OURS, REQUESTS, OneChat
from adapters.wire.terminal_safe import terminal_safe
from chat_domain.errors import ChatError, NotLoggedIn, TryAgain
from chat_domain.fairness.limits import STRANGERS_FRAME
from chat_domain.log.session import Session
from chat_domain.model import User

log = structlog.get_logger()

A = TypeVar("A", bound=Answer)

# The acks that refuse requests, for those that ERROR does not refuse.
_OWN_ACKS: dict[int, type[Verdict]] = {
    msgid: ack
    for msgid, request in REQUESTS.items()
    if (ack := answer_of(request)) is not None and issubclass(ack, Verdict)
}


class ClientContext:
    """One client, as commands see it. `session` and `client` are set while it is logged in.

    id: its name in the server's log. started_at: on the domain's monotonic clock. disconnected: the
    connection has ended. link_choked: the link takes no more for now. last_session: the present
    session or the last one, with its client. input_ended: the client sends nothing more. leaving:
    that, or it has said that it logs out, so it may not read what is sent from then on.
    stranger_since: since when nobody is logged in, on the event loop's clock; None until
    `keepalive` has noticed.
    """

    __slots__ = (
        "chat",
        "client",
        "disconnected",
        "guard",
        "id",
        "input_ended",
        "last_session",
        "leaving",
        "link",
        "link_choked",
        "meter",
        "origin",
        "session",
        "shared",
        "started_at",
        "stranger_since",
    )

    def __init__(self, shared: Shared, link: Link) -> None:
        """Raises TooManyConnections."""
        self.id = secrets.token_hex(6)
        self.shared = shared
        self.chat = shared.chat
        self.link = link
        self.guard = shared.guard
        self.started_at = self.chat.clock.monotonic()
        self.origin = self.guard.origins.enter(link.peer, self.started_at)
        self.meter = self.guard.meter(self.origin)
        self.session: Session | None = None
        self.client: Version2Client | None = None
        self.last_session: tuple[Session, Version2Client] | None = None
        self.stranger_since: float | None = None
        self.disconnected = self.link_choked = False
        self.leaving = self.input_ended = False
        link.incoming.limit = STRANGERS_FRAME

    def labels(self) -> dict[str, int | str]:
        """What identifies it in the server's log."""
        session = {} if self.session is None else self.session.labels()
        return {"connection": self.id, **session}

    # -- answers ---------------------------------------------------------------------------

    def answer(self, request: Request[A], answer: A) -> None:
        """Answer a request with its own ack."""
        answer.seq = request.seq
        self._write(encode(answer))

    def acknowledge(self, request: Request[Ack], ack: Ack | None = None) -> None:
        """Answer a request with an ACK, if its client gave it a number."""
        if request.seq is not None and self.takes_errors():
            self.answer(request, ack or Ack())

    def refuse(self, request: AnyRequest, error: ChatError) -> None:
        """Tell the client why its request was not carried out."""
        if isinstance(error, NotLoggedIn):
            self.meter.penalize_stray_request()
        name = errors.name_of(error)
        self._refuse(number_of(request), name, str(error), request.seq)

    def refuse_frame(self, bad: BadFrame) -> None:
        """Tell the client why its frame is not a request."""
        self._refuse(bad.msgid, bad.error, str(bad), bad.seq)

    def _refuse(self, msgid: int | None, name: str, why: str, seq: int | None) -> None:
        self.shared.tally.errors[name] += 1
        own_ack = _OWN_ACKS.get(msgid) if msgid is not None else None
        if own_ack is None or self.client is not None:
            self._send_error(name, why, seq, own_ack or answers.Error)
        else:
            self._write(answers.refusal(name, why, seq, own_ack))

    def _send_error(
        self, name: str, why: str, seq: int | None, kind: type[Verdict] = answers.Error
    ) -> None:
        if self.takes_errors():
            self._write(answers.refusal(name, why, seq, kind))

    def _write(self, frame: bytes) -> None:
        self.link.write(terminal_safe(frame) if self.is_on_terminal() else frame)

    def is_on_terminal(self) -> bool:
        """Whether a person reads what is sent, unprocessed."""
        return self.client is not None and self.client.on_terminal

    def takes_errors(self) -> bool:
        """Whether the client can tell an ERROR from other frames."""
        return self.client is None or self.client.takes_errors

    def hang_up(self, why: ChatError | BrokenStream) -> None:
        """Say why, and close. The disconnect reason has the error's name."""
        name = why.error if isinstance(why, BrokenStream) else errors.name_of(why)
        self._send_error(name, str(why), None)
        self.link.close(DisconnectReason(name))

    # -- login and logout --------------------------------------------------------------

    def new_client(self, user: User, version: int) -> Version2Client:
        """The client port for a session that is about to begin."""
        if version >= Version2Client.version:
            kind = Version2Client
        elif self.link.takes_reads_for_frames():
            kind = OriginalClient
        else:
            kind = PersonClient
        return kind(user, self.link, self.shared.encoder, self.shared.tally)

    async def attach(self, client: Version2Client, session: Session) -> None:
        """A session has begun for this client. Raises NotLoggedIn if it has left meanwhile."""
        if self.disconnected:
            await self.chat.logins.end(session)
            raise NotLoggedIn
        self.session, self.client = self.last_session = session, client
        self.leaving = self.input_ended
        self.guard.origins.logged_in(self.origin, self.chat.clock.monotonic())
        self.meter.logged_in()
        self.link.incoming.limit = MAX_CLIENT_FRAME
        if isinstance(client, OriginalClient):
            client.on_full_changed = self.update_choking
        self.update_choking()
        log.debug("logged in", version=client.version)

    def update_choking(self) -> None:
        """Let the session be shown entries if there is room for them, and otherwise nothing."""
        session, client = self.session, self.client
        if session is None or client is None:
            return
        if self.link_choked or client.full:
            self.chat.offline.choked(session)
        else:
            self.chat.offline.unchoked(session)

    def check_connected(self) -> None:
        """Raises NotLoggedIn if the client has left meanwhile."""
        if self.disconnected:
            raise NotLoggedIn

    def current_session(self) -> Session:
        """The session, for commands that need one. Raises the error of `not_logged_in` if there is
        none."""
        if self.session is None or self.session.ended:
            raise self.not_logged_in()
        return self.session

    def not_logged_in(self) -> ChatError:
        """Why there is no session. After one that was not revoked, the client may retry."""
        if self.shared.closing:
            return ShuttingDown()
        comes_again = self.session is not None and not self.session.revoked
        return TryAgain() if comes_again else NotLoggedIn()

    def position(self) -> int:
        """The position up to which the client was sent its user's entries; 0 if not logged in."""
        return 0 if self.session is None else self.chat.offline.position(self.session)

    def ignores(self, request: AnyRequest) -> bool:
        """Whether it is the C++ server's client, which cannot have meant this request."""
        knows_ours = self.client is None or self.client.knows_our_requests
        return not knows_ours and number_of(request) >= FIRST_OF_OURS

    def awaits_answers(self) -> bool:
        """Whether the client has sent messages whose outcome it has not been told yet."""
        return self.session is not None and bool(self.session.unanswered)

    def expect_again(self, request: OneChat) -> None:
        """This text could not be written for the moment. What comes behind it waits for it."""
        if self.session is not None:
            self.session.expect_again(request.cid, self.chat.clock.monotonic())

    def leaves(self) -> None:
        """The client logs out, or sends nothing more."""
        self.record_sent_as_taken()
        self.leaving = True

    def record_sent_as_taken(self) -> None:
        """For a client that cannot say what it has taken over, what has left the process counts as
        taken over, unless it is leaving by then. Just after the follower was reset, `sent_upto` may
        be above its head."""
        session, client = self.session, self.client
        if self.leaving or session is None or client is None:
            return
        if not client.sends_taken:
            at = min(self.link.sent_upto(), self.position())
            self.chat.marks.record_taken(session, at)

    async def log_out(self) -> None:
        """End the session, if there is one; the connection goes on without it."""
        session, client = self.session, self.client
        self.record_sent_as_taken()
        if client is not None:
            client.closed()
        if session is not None:
            await self.chat.logins.drain(session)
        if self.session is not session:  # another task has done this meanwhile
            return
        self.session = self.client = None
        if session is not None:
            OWNER.set(session)  # on whose behalf the rest of this task runs
            log.debug("logged out")
            self.stranger_since = None
            self.meter.logged_out()
            self.link.incoming.limit = STRANGERS_FRAME
            if not self.disconnected:  # otherwise it has been counted out already
                self.guard.origins.logged_out(self.origin)
            await self.chat.logins.end(session)
