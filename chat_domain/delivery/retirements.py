"""A session that takes another's place across nodes, and claims that wait to be given up."""

from collections import OrderedDict

import attrs

from chat_domain.delivery.session import Session
from chat_domain.errors import TryAgain
from chat_domain.model import Claim
from chat_domain.notes import Replaced
from chat_domain.ports.cluster import Broker, Presence
from chat_domain.ports.runtime import Clock

WAIT = 2.0  # seconds for the old node to say that it has stored what it had
REMEMBERED = 1000  # sessions that were replaced before this node knew that they were its own


@attrs.define(eq=False)
class _Expected:
    session: Session
    until: float


class Retirements:
    def __init__(self, broker: Broker, presence: Presence, clock: Clock) -> None:
        self._broker = broker
        self._presence = presence
        self._clock = clock
        self._expected: dict[str, _Expected] = {}  # by the old session's id
        self._early: OrderedDict[str, None] = OrderedDict()
        self._to_release: dict[str, Claim] = {}  # by the session's id

    def ask_for(self, old: Claim, session: Session) -> None:
        """Keep a session from turning live until the old one's node has handed over, or WAIT."""
        session.store_begins()
        self._expected[old.session_id] = _Expected(session, self._clock.monotonic() + WAIT)
        self._broker.send(old.node, Replaced(old.user_id, old.session_id))

    def done(self, old_session_id: str) -> Session | None:
        """The old node has handed over: return the session that may go on."""
        expected = self._expected.pop(old_session_id, None)
        if expected is None:
            return None
        expected.session.store_ended()
        return expected.session

    def overdue(self) -> list[str]:
        """The old sessions whose nodes have not answered in time."""
        now = self._clock.monotonic()
        return [old for old, expected in self._expected.items() if expected.until <= now]

    def replaced_early(self, session_id: str) -> None:
        """A session was replaced that this node does not have: perhaps it does not have it yet."""
        self._early[session_id] = None
        if len(self._early) > REMEMBERED:
            self._early.popitem(last=False)

    def came_too_early(self, claim: Claim) -> bool:
        return claim.session_id in self._early

    def release_later(self, claim: Claim) -> None:
        """A claim is to be given up as soon as that is possible.

        Of very many the oldest is forgotten; what is left of it the node's audit finds.
        """
        self._to_release[claim.session_id] = claim
        if len(self._to_release) > REMEMBERED:
            del self._to_release[next(iter(self._to_release))]

    async def release_now(self) -> None:
        """Try again to give up what could not be given up."""
        for claim in list(self._to_release.values()):
            try:
                await self._presence.release(claim)
            except TryAgain:
                return
            self._to_release.pop(claim.session_id, None)

    @property
    def anything_to_release(self) -> bool:
        return bool(self._to_release)
