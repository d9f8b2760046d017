"""One client's conversation: it receives frames and calls use cases.

`intake` says how frames are handled one after another, `watch` what is done by the clock,
`commands` what each request does, and `talk` what commands may do.
"""

from collections.abc import Callable
from contextlib import closing

import structlog

from adapters.gateway.commands import COMMANDS, ORIGINAL_COMMANDS, Unfinished
from adapters.gateway.endings import Ending
from adapters.gateway.intake import Intake
from adapters.gateway.link import Link
from adapters.gateway.shared import Shared
from adapters.gateway.talk import Talk
from adapters.gateway.watch import Watch
from adapters.wire.declaring import AnyRequest
from adapters.wire.reading import BadFrame, read_request
from adapters.wire.requests import (
    GroupChat,
    History,
    ListConversations,
    ListFriends,
    ListGroups,
    ListMembers,
    OneChat,
    Ping,
    Pong,
    Taken,
    Typing,
)
from chat_domain.errors import ChatError, TryAgain
from chat_domain.fairness.meter import BAD, DEAR

log = structlog.get_logger()

# Requests that do not depend on what their client has written before.
_AT_ONCE = {OneChat, GroupChat, Taken, Typing, Ping, Pong}
# Requests that rarely ask the store, and weigh no more for it.
_LIGHT = {OneChat, Typing}
# Requests that may ask the store for much.
_HEAVY = {History, ListConversations, ListFriends, ListGroups, ListMembers}

_FAILED = "request failed"  # by a defect of ours, which must cost this request and nothing else


class Conversation:
    """The receiver of one link's events.

    left: called once, when the connection has ended, with the reason.
    """

    __slots__ = ("_input_ended", "_left", "_watch", "held_up", "intake", "received", "talk")

    def __init__(
        self, shared: Shared, link: Link, left: Callable[["Conversation", Ending], None]
    ) -> None:
        """Raises TooManyConnections."""
        self.talk = Talk(shared, link)
        self.intake = Intake(self.talk, self._handle, self._close_if_finished)
        self.received = self.intake.received
        self._left = left
        self._input_ended = False
        self._watch = Watch(self.talk, self.intake)
        self.held_up = self._watch.held_up

    # -- requests --------------------------------------------------------------------------

    def _handle(self, frame: bytes) -> bool:
        """Handle one frame; return whether it has to be finished before the next one is handled."""
        talk = self.talk
        try:
            request = read_request(frame)
        except BadFrame as bad:
            talk.meter.bytes += BAD * len(frame)
            talk.refuse_frame(bad)
            return False
        kind = type(request)
        if kind not in _AT_ONCE and talk.awaits_answers():
            return self._wait_for(self._after_answers(request), request)
        client = talk.client
        commands = COMMANDS if client is None or client.knows_ours else ORIGINAL_COMMANDS
        try:
            unfinished = commands[kind](talk, request)
        except ChatError as error:
            talk.refuse(request, error)
            return False
        except Exception:
            log.exception(_FAILED, request=type(request).__name__, owner=talk)
            talk.refuse(request, TryAgain())
            return False
        if unfinished is None:
            return False
        return self._wait_for(unfinished, request)

    def _wait_for(self, unfinished: Unfinished, request: AnyRequest) -> bool:
        """Let the next frame wait until this request is finished."""
        talk = self.talk
        if type(request) not in _LIGHT:
            talk.meter.frames += DEAR - 1
        self.intake.wait()
        talk.shared.tasks.start(self._finish(request, unfinished), talk)
        return True

    async def _after_answers(self, request: AnyRequest) -> None:
        """Carry out a request that may depend on what the client has written before."""
        talk = self.talk
        if talk.session is not None:
            await talk.chat.logins.answered(talk.session)
        client = talk.client
        commands = COMMANDS if client is None or client.knows_ours else ORIGINAL_COMMANDS
        unfinished = commands[type(request)](talk, request)
        if unfinished is not None:
            await unfinished

    async def _finish(self, request: AnyRequest, unfinished: Unfinished) -> None:
        talk = self.talk
        try:
            if type(request) in _HEAVY:
                with closing(unfinished):  # it never begins if this is cancelled while it waits
                    async with talk.shared.few_lists.place(talk.origin):
                        await unfinished
            else:
                await unfinished
        except ChatError as error:
            talk.refuse(request, error)
        except Exception:
            log.exception(_FAILED, request=type(request).__name__)
            talk.refuse(request, TryAgain())
        self.intake.finished()

    # -- the link's other events ---------------------------------------------------------

    def choked(self) -> None:
        self.talk.link_choked = True
        self.talk.look_for_room()
        self.intake.choke()

    def unchoked(self) -> None:
        self.talk.link_choked = False
        self.talk.look_for_room()
        self.intake.unchoke()

    def input_ended(self) -> None:
        self._input_ended = True
        self._close_if_finished()

    def _close_if_finished(self) -> None:
        """Close once the client's last request is answered, if it sends no more."""
        if self._input_ended and self.intake.is_done() and not self.talk.awaits_answers():
            self.talk.link.close(Ending.CLIENT_CLOSED)

    def lost(self, why: Ending) -> None:
        talk = self.talk
        talk.gone = True
        self.intake.drop()
        self._left(self, why)
        if talk.session is not None:
            talk.shared.tasks.start(talk.log_out(), talk.session)

    def tick(self, now: float) -> None:
        """Look after what depends on time. Called about twice a second."""
        self._watch.tick(now)
        self.talk.take_over_what_left()
        if self._input_ended:
            self._close_if_finished()
