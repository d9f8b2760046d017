"""Carries out a plan of faults on a cluster and its clients' connections."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import ClassVar

import redis.asyncio

from entrypoints.services.program import Program
from tests.delivery.damage import Inspector
from tests.delivery.network import Door, Way
from tests.delivery.outcome import CannotGoOn
from tests.delivery.records import Records
from tests.delivery.schedule import LOSS, NOTES_FAULTS, Fault
from tests.delivery.unlucky_node import SIGNALS, WELL
from tests.delivery.vault import Vault
from tests.integration.cluster import Cluster, NodeProcess

STARTS_WITHIN = 240.0  # seconds: a few attempts, of which one may take a minute by itself
_RETRIED_AFTER = 0.5


class Faults:
    """For faults of notes, the nodes have to be `tests.delivery.unlucky_node`."""

    def __init__(self, cluster: Cluster, doors: Sequence[Door], records: Records) -> None:
        self._cluster = cluster
        self._doors = doors
        self._history = history = records.history
        self._begin = history.now
        self._down: set[int] = set()  # nodes that do not run, or are starting
        self._inspector = Inspector(cluster.database_server, records)
        self._vault = Vault(cluster.database_server, records, self._inspector)
        self._turns: defaultdict[tuple[str, int], asyncio.Lock] = defaultdict(asyncio.Lock)

    async def carry_out(self, faults: Iterable[Fault]) -> None:
        """Carry out each fault at its time; return when the last is over."""
        async with asyncio.TaskGroup() as group:
            for fault in faults:
                group.create_task(self._at_its_time(fault))

    async def _at_its_time(self, fault: Fault) -> None:
        await asyncio.sleep(self._begin + fault.at - self._history.now)
        if fault.owner in ("door", "notes"):
            await self._do(fault)
            return
        async with self._turns[fault.owner, fault.target]:  # it may still be starting
            await self._do(fault)

    async def _do(self, fault: Fault) -> None:
        self._note(fault, "begin")
        await self._actions[fault.what](self, fault)
        self._note(fault, "end")

    def _note(self, fault: Fault, phase: str) -> None:
        target = f"{fault.owner} {fault.target}"
        self._history.note("fault", what=fault.what, target=target, phase=phase)

    # -- nodes -------------------------------------------------------------------------------

    def _node(self, fault: Fault) -> NodeProcess:
        return self._cluster.nodes[fault.target]

    async def _kill_node(self, fault: Fault) -> None:
        await self._bring_back(fault, self._node(fault).kill)

    async def _restart_node(self, fault: Fault) -> None:
        await self._bring_back(fault, self._node(fault).stop)

    async def _bring_back(self, fault: Fault, end: Callable[[], object]) -> None:
        self._down.add(fault.target)
        await asyncio.to_thread(end)
        await asyncio.sleep(fault.seconds)
        await start_node(self._node(fault))
        self._down.discard(fault.target)

    async def _hang_node(self, fault: Fault) -> None:
        self._node(fault).suspend()
        await asyncio.sleep(fault.seconds)
        self._node(fault).resume()

    # -- services ----------------------------------------------------------------------------

    async def _kill_redis(self, fault: Fault) -> None:
        await _kill(self._cluster.redis, fault.seconds)

    async def _kill_database(self, fault: Fault) -> None:
        await _kill(self._cluster.database_server, fault.seconds)
        await self._inspector.look()

    async def _lose_the_end(self, fault: Fault) -> None:
        """One node is neither killed nor hung meanwhile: only a node that has seen what is lost can
        notice the loss and give the log a new epoch."""
        async with self._turns["node", fault.number % len(self._cluster.nodes)]:
            await self._vault.put_away()
            await asyncio.sleep(fault.seconds)
            await self._vault.bring_back()
            await start(self._cluster.database_server)
            await self._inspector.look()
            await self._vault.until_noticed()

    async def _hang_redis(self, fault: Fault) -> None:
        await _hang(self._cluster.redis, fault.seconds)

    async def _hang_database(self, fault: Fault) -> None:
        await _hang(self._cluster.database_server, fault.seconds)

    async def _cut_subscriptions(self, _: Fault) -> None:
        client = redis.asyncio.Redis.from_url(self._cluster.redis.url())
        try:
            await client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")  # type: ignore[no-untyped-call]  # redis lacks the type
        finally:
            await client.aclose()

    # -- notes between nodes -----------------------------------------------------------------

    async def _upset_notes(self, fault: Fault) -> None:
        """Upset them until the fault is over, or until the node is another process."""
        how = fault.what.removeprefix("notes ")
        self._tell(fault.target, how)
        await asyncio.sleep(fault.seconds)
        self._tell(fault.target, WELL)

    def _tell(self, number: int, how: str) -> None:
        if number not in self._down:
            self._cluster.nodes[number].send(SIGNALS[how])

    # -- connections -------------------------------------------------------------------------

    def _door(self, fault: Fault) -> Door:
        return self._doors[fault.target]

    async def _reset(self, fault: Fault) -> None:
        for wire in self._door(fault).wires:
            wire.reset()

    async def _vanish(self, fault: Fault) -> None:
        for wire in self._door(fault).wires:
            wire.vanish(fault.seconds)

    async def _cut_up(self, fault: Fault) -> None:
        for wire in self._door(fault).wires:
            wire.cut_after(Way.UP, fault.number % 600)

    async def _cut_down(self, fault: Fault) -> None:
        for wire in self._door(fault).wires:
            wire.cut_after(Way.DOWN, fault.number % 3000)

    async def _slow_up(self, fault: Fault) -> None:
        await self._hold(fault, Way.UP)

    async def _slow_down(self, fault: Fault) -> None:
        await self._hold(fault, Way.DOWN)

    async def _silence(self, fault: Fault) -> None:
        await self._hold(fault, Way.UP, Way.DOWN)

    async def _hold(self, fault: Fault, *ways: Way) -> None:
        wires = self._door(fault).wires
        for wire in wires:
            for way in ways:
                wire.hold(way)
        await asyncio.sleep(fault.seconds)
        for wire in wires:
            for way in ways:
                wire.release(way)

    async def _lose_up(self, fault: Fault) -> None:
        await self._lose(fault, Way.UP)

    async def _lose_down(self, fault: Fault) -> None:
        await self._lose(fault, Way.DOWN)

    async def _lose(self, fault: Fault, way: Way) -> None:
        """Bytes lost in the middle of a stream never arrive, so the connection has to end."""
        wires = self._door(fault).wires
        for wire in wires:
            wire.lose(way)
        await asyncio.sleep(fault.seconds)
        for wire in wires:
            wire.reset()

    _actions: ClassVar[dict[str, Callable[["Faults", Fault], Awaitable[None]]]] = {
        "node killed": _kill_node,
        "node restarted": _restart_node,
        "node hung": _hang_node,
        "node hung beyond its lease": _hang_node,
        "Redis killed": _kill_redis,
        "Redis gone for longer than a lease": _kill_redis,
        "Redis hung": _hang_redis,
        "subscriptions cut": _cut_subscriptions,
        **dict.fromkeys(NOTES_FAULTS, _upset_notes),
        LOSS: _lose_the_end,
        "database killed": _kill_database,
        "database hung": _hang_database,
        "reset": _reset,
        "vanished": _vanish,
        "cut at a byte up": _cut_up,
        "cut at a byte down": _cut_down,
        "slow up": _slow_up,
        "slow down": _slow_down,
        "silent both ways": _silence,
        "lost up": _lose_up,
        "lost down": _lose_down,
    }


async def start_node(node: NodeProcess, within: float = STARTS_WITHIN) -> None:
    """Start it from this thread: a process is set to end with the thread that started it. Try again
    if it ends at once: Redis or the database may be down. Raises CannotGoOn if no attempt that
    begins within so many seconds succeeds."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + within
    while True:
        try:
            node.launch()
            await asyncio.to_thread(node.wait_until_ready)
        except AssertionError as error:
            await asyncio.to_thread(node.kill)
            if clock() > deadline:
                why = f"the node on port {node.port} has not started within {within:.0f} s"
                raise CannotGoOn(why) from error
            await asyncio.sleep(_RETRIED_AFTER)
        else:
            return


async def _kill(service: Program, seconds: float) -> None:
    await asyncio.to_thread(service.kill)
    await asyncio.sleep(seconds)
    await start(service)


async def start(service: Program) -> None:
    """Start it from this thread: a process is set to end with the thread that started it. Raises
    CannotGoOn."""
    try:
        async with asyncio.timeout(STARTS_WITHIN):
            service.launch()
            while not service.answers():
                if not service.is_running():
                    raise CannotGoOn(f"{service.name} has ended: {service.output()}")
                await asyncio.sleep(0.05)
    except TimeoutError as error:
        why = f"{service.name} has not started within {STARTS_WITHIN:.0f} s"
        raise CannotGoOn(why) from error


async def _hang(service: Program, seconds: float) -> None:
    service.pause()
    await asyncio.sleep(seconds)
    service.resume()
