"""A node whose clock is off, and which other nodes' notes do not reach as they were sent.

    python -m tests.delivery.unlucky_node MILLISECONDS PORT OPTIONS

is `python -m entrypoints.tcp_server PORT OPTIONS` with its clock off by that much. A signal decides
what becomes of other nodes' notes from then on: see SIGNALS.
"""

import asyncio
import random
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from types import FrameType

from adapters.redis.broker import RedisBroker
from adapters.runtime.system import SystemClock
from chat_domain.cluster.node import Node
from entrypoints import tcp_server

WELL, LOST, DOUBLED, SWAPPED, LATE = "well", "lost", "doubled", "swapped", "late"
SIGNALS = {
    how: signal.SIGRTMIN + number
    for number, how in enumerate((WELL, LOST, DOUBLED, SWAPPED, LATE), start=1)
}
OFF = -300_000  # milliseconds by which the first node's clock is off
LATE_BY = 1.5  # seconds, at most
_OFTEN = 0.5  # the share of packets that suffer it


def unlucky(number: int) -> Sequence[str]:
    """The program of the node of this number, as `Cluster` asks for it."""
    return "-m", "tests.delivery.unlucky_node", str(0 if number else OFF)


Receive = Callable[[RedisBroker, Node, bytes], Coroutine[None, None, None]]


class Luck:
    """What becomes of packets just before the node handles them. It spares the node's own packets,
    which tell the node that it still hears Redis."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._how = WELL
        self._held: bytes | None = None
        self._rng = random.Random()
        self._late: set[asyncio.Task[None]] = set()

    def changes(self, number: int, _: FrameType | None) -> None:
        self._how = next(how for how, one in SIGNALS.items() if one == number)

    async def receive(self, broker: RedisBroker, node: Node, packet: bytes) -> None:
        if not packet.startswith(broker._own_prefix):
            held, self._held = self._held, None
            await self._upset(broker, node, packet)
            if held is not None:
                await self._receive(broker, node, held)
        else:
            await self._receive(broker, node, packet)

    async def _upset(self, broker: RedisBroker, node: Node, packet: bytes) -> None:
        how = self._how if self._rng.random() < _OFTEN else WELL
        if how == SWAPPED:
            self._held = packet
        elif how == LATE:
            late = asyncio.create_task(self._receive_late(broker, node, packet))
            self._late.add(late)
            late.add_done_callback(self._late.discard)
        elif how != LOST:
            await self._receive(broker, node, packet)
        if how == DOUBLED:
            await self._receive(broker, node, packet)

    async def _receive_late(self, broker: RedisBroker, node: Node, packet: bytes) -> None:
        await asyncio.sleep(self._rng.uniform(0, LATE_BY))
        await self._receive(broker, node, packet)


def main() -> int:
    off = int(sys.argv.pop(1))
    luck = Luck(RedisBroker._receive)
    for number in SIGNALS.values():
        signal.signal(number, luck.changes)

    async def receive(broker: RedisBroker, node: Node, packet: bytes) -> None:
        await luck.receive(broker, node, packet)

    def now_ms(_: SystemClock) -> int:
        return time.time_ns() // 1_000_000 + off

    setattr(RedisBroker, "_receive", receive)  # noqa: B010  # mypy forbids assigning to a method
    setattr(SystemClock, "now_ms", now_ms)  # noqa: B010
    return tcp_server.main()


if __name__ == "__main__":
    raise SystemExit(main())
