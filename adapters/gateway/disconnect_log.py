"""The log's line for each connection that has ended.

A connection on which somebody has logged in has a line of its own. The others come in floods: of
those of one origin that end for one reason, the first in a second has its own line, and the rest
share one, with a count, at the end of the second.

When a network goes down, thousands of connections end in one turn of the event loop. Their lines
are written over several.
"""

from collections import Counter
from collections.abc import Callable

import structlog

from adapters.gateway.client_context import ClientContext
from adapters.gateway.disconnect_reasons import DisconnectReason
from adapters.runtime.over_turns import OverTurns

log = structlog.get_logger()

TOGETHER = 1.0  # seconds
APART = 100  # pairs of origin and reason in that time; further ones are counted by reason alone
OTHERS = "others"
LINES_AT_ONCE = 200  # in a turn of the event loop; some 6 ms


class DisconnectLog:
    """name_of: the origin of a network address."""

    def __init__(self, name_of: Callable[[str], str]) -> None:
        self._name_of = name_of
        # Those without a line of their own.
        self._not_told: Counter[tuple[str, DisconnectReason]] = Counter()
        self._since = 0.0
        # Those whose lines are still to be written: at most as many as there were connections.
        self._ended = OverTurns(self._log_one, LINES_AT_ONCE)

    def log_client(self, context: ClientContext, reason: DisconnectReason, now: float) -> None:
        """A connection that had a handler has ended. now: on the domain's monotonic clock."""
        self._ended.add((context, reason, now))

    def _log_one(self, ended: tuple[ClientContext, DisconnectReason, float]) -> None:
        context, reason, now = ended
        seconds = round(now - context.started_at, 3)
        if context.last_session is None:
            self.log_stranger(reason, context.link.peer, connection=context.id, seconds=seconds)
            return
        session, client = context.last_session
        log.info(
            "connection closed",
            reason=str(reason),
            address=context.link.peer,
            connection=context.id,
            **session.labels(),
            version=client.version,
            seconds=seconds,
            at=context.chat.offline.position(session),
        )

    def log_stranger(
        self, reason: DisconnectReason, address: str, detail: str = "", **facts: float | str
    ) -> None:
        """A connection on which nobody has logged in has ended, or was refused."""
        if detail:
            facts["detail"] = detail
        key = self._name_of(address), reason
        if key not in self._not_told and len(self._not_told) < APART:
            self._not_told[key] = 0
            log.info("connection closed", owner=None, reason=str(reason), address=address, **facts)
            return
        if key not in self._not_told:
            key = OTHERS, reason
        self._not_told[key] += 1

    def tick(self, now: float) -> None:
        """To be called about twice a second. now: the loop's time."""
        if now - self._since >= TOGETHER:
            self._since = now
            self._log_counts()

    def flush(self) -> None:
        """Write at once what is still to be written, and how many had no line of their own."""
        self._ended.flush()
        self._log_counts()

    def _log_counts(self) -> None:
        counts, self._not_told = self._not_told, Counter()
        for (origin, why), count in counts.items():
            if count:
                log.info(
                    "connections closed", owner=None, reason=str(why), address=origin, count=count
                )
