"""Notes between nodes by publish/subscribe: one channel, on which every node receives everything.

The notes of one turn of the event loop are one packet, and what waits is sent in one pipeline. A
subscription can break, reconnect and lose packets without an error, and it can continue at a Redis
that has been replaced by another. Two signs show it: a second confirmation of the subscription, and
that this node no longer receives its own packets. Both count as a gap.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

import redis.asyncio  # noqa: TC002  # its absence is to be noticed at the start
import structlog
from redis.exceptions import RedisError

from adapters.faults.incidents import INCIDENTS
from adapters.redis import codec
from adapters.redis.failures import NO_ANSWER, Failure, failure_of
from adapters.redis.keys import Keys
from adapters.redis.pipeline import Commands
from adapters.runtime.repeating import repeat_forever
from adapters.runtime.turn_batch import TurnBatch
from chat_domain.cluster.node import Node
from chat_domain.notes import Note

log = structlog.get_logger()

T = TypeVar("T")

LISTENER = "listener"  # in the log and the metric of defects
HEARTBEAT = 1.0  # seconds between packets without a note
SILENCE = 3.0  # seconds without its own packets, after which a node's subscription counts as dead
TURN = 0.005  # seconds of reading and handling notes in each turn of the event loop
RETRY_AFTER = 0.3  # seconds, when subscribing has failed


class RedisBroker:
    """`chat_domain.ports.cluster.Broker`."""

    def __init__(
        self, client: "redis.asyncio.Redis", commands: Commands, keys: Keys, name: str
    ) -> None:
        self._client = client
        self._commands = commands
        self._channel = keys.everybody
        self._leased = keys.leased
        self._name = name
        self._own_prefix = codec.packet_prefix(name)
        self._notes = TurnBatch(self._publish)
        self._subscribed = asyncio.Event()
        self.last_failure = Failure(NO_ANSWER)  # why the last subscription failed
        self._channels = [self._channel]
        self._subscription: redis.asyncio.client.PubSub | None = None
        self._heard_itself = 0.0

    # -- sending ---------------------------------------------------------------------------

    def broadcast(self, note: Note) -> None:
        self._notes.add(note)

    def _publish(self, some: Sequence[Note]) -> None:
        for packet in codec.packets(self._name, self._encoded(some)):
            self._send(packet)

    def _encoded(self, some: Sequence[Note]) -> Iterator[codec.Encoded]:
        for note in some:
            try:
                yield from codec.encode(note)
            except Exception as error:  # noqa: BLE001  # the other notes are to be sent
                INCIDENTS.defect(LISTENER, error)

    def _send(self, packet: bytes) -> None:
        self._commands.start("PUBLISH", self._channel, packet).add_done_callback(_ignore_result)

    async def send_heartbeats(self) -> None:
        """Send a packet without a note regularly, forever."""
        await repeat_forever("heartbeat", self._send_heartbeat, pause=HEARTBEAT)

    async def _send_heartbeat(self) -> None:
        self._send(codec.heartbeat(self._name))

    # -- receiving -------------------------------------------------------------------------

    def is_receiving(self) -> bool:
        return self._subscribed.is_set()

    async def subscribed(self) -> None:
        """Wait until there is a subscription."""
        await self._subscribed.wait()

    async def subscribe_leased(self) -> None:
        """Listen from now on on the channel of all nodes that have had a lease."""
        self._channels.append(self._leased)
        if self._subscription is not None:
            with suppress(RedisError, OSError):  # if broken, it is replaced, with all channels
                await self._subscription.subscribe(self._leased)

    async def listen(self, node: Node) -> None:
        """Give the node what others send, forever."""
        await repeat_forever(LISTENER, partial(self._listen, node), pause=RETRY_AFTER)

    async def _listen(self, node: Node) -> None:
        try:
            await self._listen_once(node)
        except (RedisError, OSError, TimeoutError) as error:
            self.last_failure = failure_of(error)
            if self._subscribed.is_set():  # logged once for each outage
                log.warning("the subscription broke", error=str(self.last_failure))
        finally:
            self._subscribed.clear()

    async def _listen_once(self, node: Node) -> None:
        async with self._client.pubsub() as subscription:
            self._heard_itself = _now()
            try:
                await self._subscribe(subscription)
                while _now() - self._heard_itself < SILENCE:
                    message = await subscription.get_message(
                        ignore_subscribe_messages=False, timeout=SILENCE
                    )
                    if message is not None:
                        await self._take(node, message)
                        await asyncio.sleep(0)  # get_message does not wait if data has arrived
            finally:
                self._subscription = None
        raise TimeoutError("it does not hear itself")

    async def _subscribe(self, subscription: "redis.asyncio.client.PubSub") -> None:
        """Subscribe to all channels, including one that is added meanwhile."""
        count = 0
        while count < len(self._channels):
            some, count = self._channels[count:], len(self._channels)
            await subscription.subscribe(*some)
        self._subscription = subscription

    async def _take(self, node: Node, message: dict[str, Any]) -> None:
        if message["type"] == "subscribe":
            self._subscribed.set()
            INCIDENTS.survive(LISTENER, node.notes_lost)  # what was published before this is lost
        elif message["type"] == "message":
            await self._receive(node, message["data"])

    async def _receive(self, node: Node, packet: bytes) -> None:
        if packet.startswith(self._own_prefix):
            self._heard_itself = _now()
            return
        try:
            some = [note async for note in _in_turns(codec.decode(packet))]
        except codec.UnknownPacket as error:
            INCIDENTS.bad_input("redis", "packet", error)
            return
        async for note in _in_turns(some):
            INCIDENTS.survive(LISTENER, node.receive, note)


async def _in_turns(some: Iterable[T]) -> AsyncIterator[T]:
    """All items, with other tasks' turns in between: a packet can have a thousand notes, and each
    of them a hundred users to be told something."""
    ends = _now() + TURN
    for one in some:
        yield one
        if _now() >= ends:
            await asyncio.sleep(0)
            ends = _now() + TURN


def _now() -> float:
    return asyncio.get_running_loop().time()


def _ignore_result(future: "asyncio.Future[Any]") -> None:
    """Nothing depends on a publication: others poll the log's head, and silence shows a failure."""
    if not future.cancelled():
        future.exception()
