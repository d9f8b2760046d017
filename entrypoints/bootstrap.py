"""The one place where the settings choose the adapters, and where these are opened.

The adapters of MySQL and Redis are imported only when chosen: without both, a server starts in four
fifths of the time.
"""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, closing
from typing import Literal

import attrs

from adapters.faults.containment import contained_store, contained_surroundings
from adapters.faults.startup_errors import StoreUnusable
from adapters.gateway.gateway import Gateway
from adapters.gateway.shared import Shared
from adapters.gateway.tally import Tally
from adapters.gateway.tasks import BackgroundTasks
from adapters.memory import memory_store
from adapters.memory.nodes import Hub, NoLease
from adapters.operators.timed import timed_store, timed_surroundings
from adapters.passwords import Argon2Hasher
from adapters.runtime.fair_executor import Askers
from adapters.runtime.system import RandomIds, SystemClock
from adapters.runtime.timers import LoopTimers
from adapters.sqlite import sqlite_store
from chat_domain.chat import Chat
from chat_domain.cluster.node import Node
from chat_domain.errors import TryAgain
from chat_domain.fairness.guard import Guard
from chat_domain.ports.cluster import Surroundings
from chat_domain.ports.runtime import Clock
from chat_domain.ports.store import Store
from entrypoints.assembly import assemble
from entrypoints.declaring import BadSettings, shown
from entrypoints.limits import affordable
from entrypoints.settings import Settings

VISIT_ENDS_WITHIN = 5.0  # seconds for background tasks, such as telling friends


@asynccontextmanager
async def open_gateway(settings: Settings) -> AsyncIterator[Gateway]:
    """A gateway over everything that the settings name, open while the context is.

    Raises BadSettings, StoreUnusable, and BrokerUnusable.
    """
    guard = Guard(
        affordable(settings.limits()),
        networks=settings.networks(),
        registration_open=settings.registration == "open",
    )
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        hasher = stack.enter_context(closing(_hasher(settings, guard, clock)))
        store = await stack.enter_async_context(open_store(settings))
        tasks, tally = BackgroundTasks(), Tally()
        surroundings, join = await stack.enter_async_context(_open_broker(settings))
        store, surroundings = contained_store(store), contained_surroundings(surroundings)
        if settings.http_port:
            store, surroundings = timed_store(store, tally), timed_surroundings(surroundings, tally)
        chat = assemble(
            store,
            surroundings,
            hasher=hasher,
            clock=clock,
            ids=RandomIds(clock.now_ms),
            tasks=tasks,
            timers=LoopTimers(),
            second_login_replaces=settings.second_login == "replace",
            guard=guard,
        )
        chat.queue.observe = tally.committed
        chat.retention.keep_days = settings.keep_days
        await _begin(chat)
        await join(chat.node)
        depths = {**store.depths, **surroundings.depths, "hashing": hasher.waiting}
        yield Gateway(Shared(chat, tasks, guard, tally, depths))


def _hasher(settings: Settings, guard: Guard, clock: Clock) -> Argon2Hasher:
    lineage_of = guard.networks.lineage_of

    def refused() -> None:
        guard.counters.hashing_refused += 1

    return Argon2Hasher(
        cheap=settings.hashing == "cheap",
        waiting=lambda: guard.limits.hashing_jobs,
        refused=refused,
        askers=Askers(
            lineage_of,
            lambda origin: guard.known.is_known(lineage_of(origin)[0], clock.monotonic()),
            lambda: guard.limits.hashing_jobs * guard.limits.known_share // 100,
        ),
    )


@asynccontextmanager
async def open_without_node(settings: Settings) -> AsyncIterator[Chat]:
    """The use cases over the same data, for a program that is not a node and has no clients.

    Raises the same as `open_gateway`.
    """
    async with AsyncExitStack() as stack:
        hasher = stack.enter_context(closing(Argon2Hasher(cheap=settings.hashing == "cheap")))
        store = await stack.enter_async_context(open_store(settings))
        surroundings, join = await stack.enter_async_context(_open_broker(settings, visit=True))
        store, surroundings = contained_store(store), contained_surroundings(surroundings)
        clock, tasks = SystemClock(), BackgroundTasks()
        chat = assemble(
            store,
            surroundings,
            hasher=hasher,
            clock=clock,
            ids=RandomIds(clock.now_ms),
            tasks=tasks,
            timers=LoopTimers(),
        )
        await _begin(chat)
        await join(chat.node)
        stack.push_async_callback(tasks.finish, VISIT_ENDS_WITHIN)
        yield chat


async def _begin(chat: Chat) -> None:
    """Start to follow the log. Raises StoreUnusable."""
    try:
        await chat.node.start()
    except TryAgain as error:
        raise StoreUnusable("the store does not say where its log ends") from error


Join = Callable[[Node], Awaitable[None]]


@asynccontextmanager
async def _open_broker(
    settings: Settings, *, visit: bool = False
) -> AsyncIterator[tuple[Surroundings, Join]]:
    """The node's surroundings, and the function that makes it join. A visitor gets no lease."""
    if broker_kind(settings) == "redis":
        from adapters.redis import redis_cluster  # noqa: PLC0415  # see above

        label = f"{socket.gethostname()}-{settings.port}-"
        async with redis_cluster(settings.broker, settings.broker_prefix, label) as cluster:
            yield cluster.surroundings, cluster.visit if visit else cluster.join
    else:
        hub = Hub()
        surroundings = hub.surroundings("alone")
        if visit:
            surroundings = attrs.evolve(surroundings, lease=NoLease())

        async def join(node: Node) -> None:
            hub.join("alone", node)

        yield surroundings, join


def broker_kind(settings: Settings) -> Literal["redis", "memory"]:
    """By which broker nodes communicate. Raises BadSettings."""
    scheme, separator, _ = settings.broker.partition("://")
    if separator and scheme in ("redis", "rediss"):
        return "redis"
    if settings.broker == "memory://":
        return "memory"
    kind = settings.broker.partition(":")[0]  # no more than this, since a password may follow
    raise BadSettings(f"--broker {shown(kind)}: redis://HOST:PORT or memory:// is needed")


def open_store(settings: Settings) -> AbstractAsyncContextManager[Store]:
    """The store that the settings name, not yet opened. Raises BadSettings."""
    scheme, separator, rest = settings.store.partition("://")
    if scheme == "memory" and separator and not rest:
        return _memory()
    if settings.sqlite_file is not None:
        process = settings.durability == "process"
        return sqlite_store(settings.sqlite_file, durability="process" if process else "disk")
    if scheme == "mysql":
        from adapters.mysql import mysql_store  # noqa: PLC0415  # see above

        _refuse_islands(settings)
        return mysql_store(settings.store)
    kind = settings.store.partition(":")[0]  # no more than this, since a password may follow
    known = "sqlite:///FILE, mysql://USER:PASSWORD@HOST/DATABASE or memory://"
    raise BadSettings(f"--store {shown(kind)}: {known} is needed")


def _refuse_islands(settings: Settings) -> None:
    """Refuse two servers on one database without a broker: their users could not reach each other.
    Raises BadSettings."""
    if settings.broker == "memory://" and not settings.single_node:
        raise BadSettings(
            "a MySQL store needs --broker redis://HOST, or --single-node if no other server uses it"
        )


@asynccontextmanager
async def _memory() -> AsyncIterator[Store]:
    yield memory_store()
