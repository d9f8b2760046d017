"""Notes between nodes by publish/subscribe.

What a turn of the event loop has for a node is one packet, and what waits goes out in one pipeline.
A subscription can be cut, reconnect and lose packets without an error. The signs are a second
confirmation of it, and a heartbeat to oneself that does not come back: both are a gap.
"""

import asyncio
import itertools
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import redis.asyncio  # noqa: TC002  # its absence is to be noticed at the start
import structlog
from redis.exceptions import RedisError

from adapters.forever import forever
from adapters.incidents import INCIDENTS
from adapters.redis import codec
from adapters.redis.keys import Keys
from adapters.redis.pipeline import PATIENCE, Commands
from adapters.redis.trouble import Trouble, trouble_of
from chat_domain.cluster.node import Node
from chat_domain.errors import TryAgain
from chat_domain.notes import Note

log = structlog.get_logger()

LISTENER = "listener"  # as the log and the metric of defects call it
HEARTBEAT = 1.0  # seconds between packets to oneself
SILENCE = 3.0  # seconds without any packet, after which the subscription counts as dead
TRIED_AGAIN_AFTER = 0.3  # seconds, when subscribing has failed
ECHO = b"="  # what a packet to oneself begins with that somebody waits for


class RedisBroker:
    """`chat_domain.ports.Broker`."""

    def __init__(
        self, client: "redis.asyncio.Redis", commands: Commands, keys: Keys, name: str
    ) -> None:
        self._client = client
        self._commands = commands
        self._keys = keys
        self._name = name
        self._node: Node | None = None
        self._notes: dict[str, list[Note]] = {}  # by channel, of this turn
        self._subscribed = asyncio.Event()
        self.trouble = Trouble("no answer")  # why there was no subscription the last time
        self._channels = [keys.channel(name), keys.everybody]
        self._subscription: redis.asyncio.client.PubSub | None = None
        self._echoes: dict[bytes, asyncio.Future[None]] = {}
        self._count = itertools.count()

    # -- sending ---------------------------------------------------------------------------

    def send(self, node: str, note: Note) -> None:
        self._add(self._keys.channel(node), note)

    def broadcast(self, note: Note) -> None:
        self._add(self._keys.everybody, note)

    def _add(self, channel: str, note: Note) -> None:
        if not self._notes:
            asyncio.get_running_loop().call_soon(self._publish)
        self._notes.setdefault(channel, []).append(note)

    def _publish(self) -> None:
        everything, self._notes = self._notes, {}
        if self._node is not None:
            self._node.turn_ended()
        for channel, notes in everything.items():
            try:
                packets = codec.packets(self._name, notes)
            except Exception as error:  # noqa: BLE001  # the other nodes' notes are to be sent
                INCIDENTS.defect(LISTENER, error)
                self._unsent(notes)
            else:
                self._send(channel, packets)

    def _send(self, channel: str, packets: Sequence[codec.Packet]) -> None:
        to_all = channel == self._keys.everybody
        for packet, notes in packets:
            published = self._commands.start("PUBLISH", channel, packet)
            published.add_done_callback(partial(self._published, notes, to_all))

    def _published(
        self, notes: Sequence[Note], to_all: bool, future: "asyncio.Future[Any]"
    ) -> None:
        """A failure may mean that the packet has arrived all the same; nobody there means not."""
        arrived = not future.cancelled() and future.exception() is None
        if not arrived or not (to_all or future.result()):
            self._unsent(notes)

    def _unsent(self, notes: Sequence[Note]) -> None:
        if self._node is not None:
            for note in notes:
                INCIDENTS.survive(LISTENER, self._node.unsent, note)

    # -- receiving -------------------------------------------------------------------------

    async def catch_up(self) -> None:
        """A packet to oneself comes behind all that was published before it."""
        packet = b"%b%d" % (ECHO, next(self._count))
        heard = self._echoes[packet] = asyncio.get_running_loop().create_future()
        try:
            self._to_myself(packet)
            async with asyncio.timeout(PATIENCE):
                await heard
        except TimeoutError as error:
            raise TryAgain from error
        finally:
            del self._echoes[packet]

    async def listen(self, node: Node) -> None:
        """Give the node what others send, for ever."""
        self._node = node
        await forever(LISTENER, partial(self._listen, node), pause=TRIED_AGAIN_AFTER)

    async def _listen(self, node: Node) -> None:
        try:
            await self._listen_once(node)
        except (RedisError, OSError, TimeoutError) as error:
            self.trouble = trouble_of(error)
            if self._subscribed.is_set():  # said once for each outage
                log.warning("the subscription broke", error=str(self.trouble))
        finally:
            self._subscribed.clear()

    async def subscribed(self) -> None:
        """Wait until there is a subscription."""
        await self._subscribed.wait()

    async def be_counted(self) -> None:
        """Listen from now on where all do that have had a lease."""
        self._channels.append(self._keys.leased)
        if self._subscription is not None:
            with suppress(RedisError, OSError):  # broken: it is made anew with all channels
                await self._subscription.subscribe(self._keys.leased)

    async def _listen_once(self, node: Node) -> None:
        async with self._client.pubsub() as subscription:
            self._subscription = subscription
            try:
                await subscription.subscribe(*self._channels)
                while message := await subscription.get_message(
                    ignore_subscribe_messages=False, timeout=SILENCE
                ):
                    self._take(node, message)
            finally:
                self._subscription = None
        raise TimeoutError("no heartbeat")

    def _take(self, node: Node, message: dict[str, Any]) -> None:
        if message["type"] == "subscribe":
            self._subscribed.set()
            INCIDENTS.survive(LISTENER, node.gap)  # what was published before this is lost
        elif message["type"] == "message" and message["data"]:
            echo = self._echoes.get(message["data"])
            if echo is None:
                self._receive(node, message["data"])
            elif not echo.done():
                echo.set_result(None)

    def _receive(self, node: Node, packet: bytes) -> None:
        if packet.startswith(ECHO):  # nobody waits for it any more
            return
        try:
            sender, notes = codec.decode(packet)
        except codec.UnknownPacket as error:
            INCIDENTS.bad_input("redis", "packet", error)
            return
        if sender != self._name:
            for note in notes:
                INCIDENTS.survive(LISTENER, node.receive, sender, note)

    async def beat(self) -> None:
        """Send oneself an empty packet now and then, for ever."""
        await forever("heartbeat", self._beat, pause=HEARTBEAT)

    async def _beat(self) -> None:
        self._to_myself(b"")

    def _to_myself(self, packet: bytes) -> None:
        published = self._commands.start("PUBLISH", self._keys.channel(self._name), packet)
        published.add_done_callback(_forget)


def _forget(future: "asyncio.Future[Any]") -> None:
    """The silence tells."""
    if not future.cancelled():
        future.exception()
