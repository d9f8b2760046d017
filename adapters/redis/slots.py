"""Version 1's slots in Redis: claims that count while their nodes have leases."""

import asyncio
from collections.abc import Sequence

from adapters.redis import answers, scripts
from adapters.redis.keys import Keys
from adapters.redis.pipeline import Commands
from chat_domain.errors import TryAgain
from chat_domain.model import Claim

MOST_CLAIMS = 200_000  # of one node; more than its possible connections


class RedisSlots:
    """`chat_domain.ports.cluster.Slots`."""

    def __init__(self, commands: Commands, keys: Keys) -> None:
        self._commands = commands
        self._prefix = keys.prefix

    async def claim(self, claim: Claim, *, instead_of: Claim | None = None) -> Claim | None:
        return await self._claim(claim, instead_of, again=False)

    async def _claim(self, claim: Claim, instead_of: Claim | None, *, again: bool) -> Claim | None:
        old = _write(instead_of) if instead_of is not None else ""
        answer = await self._commands.script(
            scripts.CLAIM, self._prefix, claim.user_id, _write(claim), old, int(again)
        )
        if answer == b"ok":
            return None
        in_the_way = None if answer == b"again" else answers.claim(claim.user_id, answer)
        if in_the_way is None:
            raise TryAgain
        return in_the_way

    async def release(self, claim: Claim) -> None:
        await self._commands.script(scripts.RELEASE, self._prefix, claim.user_id, _write(claim))

    async def reclaim(self, claims: Sequence[Claim]) -> list[Claim]:
        in_the_way = await asyncio.gather(
            *(self._claim(claim, claim, again=True) for claim in claims)
        )
        return [claim for claim, other in zip(claims, in_the_way, strict=True) if other is not None]

    async def own(self, node: str) -> list[Claim]:
        found = await self._commands.script(scripts.OWN, self._prefix, node, MOST_CLAIMS)
        return answers.claims(found)


def _write(claim: Claim) -> str:
    return f"{claim.node}|{claim.session}"
