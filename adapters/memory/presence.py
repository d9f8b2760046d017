"""The users with sessions on the nodes of one process, and the slots of version 1."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from chat_domain.model import Claim


class LocalPresence:
    """`chat_domain.ports.cluster.Presence`. Nodes that have left are forgotten."""

    def __init__(self) -> None:
        self._users: defaultdict[str, set[int]] = defaultdict(set)  # by node

    async def came(self, node: str, user_ids: Collection[int]) -> None:
        self._users[node].update(user_ids)

    async def left(self, node: str, user_ids: Collection[int]) -> None:
        self._users[node].difference_update(user_ids)

    async def where(
        self,
        user_ids: Collection[int],
        *,
        complete: bool = False,  # noqa: ARG002  # nothing is ever lost here
    ) -> dict[int, list[str]]:
        found = {user: self._nodes_of(user) for user in user_ids}
        return {user: nodes for user, nodes in found.items() if nodes}

    def _nodes_of(self, user_id: int) -> list[str]:
        return sorted(node for node, users in self._users.items() if user_id in users)

    async def users_of(self, node: str) -> list[int]:
        return sorted(self._users.get(node, ()))

    def forget(self, node: str) -> None:
        self._users.pop(node, None)


class LocalSlots:
    """`chat_domain.ports.cluster.Slots`. Claims of nodes that have left are forgotten."""

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

    def forget(self, node: str) -> None:
        self._claims = {user: claim for user, claim in self._claims.items() if claim.node != node}
