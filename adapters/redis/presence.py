"""Presence in Redis: claims that count as long as their nodes' leases."""

import asyncio
from collections.abc import Collection, Sequence

from adapters.redis import scripts
from adapters.redis.commands import Commands
from adapters.redis.keys import Keys
from chat_domain.errors import TryAgain
from chat_domain.model import Claim

MANY = 500  # users looked up by one script, so that none keeps Redis busy for long


class RedisPresence:
    """`chat_domain.ports.Presence`."""

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
        if answer == b"again":
            raise TryAgain
        return None if answer == b"ok" else _read(claim.user_id, answer)

    async def reclaim(self, claims: Sequence[Claim]) -> list[Claim]:
        in_the_way = await asyncio.gather(
            *(self._claim(claim, claim, again=True) for claim in claims)
        )
        return [claim for claim, other in zip(claims, in_the_way, strict=True) if other is not None]

    async def release(self, claim: Claim) -> None:
        await self._commands.script(scripts.RELEASE, self._prefix, claim.user_id, _write(claim))

    async def own(self, node: str) -> list[Claim]:
        found = await self._commands.script(scripts.OWN, self._prefix, node)
        return _claims(found)

    async def find(self, user_ids: Collection[int]) -> dict[int, Claim]:
        ids = list(user_ids)
        parts = [ids[start : start + MANY] for start in range(0, len(ids), MANY)]
        answers = await asyncio.gather(
            *(self._commands.script(scripts.FIND, self._prefix, *part) for part in parts)
        )
        return {claim.user_id: claim for answer in answers for claim in _claims(answer)}

    async def online(self, user_ids: Collection[int]) -> set[int]:
        return set(await self.find(user_ids))


def _claims(answer: Sequence[bytes]) -> list[Claim]:
    """User, claim, user, claim ... as a script gives them."""
    pairs = zip(answer[::2], answer[1::2], strict=True)
    return [_read(int(user_id), claim) for user_id, claim in pairs]


def _write(claim: Claim) -> str:
    return f"{claim.node}|{claim.session_id}|{claim.key}"


def _read(user_id: int, text: bytes) -> Claim:
    node, session_id, key = text.decode().split("|")
    return Claim(user_id, session_id, node, key)
