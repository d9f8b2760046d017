"""This node's lease in Redis, and what is done about nodes that have lost theirs."""

import itertools
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import structlog

from adapters.redis import answers, scripts
from adapters.redis.failures import code_of
from adapters.redis.keys import Keys
from adapters.redis.pipeline import Commands
from adapters.redis.topology import require_single_server
from adapters.runtime.repeating import repeat_forever
from chat_domain.cluster.node import Node
from chat_domain.errors import TryAgain

log = structlog.get_logger()

LEASE_TIME = 10.0  # seconds
RENEWED_EVERY = 3.0  # seconds, so that two renewals can fail
AUDITED_EVERY = 10  # renewals
MOST_NODES = 1000  # that there can be; more are not looked at, since they must be forged
TAKEN_AT_ONCE = 10_000  # users, and as many claims, that one script takes from dead nodes
LOGGED_AT_ONCE = 10  # dead nodes with a line of the log each; there may be hundreds of forged ones


def _now() -> float:
    """Seconds on a clock that continues while the machine is suspended."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class RedisLease:
    """`chat_domain.ports.cluster.Lease`. Its age counts from the sending of the renewal, so that
    this node considers it lost before Redis does.

    on_first_lease: called once, with it.
    """

    def __init__(
        self,
        commands: Commands,
        keys: Keys,
        name: str,
        on_first_lease: Callable[[], Awaitable[None]],
    ) -> None:
        self._commands = commands
        self._prefix = keys.prefix
        self._leased = keys.leased
        self._name = name
        self._on_first_lease = on_first_lease
        self._was_held = False
        self._sent = -LEASE_TIME
        self._last_error = ""

    def held(self) -> bool:
        return _now() - self._sent < LEASE_TIME

    def is_lost(self) -> bool:
        """Whether this node had it and does not have it any more."""
        return self._was_held and not self.held()

    def last_error(self) -> str:
        return self._last_error

    async def other_nodes(self) -> set[str]:
        found = await self._commands.script(scripts.OTHERS, self._prefix, self._name, MOST_NODES)
        return answers.nodes(found)

    async def take(self) -> None:
        """Get the first lease. Raises TryAgain; then `keep` gets it later.

        If Redis has none of our keys, either the cluster is new or they were lost: listening nodes
        that have had a lease show which. Nodes that start together have had none yet. If Redis
        comes up later than this node, they may not be listening again yet, so `keep` does not ask,
        and takes missing keys for lost.
        """
        answer = answers.items(await self._commands.run("PUBSUB", "NUMSUB", self._leased))
        listening = answers.number(answer[-1] if answer else None)
        await self._renew(first=listening == 0)

    async def _renew(self, *, first: bool = False) -> bool:
        """Return whether the lease still existed. first: nobody can have claims that are lost."""
        sent = _now()
        had = await self._commands.script(
            scripts.RENEW, self._prefix, self._name, int(LEASE_TIME * 1000), int(first)
        )
        if not self._was_held:
            self._was_held = True
            await self._on_first_lease()
        self._sent = sent
        return answers.number(had) == 1

    async def keep(self, node: Node) -> None:
        """Renew the lease forever, suspend and resume the node with it, and watch the others.

        A failure is retried after half a second, then more seldom, after two at most: meanwhile the
        clock suspends the node when its lease has run out.
        """
        rounds = itertools.count(1)
        await repeat_forever(
            "lease", lambda: self._keep_once(node, next(rounds)), pause=RENEWED_EVERY
        )

    async def _keep_once(self, node: Node, times: int) -> None:
        try:
            await self.look_after(node)
            if times % AUDITED_EVERY == 0:
                await node.audit()
        except Exception as error:
            self._last_error = code_of(error) if isinstance(error, TryAgain) else "a defect"
            raise
        self._last_error = ""

    async def look_after(self, node: Node) -> None:
        """Do one round of `keep`. Raises TryAgain."""
        was_held = self._was_held
        if not was_held:  # Redis has come up later than this node
            await require_single_server(self._commands)
        if not await self._renew():
            if was_held:
                log.warning("the lease was lost; announcing this node's users again")
            node.suspend()  # whatever was written under the old lease may be gone
        await node.resume()
        await self._take_over_dead(node)

    async def _take_over_dead(self, node: Node) -> None:
        """Clear away what nodes without a lease have left behind."""
        answer = await self._commands.script(
            scripts.TAKE_FROM_DEAD, self._prefix, self._name, MOST_NODES, TAKEN_AT_ONCE
        )
        dead = answers.users_by_node(answer)
        _log_dead(dead)
        for _, users in dead:
            node.tasks.start(node.other_died(users))

    async def give_up(self) -> None:
        """Leave cleanly. A node that has had no lease has left nothing behind."""
        self._sent = -LEASE_TIME
        if not self._was_held:
            return
        with suppress(TryAgain):
            await self._commands.script(scripts.RETIRE, self._prefix, self._name, TAKEN_AT_ONCE)


def _log_dead(dead: Sequence[tuple[str, Sequence[int]]]) -> None:
    for name, users in dead[:LOGGED_AT_ONCE]:
        log.warning("a node is gone", node=name, users=len(users))
    if len(dead) > LOGGED_AT_ONCE:
        log.warning("more nodes are gone", count=len(dead) - LOGGED_AT_ONCE)
