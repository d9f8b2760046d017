"""Opening Redis, and joining the cluster."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import attrs
import redis.asyncio
import structlog
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig

from adapters.faults.startup_errors import BrokerUnusable
from adapters.redis.broker import RedisBroker
from adapters.redis.failures import Failure
from adapters.redis.keys import Keys
from adapters.redis.lease import RedisLease
from adapters.redis.pipeline import PATIENCE, Commands
from adapters.redis.presence import RedisPresence
from adapters.redis.slots import RedisSlots
from adapters.redis.topology import require_single_server
from chat_domain.cluster.node import Node
from chat_domain.errors import TryAgain
from chat_domain.ports.cluster import Surroundings

log = structlog.get_logger()

LONGEST_LABEL = 150  # characters
# Seconds. `asyncio.wait_for`, which the driver uses, can swallow a cancellation before Python 3.12.
CANCELLED_AGAIN_AFTER = 0.1


@attrs.frozen
class RedisCluster:
    """This node's side of the cluster."""

    broker: RedisBroker
    lease: RedisLease
    surroundings: Surroundings
    _commands: Commands
    _tasks: list["asyncio.Task[None]"] = attrs.field(factory=list)

    async def join(self, node: Node) -> None:
        """Listen, then get a lease, and keep both. If Redis cannot be used yet, both are retried as
        they are when they are lost later. Waits for four answers, 12 s at most.

        Raises BrokerUnusable for what an operator has to mend, see `Failure.is_misconfiguration`.
        """
        try:
            await self._listen(node)
            await self.lease.take()
        except TryAgain as error:
            why = error.__cause__
            if isinstance(why, Failure) and why.is_misconfiguration():
                raise _unusable(error) from error
            log.warning("starting without redis", error=str(why or error))
        self._tasks.append(asyncio.create_task(self.lease.keep(node)))

    async def visit(self, node: Node) -> None:
        """Listen, without a lease: for a program that is no node. Raises BrokerUnusable."""
        try:
            await self._listen(node)
        except TryAgain as error:
            raise _unusable(error) from error

    async def _listen(self, node: Node) -> None:
        """Listen from now on. Raises TryAgain if nothing can be received yet."""
        try:
            await require_single_server(self._commands)
        finally:  # even if Redis is away: it may come later
            self._tasks.append(asyncio.create_task(self.broker.listen(node)))
            self._tasks.append(asyncio.create_task(self.broker.send_heartbeats()))
        try:
            async with asyncio.timeout(2 * PATIENCE):
                await self.broker.subscribed()
        except TimeoutError:
            raise TryAgain from self.broker.last_failure

    async def leave(self) -> None:
        """Give the lease back and stop listening."""
        while going_on := [task for task in self._tasks if not task.done()]:
            for task in going_on:
                task.cancel()
            await asyncio.wait(going_on, timeout=CANCELLED_AGAIN_AFTER)
        await self.lease.give_up()


@asynccontextmanager
async def redis_cluster(url: str, prefix: str, label: str) -> AsyncIterator[RedisCluster]:
    """Connect to redis://host:port/db, or rediss:// for TLS. Raises BrokerUnusable for an invalid
    address; joining finds out whether Redis is there.

    label: the operator's name for this node, a part of its id.
    """
    client = client_of(url)
    try:
        async with taking_part(client, prefix, label) as cluster:
            yield cluster
    finally:
        await client.aclose()


def client_of(url: str) -> "redis.asyncio.Redis":
    """A client that has not connected yet. Raises BrokerUnusable for an invalid address."""
    try:
        (urlsplit(url).hostname or "").encode("idna")  # as looking it up does
        return redis.asyncio.Redis.from_url(
            url,
            socket_timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 0),  # a PUBLISH that is repeated could arrive twice
            retry_on_error=[],
            socket_keepalive=True,
            driver_info=None,  # otherwise the driver sends a command that introduces itself
            # with these a server could redirect this node to another one
            maint_notifications_config=MaintNotificationsConfig(enabled=False),
        )
    except ValueError:  # its message may show a part of the password
        raise BrokerUnusable("--broker: an address like redis://HOST:PORT/DB is needed") from None


@asynccontextmanager
async def taking_part(
    client: "redis.asyncio.Redis", prefix: str, label: str
) -> AsyncIterator[RedisCluster]:
    """A node's side of the cluster whose keys and channels begin with this prefix."""
    keys = Keys(prefix)
    commands = Commands(client)
    label = re.sub(r"[^!-{}~]", "-", label[:LONGEST_LABEL])  # a host may have any name
    name = f"{label}{secrets.token_hex(6)}"  # new with each process
    broker = RedisBroker(client, commands, keys, name)
    lease = RedisLease(commands, keys, name, broker.subscribe_leased)
    surroundings = Surroundings(
        name=name,
        presence=RedisPresence(commands, keys, lease.is_lost),
        slots=RedisSlots(commands, keys),
        broker=broker,
        lease=lease,
        depths={"redis commands": commands.depth},
    )
    cluster = RedisCluster(broker, lease, surroundings, commands)
    try:
        yield cluster
    finally:
        await cluster.leave()
        await commands.close()


def _unusable(error: Exception) -> BrokerUnusable:
    return BrokerUnusable(f"cannot use Redis: {error.__cause__ or error}")
