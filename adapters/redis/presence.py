"""Presence in Redis: the users on each node, who count while it has its lease."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from adapters.redis import answers, scripts
from adapters.redis.keys import Keys
from adapters.redis.lease import MOST_NODES
from adapters.redis.pipeline import Commands
from chat_domain.errors import TryAgain

MOST_USERS = 200_000  # on one node; more than its possible connections
MANY = 500  # users in one script, so that none keeps Redis busy for long


class RedisPresence:
    """`chat_domain.ports.cluster.Presence`."""

    def __init__(self, commands: Commands, keys: Keys, lease_is_lost: Callable[[], bool]) -> None:
        self._commands = commands
        self._prefix = keys.prefix
        self._lease_is_lost = lease_is_lost

    async def came(self, node: str, user_ids: Collection[int]) -> None:
        done = await self._run(user_ids, scripts.CAME, node)
        if any(answer != b"ok" for answer in done):
            raise TryAgain

    async def left(self, node: str, user_ids: Collection[int]) -> None:
        await self._run(user_ids, scripts.LEFT, node)

    async def where(
        self, user_ids: Collection[int], *, complete: bool = False
    ) -> dict[int, list[str]]:
        if complete and self._lease_is_lost():  # a Redis that hangs takes seconds for each answer
            raise TryAgain
        answered = await self._run(user_ids, scripts.WHERE, MOST_NODES, int(complete))
        if b"again" in answered:
            raise TryAgain
        found = defaultdict(list)
        for node, users in sorted(row for one in answered for row in answers.users_by_node(one)):
            for user in users:
                found[user].append(node)
        return dict(found)

    async def users_of(self, node: str) -> list[int]:
        found = await self._commands.script(scripts.USERS_OF, self._prefix, node, MOST_USERS)
        return sorted(answers.users(found))

    async def _run(self, user_ids: Collection[int], script: str, *first: object) -> list[Any]:
        """The answers of a script, run for MANY users at a time; for no users, it is not run."""
        return await asyncio.gather(
            *(
                self._commands.script(script, self._prefix, *first, *some)
                for some in _parts(list(user_ids))
            )
        )


def _parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), MANY):
        yield ids[start : start + MANY]
