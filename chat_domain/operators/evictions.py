"""Ending the session of a user, wherever it is, by the operator's will."""

import attrs

from chat_domain.errors import TryAgain
from chat_domain.model import Claim
from chat_domain.notes import LoggedOut
from chat_domain.people.login import Logins
from chat_domain.ports.cluster import Broker, Presence
from chat_domain.ports.runtime import Latches
from chat_domain.ports.store import Tokens

LOOK_EVERY = 0.1  # seconds
ASKED_TIMES = 50  # a note can be lost, and a store can take its time


@attrs.frozen
class Evictions:
    tokens: Tokens
    presence: Presence
    broker: Broker
    logins: Logins
    latches: Latches
    node: str

    async def log_out(self, user_id: int) -> bool:
        """End a user's tokens, then their session; return whether there was one.

        Returns when its claim is given up, so that nothing of it is only in memory. Raises
        TryAgain where its node does not do it in time.
        """
        await self.tokens.remove_all(user_id)
        first = await self._claim(user_id)
        if first is None:
            return False
        for _ in range(ASKED_TIMES):
            await self._throw_out(first)
            claim = await self._claim(user_id)
            if claim is None or claim.session_id != first.session_id:
                return True
            await self.latches.latch().wait(LOOK_EVERY)
        raise TryAgain

    async def _claim(self, user_id: int) -> Claim | None:
        return (await self.presence.find([user_id])).get(user_id)

    async def _throw_out(self, claim: Claim) -> None:
        if claim.node == self.node:
            await self.logins.throw_out(claim.user_id, claim.session_id)
        else:
            self.broker.send(claim.node, LoggedOut(claim.user_id, claim.session_id))
