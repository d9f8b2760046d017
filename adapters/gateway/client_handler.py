"""Serving one client: receiving its frames, and calling use cases.

`intake` says how frames are handled one after another, `keepalive` what is done by the clock,
`commands` what each request does, and `client_context` what commands may do.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, closing, nullcontext

from adapters.faults.incidents import INCIDENTS
from adapters.gateway.client_context import ClientContext
from adapters.gateway.commands import COMMANDS, Command, Unfinished, ignore
from adapters.gateway.disconnect_reasons import DisconnectReason
from adapters.gateway.intake import Intake
from adapters.gateway.keepalive import Keepalive
from adapters.gateway.link import Link
from adapters.gateway.shared import Shared
from adapters.wire.declaring import AnyRequest
from adapters.wire.reading import BadFrame, read_request
from adapters.wire.requests import (
    ChangePassword,
    CreateGroup,
    GroupChat,
    History,
    JoinGroup,
    ListConversations,
    ListFriends,
    ListGroups,
    ListMembers,
    Login,
    Logout,
    OneChat,
    Ping,
    Pong,
    Register,
    Resume,
    Taken,
    Typing,
)
from chat_domain.errors import ChatError, TryAgain
from chat_domain.fairness.meter import BAD_FRAME_WEIGHT, STORE_WEIGHT

# Texts: most requests are. Every client knows them.
_TEXTS: set[type[AnyRequest]] = {OneChat, GroupChat}
# Other requests that do not depend on what their client has written before.
_AT_ONCE = {Taken, Typing, Ping, Pong}
# Requests that may ask the store for much: for lists, or to count what may be thousands.
_HEAVY = {
    CreateGroup,
    History,
    JoinGroup,
    ListConversations,
    ListFriends,
    ListGroups,
    ListMembers,
}
# Requests that prove who sends them. They may wait for long, and have limits of their own.
_PROVING = {ChangePassword, Login, Register, Resume}

# As the metric of defects and the log call an exception that a request meets.
REQUESTS, _FAILED = "requests", "request failed"


class ClientHandler:
    """The receiver of one link's events.

    on_disconnect: called once, when the connection has ended, with the reason. It logs the client
    out.
    """

    __slots__ = (
        "_keepalive",
        "_on_disconnect",
        "context",
        "held_up",
        "intake",
        "received",
    )

    def __init__(
        self,
        shared: Shared,
        link: Link,
        on_disconnect: Callable[["ClientHandler", DisconnectReason], None],
    ) -> None:
        """Raises TooManyConnections."""
        self.context = ClientContext(shared, link)
        self.intake = Intake(self.context, self._handle, self._close_if_finished)
        self.received = self.intake.received
        self._on_disconnect = on_disconnect
        self._keepalive = Keepalive(self.context, self.intake)
        self.held_up = self._keepalive.held_up

    # -- requests --------------------------------------------------------------------------

    def _handle(self, frame: bytes) -> bool:
        """Handle one frame; return whether it has to be finished before the next one is handled."""
        context = self.context
        try:
            request = read_request(frame)
        except BadFrame as bad:
            context.meter.bytes += BAD_FRAME_WEIGHT * len(frame)
            context.refuse_frame(bad)
            return False
        kind = type(request)
        command = COMMANDS[kind]
        if kind not in _TEXTS:
            if context.ignores(request):
                command = ignore
            if kind is Logout:
                context.leaves()
            if kind not in _AT_ONCE and context.awaits_answers():
                return self._wait_for(self._after_answers(command, request), request)
        try:
            unfinished = command(context, request)
        except ChatError as error:
            context.refuse(request, error)
            return False
        except Exception as error:  # noqa: BLE001  # it costs this request, and nothing else
            INCIDENTS.defect(REQUESTS, error, _FAILED, request=kind.__name__, owner=context)
            context.refuse(request, TryAgain())
            return False
        if unfinished is None:
            return False
        return self._wait_for(unfinished, request)

    def _wait_for(self, unfinished: Unfinished, request: AnyRequest) -> bool:
        """Let the next frame wait until this request is finished."""
        context = self.context
        if type(request) is not Typing:  # of which few ask the store
            context.meter.frames += STORE_WEIGHT - 1
        self.intake.wait()
        context.shared.tasks.start(self._finish(request, unfinished), context)
        return True

    async def _after_answers(self, command: Command, request: AnyRequest) -> None:
        """Carry out a request that may depend on what the client has written before."""
        context = self.context
        if context.session is not None:
            await context.chat.queue.wait_answered(context.session)
        unfinished = command(context, request)
        if unfinished is not None:
            await unfinished

    async def _finish(self, request: AnyRequest, unfinished: Unfinished) -> None:
        context = self.context
        try:
            with closing(unfinished):  # it never begins if this is cancelled while it waits
                async with self._permit(type(request)):
                    await unfinished
        except ChatError as error:
            if isinstance(request, OneChat) and isinstance(error, TryAgain):
                context.expect_again(request)  # it may have waited too long for its permit
            context.refuse(request, error)
        except Exception as error:  # noqa: BLE001  # as above
            INCIDENTS.defect(REQUESTS, error, _FAILED, request=type(request).__name__)
            context.refuse(request, TryAgain())
        self.intake.finished()

    def _permit(self, kind: type[AnyRequest]) -> AbstractAsyncContextManager[None]:
        """To be held while a request of this kind asks the store."""
        if kind in _PROVING:
            return nullcontext()
        shared = self.context.shared
        if kind is OneChat:
            limit = shared.recipient_limit
        else:
            limit = shared.list_limit if kind in _HEAVY else shared.request_limit
        return limit.acquire(self.context.origin)

    # -- the link's other events ---------------------------------------------------------

    def choked(self) -> None:
        self.context.link_choked = True
        self.context.update_choking()
        self.intake.choke()

    def unchoked(self) -> None:
        self.context.link_choked = False
        self.context.update_choking()
        self.intake.unchoke()

    def input_ended(self) -> None:
        self.context.input_ended = True
        self.context.leaves()
        self._close_if_finished()

    def _close_if_finished(self) -> None:
        """Close once the client's last request is answered, if it sends no more."""
        context = self.context
        if context.input_ended and self.intake.is_done() and not context.awaits_answers():
            context.link.close(DisconnectReason.CLIENT_CLOSED)

    def lost(self, reason: DisconnectReason) -> None:
        context = self.context
        context.disconnected = True
        self.intake.drop()
        self._on_disconnect(self, reason)

    def tick(self, now: float) -> None:
        """Look after what depends on time. Called about twice a second."""
        self._keepalive.tick(now)
        self.context.record_sent_as_taken()
        if self.context.input_ended:
            self._close_if_finished()
