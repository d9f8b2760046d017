"""The log's line on each connection that has ended.

One on which somebody has logged in has a line of its own. The others come in floods: of those from
one origin that end for one reason the first in a second has its line, and what comes behind it has
one together, with a count, when the second is over.
"""

from typing import TYPE_CHECKING

import structlog

from adapters.gateway.endings import Ending
from chat_domain.fairness.origins import name_of

if TYPE_CHECKING:
    from adapters.gateway.conversation import Conversation

log = structlog.get_logger()

TOGETHER = 1.0  # seconds
APART = 100  # pairs of origin and reason in that time; those beyond are counted by reason alone
OTHERS = "others"


class Departures:
    def __init__(self) -> None:
        self._behind: dict[tuple[str, Ending], int] = {}  # without the first, by origin
        self._since = 0.0

    def left(self, talk: "Conversation", why: Ending, now: float) -> None:
        """A conversation has ended. now: on the domain's monotonic clock."""
        seconds = round(now - talk.begun, 3)
        if talk.last_session is None:
            self.stranger(why, talk.link.peer, connection=talk.id, seconds=seconds)
            return
        session, client = talk.last_session
        log.info(
            "connection closed",
            reason=str(why),
            address=talk.link.peer,
            connection=talk.id,
            **session.labels(),
            version=client.version,
            seconds=seconds,
            pushes=session.last_push,
        )

    def stranger(self, why: Ending, address: str, detail: str = "", **facts: float | str) -> None:
        """A connection has ended, or was refused, on which nobody has logged in."""
        if detail:
            facts["detail"] = detail
        key = name_of(address), why
        if key not in self._behind and len(self._behind) >= APART:
            self._behind.setdefault((OTHERS, why), 0)
            key = OTHERS, why
        elif key not in self._behind:
            self._behind[key] = 0
            log.info("connection closed", owner=None, reason=str(why), address=address, **facts)
            return
        self._behind[key] += 1

    def tick(self, now: float) -> None:
        """To be called about twice a second. now: the loop's time."""
        if now - self._since >= TOGETHER:
            self._since = now
            self.flush()

    def flush(self) -> None:
        """Say how many had no line of their own."""
        behind, self._behind = self._behind, {}
        for (origin, why), count in behind.items():
            if count:
                log.info(
                    "connections closed", owner=None, reason=str(why), address=origin, count=count
                )
