"""All clients of this node: how each gets a handler, their clock, and how all are sent away."""

import asyncio
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import suppress
from typing import Any

from adapters.faults.incidents import INCIDENTS
from adapters.gateway.client_context import ClientContext
from adapters.gateway.client_handler import REQUESTS, ClientHandler
from adapters.gateway.disconnect_log import DisconnectLog
from adapters.gateway.disconnect_reasons import DisconnectReason
from adapters.gateway.draining import send_away
from adapters.gateway.keepalive import HELD_UP
from adapters.gateway.link import Link, Receiver
from adapters.gateway.shared import Shared
from adapters.gateway.turned_away import TurnedAway
from adapters.runtime.over_turns import OverTurns
from adapters.runtime.repeating import repeat_forever
from chat_domain.errors import TooManyConnections, TryAgain

# as the log and the metric of defects call them
CLOCK, FOLLOWING, FORGETTING, EXTENDING = "clock", "following", "forgetting", "extending"
TICK = 0.5  # seconds
FORGETS_EVERY = 600.0  # seconds
EXTENDS_EVERY = 24 * 3600.0  # seconds; so tokens of connected devices do not expire
SHARES = 20  # of a tick: 10,000 handlers at once would block the event loop for some 15 ms
LOGGED_OUT_AT_ONCE = 200  # in a turn of the event loop; some 6 ms
LAST_WORDS_TAKE = 0.1  # seconds in which the last frames reach the clients or their kernels
CLOSING_TAKES = 6.0  # seconds at most; with 2 s of draining and the rest, the end takes 10 at most


class Gateway:
    """Accepts links, and gives each of them a handler."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self.disconnect_log = DisconnectLog(shared.guard.networks.name_of)
        self._handlers: set[ClientHandler] = set()
        # Those whose connections have ended: thousands at once if a network goes down.
        self._to_log_out = OverTurns(self._log_out, LOGGED_OUT_AT_ONCE)
        INCIDENTS.watch(REQUESTS)

    def __len__(self) -> int:
        return len(self._handlers)

    def __iter__(self) -> Iterator[ClientHandler]:
        return iter(tuple(self._handlers))

    def held_up(self) -> Mapping[str, int]:
        """How many handlers are held up, by reason."""
        counts: dict[str, int] = dict.fromkeys(HELD_UP, 0)
        for handler in self._handlers:
            why = handler.held_up()
            if why is not None:
                counts[why] += 1
        return counts

    def accept(self, link: Link) -> Receiver:
        """Give a link a handler, or turn it away politely."""
        try:
            return self.add(link)
        except TooManyConnections as error:
            self.disconnect_log.log_stranger(DisconnectReason.TOO_MANY_CONNECTIONS, link.peer)
            return TurnedAway(link, error)

    def add(self, link: Link) -> ClientHandler:
        """Give a link a handler. Raises TooManyConnections."""
        handler = ClientHandler(self.shared, link, self._on_disconnect)
        self._handlers.add(handler)
        return handler

    def _on_disconnect(self, handler: ClientHandler, reason: DisconnectReason) -> None:
        self._handlers.discard(handler)
        context, shared = handler.context, self.shared
        self.disconnect_log.log_client(context, reason, shared.chat.clock.monotonic())
        shared.guard.origins.leave(context.origin, stranger=context.session is None)
        if context.session is not None:
            self._to_log_out.add(context)

    def _log_out(self, context: ClientContext) -> None:
        self.shared.tasks.start(context.log_out(), context.session)

    def loops(self) -> list[Coroutine[Any, Any, None]]:
        """What is to run for as long as the node does: all that is done regularly."""
        chat = self.shared.chat
        return [
            self.run_clock(),
            repeat_forever(FOLLOWING, chat.node.poll_head),
            repeat_forever(FORGETTING, chat.retention.forget, pause=FORGETS_EVERY),
            repeat_forever(EXTENDING, chat.devices.extend_tokens, pause=EXTENDS_EVERY),
        ]

    async def run_clock(self) -> None:
        """Let every handler look after its deadlines."""
        await repeat_forever(CLOCK, self._tick)

    async def _tick(self) -> None:
        """Do one round, in TICK seconds. A failure in one handler does not stop the others."""
        loop, survive = asyncio.get_running_loop(), INCIDENTS.survive
        everybody = list(self)
        for share in range(SHARES):
            await asyncio.sleep(TICK / SHARES)
            now = loop.time()
            for handler in everybody[share::SHARES]:
                if not handler.context.disconnected:
                    survive(CLOCK, handler.tick, now)
        survive(CLOCK, self.shared.chat.node.tick)
        survive(CLOCK, self.disconnect_log.tick, loop.time())

    async def close(self, drain_seconds: float = 0.0) -> None:
        """Send all clients away within that time, and hang up."""
        shared = self.shared
        shared.closing = True
        await send_away([handler.context for handler in self], shared.tasks, drain_seconds)
        shared.chat.node.announcer.hurry()
        self._to_log_out.flush()
        await shared.tasks.finish(CLOSING_TAKES)
        with suppress(TryAgain):  # the stored marks are a second old then
            await shared.chat.marks.write()
        for handler in self:
            handler.context.link.close(DisconnectReason.SHUTTING_DOWN)
        await asyncio.sleep(LAST_WORDS_TAKE)
        for handler in self:
            handler.context.link.abort(DisconnectReason.SHUTTING_DOWN)
        await asyncio.sleep(0)  # in which their handlers are told
        self._to_log_out.flush()
        await shared.tasks.finish(1)
        self.disconnect_log.flush()
