"""This node's lease in Redis, and what becomes of nodes that have lost theirs."""

import asyncio
import itertools
import time
from contextlib import suppress

import structlog

from adapters.redis import scripts
from adapters.redis.commands import Commands
from adapters.redis.keys import Keys
from chat_domain.cluster.node import Node
from chat_domain.errors import TryAgain

log = structlog.get_logger()

LIFE = 10.0  # seconds
RENEWED_EVERY = 3.0  # seconds, so that two renewals can fail
AUDITED_EVERY = 10  # renewals
TRIED_AGAIN_AFTER = 0.5  # seconds, when one has failed


def _now() -> float:
    """Seconds on a clock that goes on while the machine is suspended."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class RedisLease:
    """`chat_domain.ports.Lease`. Its age counts from the sending of the renewal, so that this node
    takes it for lost before Redis does."""

    def __init__(self, commands: Commands, keys: Keys, name: str) -> None:
        self._commands = commands
        self._prefix = keys.prefix
        self._leased = keys.leased
        self._name = name
        self._sent = -LIFE
        self._others: set[str] = set()

    def held(self) -> bool:
        return _now() - self._sent < LIFE

    async def others(self) -> set[str]:
        found = await self._commands.script(scripts.OTHERS, self._prefix, self._name)
        return {node.decode() for node in found}

    async def take(self) -> None:
        """Get the first lease. Raises TryAgain.

        Where Redis has none of our keys, either the cluster is new, or they were lost: nodes that
        listen and have had a lease tell which. Nodes that start together have had none yet.
        """
        listening = await self._commands.run("PUBSUB", "NUMSUB", self._leased)
        await self._renew(first=int(listening[1]) == 0)

    async def _renew(self, *, first: bool = False) -> bool:
        """Return whether the lease was there still. first: nobody can have claims that are lost."""
        sent = _now()
        had = await self._commands.script(
            scripts.RENEW, self._prefix, self._name, int(LIFE * 1000), int(first)
        )
        self._sent = sent
        return bool(had)

    async def keep(self, node: Node) -> None:
        """Renew the lease for ever, suspend and resume the node with it, watch the others."""
        for times in itertools.count(1):
            try:
                await self.look_after(node)
                if times % AUDITED_EVERY == 0:
                    await node.audit()
                await asyncio.sleep(RENEWED_EVERY)
            except TryAgain:
                node.check_lease()
                await asyncio.sleep(TRIED_AGAIN_AFTER)

    async def look_after(self, node: Node) -> None:
        """Do once what `keep` does for ever. Raises TryAgain."""
        node.check_lease()
        if not await self._renew():
            node.suspend()  # whatever was claimed under the old lease may be gone
        if node.standing.suspended:
            log.warning("the lease was lost; claiming the sessions again")
            await node.resume()
        await self._watch(node)

    async def _watch(self, node: Node) -> None:
        """Take over from nodes without a lease, and notice those that others took over from."""
        taken = await self._commands.script(scripts.TAKE_FROM_DEAD, self._prefix, self._name)
        dead = {row[0].decode(): [int(user) for user in row[1:]] for row in taken}
        alive = await self.others()
        for name in self._others - alive:
            dead.setdefault(name, [])
        self._others = alive
        for name, users in dead.items():
            log.warning("a node is gone", node=name, users=len(users))
            node.tasks.start(node.died(name, users))

    async def give_up(self) -> None:
        """Leave in good order."""
        self._sent = -LIFE
        with suppress(TryAgain):
            await self._commands.script(scripts.RETIRE, self._prefix, self._name)
