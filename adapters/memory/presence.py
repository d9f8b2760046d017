"""Presence within one process."""

from collections.abc import Collection, Sequence

from chat_domain.model import Claim


class LocalPresence:
    """The claims of this process's users. There is no other node. (`chat_domain.ports.Presence`)"""

    def __init__(self) -> None:
        self._claims: dict[int, Claim] = {}

    async def claim(self, claim: Claim, *, instead_of: Claim | None = None) -> Claim | None:
        current = self._claims.get(claim.user_id)
        if current is not None and current != instead_of:
            return current
        self._claims[claim.user_id] = claim
        return None

    async def release(self, claim: Claim) -> None:
        if self._claims.get(claim.user_id) == claim:
            del self._claims[claim.user_id]

    async def reclaim(self, claims: Sequence[Claim]) -> list[Claim]:
        return [claim for claim in claims if await self.claim(claim, instead_of=claim) is not None]

    async def own(self, node: str) -> list[Claim]:
        return [claim for claim in self._claims.values() if claim.node == node]

    async def find(self, user_ids: Collection[int]) -> dict[int, Claim]:
        return {user_id: self._claims[user_id] for user_id in user_ids if user_id in self._claims}

    async def online(self, user_ids: Collection[int]) -> set[int]:
        return {user_id for user_id in user_ids if user_id in self._claims}
