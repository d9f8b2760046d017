"""What Redis refuses now it may do later: no error of Redis ends anything that a node needs."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any

import attrs
import fakeredis
import pytest
from redis.asyncio.client import PubSub
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ClusterDownError,
    InvalidResponse,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
)
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import TimeoutError as NoAnswer
from structlog.testing import capture_logs
from structlog.typing import EventDict

from adapters.faults.incidents import INCIDENTS
from adapters.faults.startup_errors import BrokerUnusable
from adapters.redis import lease
from adapters.redis.failures import MISCONFIGURATIONS, code_of, failure_of
from adapters.redis.lease import LEASE_TIME
from adapters.redis.pipeline import Commands
from chat_domain.errors import TryAgain
from chat_domain.notes import Notice
from tests.contract.places import KEYS, RedisPlace, on_redis
from tests.eventually import eventually


def lost(why: Exception) -> NoConnection:
    """The driver's error for something that prevented or ended a connection."""
    error = NoConnection("there is none")
    error.__cause__ = why
    return error


# The errors that the driver makes from Redis's replies. It removes known codes from the text.
FAILURES: list[tuple[Exception, str]] = [
    (ResponseError("NOREPLICAS Not enough good replicas to write."), "NOREPLICAS"),
    (ReadOnlyError("You can't write against a replica.", status_code="READONLY"), "READONLY"),
    (OutOfMemoryError("not allowed when used memory > 'maxmemory'.", status_code="OOM"), "OOM"),
    (ResponseError("MISCONF Redis is configured to save RDB snapshots, but it can't"), "MISCONF"),
    (BusyLoadingError("Redis is loading the dataset in memory", status_code="LOADING"), "LOADING"),
    (ClusterDownError("The cluster is down", status_code="CLUSTERDOWN"), "CLUSTERDOWN"),
    (NoPermissionError("no permission for 'eval'", status_code="NOPERM"), "NOPERM"),
    (ResponseError("BUSY Redis is busy running a script."), "BUSY"),
    (ResponseError("WRONGTYPE Operation against a key of another type"), "WRONGTYPE"),
    (ResponseError("unknown command 'EVAL'"), "ERR"),
    (AuthenticationError("invalid password", status_code="WRONGPASS"), "WRONGPASS"),
    (NoConnection("Connection refused"), "no connection"),
    (OSError(), "no connection"),
    (AuthenticationError("AUTH without any password configured", status_code="ERR"), "ERR"),
    (NoConnection("max number of clients reached", status_code="ERR"), "no connection"),
    (InvalidResponse("Protocol error"), "no Redis"),
    (lost(ssl.SSLCertVerificationError()), "TLS"),
    (lost(FileNotFoundError()), "TLS"),
    (lost(PermissionError()), "TLS"),
    (lost(ssl.SSLEOFError()), "no connection"),
    (lost(ConnectionResetError()), "no connection"),
    (NoAnswer("Timeout reading"), "no answer"),
    (TimeoutError(), "no answer"),
]  # fmt: skip
NAMES = [code for _, code in FAILURES]


@attrs.define(eq=False)
class Troubled:
    """A Redis that can be told to refuse every command, or to break the driver."""

    redis: fakeredis.FakeAsyncRedis
    refuses: Exception | None = None
    breaks: Exception | None = None

    def pipeline(self, *, transaction: bool) -> "_Pipeline":
        return _Pipeline(self, self.redis.pipeline(transaction=transaction))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.redis, name)


@attrs.define(eq=False)
class _Pipeline:
    troubled: Troubled
    inner: Any
    count: int = 0

    def execute_command(self, *command: Any) -> None:
        self.count += 1
        self.inner.execute_command(*command)

    async def execute(self, *, raise_on_error: bool) -> list[Any]:
        if self.troubled.breaks is not None:
            raise self.troubled.breaks
        if self.troubled.refuses is not None:
            return [self.troubled.refuses] * self.count
        found: list[Any] = await self.inner.execute(raise_on_error=raise_on_error)
        return found


@pytest.fixture(autouse=True)
def lines() -> Iterator[list[EventDict]]:
    """What is logged."""
    with capture_logs() as lines:
        yield lines


@attrs.define
class Clock:
    """The clock by which a lease runs out."""

    ahead: float = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Let a lease run out when a test says so, and be renewed often."""
    clock = Clock()
    monkeypatch.setattr(lease, "_now", clock)
    monkeypatch.setattr(lease, "RENEWED_EVERY", 0.02)
    monkeypatch.setattr("adapters.runtime.repeating.FIRST_WAIT", 0.02)
    monkeypatch.setattr("adapters.runtime.repeating.LONGEST_WAIT", 0.05)
    return clock


@attrs.frozen
class Place:
    """A node at such a Redis."""

    at: RedisPlace
    redis: Troubled
    clock: Clock

    async def loses_its_lease(self) -> None:
        """Lose the lease, as if it could not be renewed for its whole life."""
        lease = self.at.cluster.lease
        await eventually(lease.last_error)
        self.clock.ahead += LEASE_TIME
        assert not lease.held()

    async def goes_on(self) -> None:
        lease = self.at.cluster.lease
        await eventually(lambda: lease.held() and not lease.last_error())
        assert not self.at.node.suspended


@pytest.fixture
async def place(clock: Clock) -> AsyncIterator[Place]:
    async with AsyncExitStack() as stack:
        place = await _place(stack, clock)
        await place.at.join()
        yield place


async def _place(stack: AsyncExitStack, clock: Clock) -> Place:
    troubled = Troubled(fakeredis.FakeAsyncRedis(server=fakeredis.FakeServer()))
    return Place(await on_redis(stack, troubled), troubled, clock)  # type: ignore[arg-type]


@pytest.mark.parametrize(("error", "code"), FAILURES, ids=NAMES)
async def test_a_lease_that_could_not_be_renewed_is_taken_again(
    place: Place, lines: list[EventDict], error: Exception, code: str
) -> None:
    """It is taken as soon as Redis allows it. Until then the lease says why not, and the log says
    so once."""
    place.redis.refuses = error
    await place.loses_its_lease()
    assert place.at.cluster.lease.last_error() == code
    place.redis.refuses = None
    await place.goes_on()
    told = [line for line in lines if line["event"] == "outage" and line["what"] == "lease"]
    assert [line["why"].startswith(code) for line in told] == [True]
    assert INCIDENTS.defects["lease"] == 0
    assert len([line for line in lines if line["event"] == "redis refuses"]) <= 1


async def test_a_defect_in_keeping_the_lease_is_not_its_end(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This holds for any defect, and the lease reports it."""

    async def fail(*_: object) -> None:
        raise ValueError("a defect")

    with monkeypatch.context() as patch:
        patch.setattr(type(place.at.cluster.lease), "look_after", fail)
        await place.loses_its_lease()
        assert place.at.cluster.lease.last_error() == "a defect"
        assert INCIDENTS.defects["lease"] > 0
    await place.goes_on()


@pytest.mark.parametrize("error", [AttributeError("'NoneType' has no attribute"), ValueError()])
async def test_whoever_waits_for_redis_hears_of_a_broken_driver(
    place: Place, error: Exception
) -> None:
    """Nobody waits forever, and the next command is carried out."""
    place.redis.breaks = error
    with pytest.raises(TryAgain):
        await place.at.surroundings.presence.where([1])
    place.redis.breaks = None
    assert set(await place.at.surroundings.presence.where([1])) == set()
    assert INCIDENTS.defects["redis commands"] >= 1
    await place.goes_on()


async def test_a_missing_answer_is_no_other_s() -> None:
    """Rather than giving one command's answer to the next, the node tells all to try again."""

    class Forgetful:
        def pipeline(self, *, transaction: bool) -> "Forgetful":
            return self

        def execute_command(self, *command: object) -> None:
            pass

        async def execute(self, *, raise_on_error: bool) -> list[object]:
            return [b"the first's"]

    commands = Commands(Forgetful())  # type: ignore[arg-type]
    asked = [commands.start("GET", "one"), commands.start("GET", "two")]
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one) for one in found] == [TryAgain, TryAgain]


@pytest.mark.parametrize(("error", "code"), FAILURES, ids=NAMES)
def test_a_failure_has_redis_s_own_code(error: Exception, code: str) -> None:
    """The code also begins its text."""
    failure = failure_of(error)
    assert failure.code == code
    assert str(failure).startswith(code)
    assert str(failure).count(code) == 1


def test_try_again_by_itself_has_no_code() -> None:
    """It is raised like this if too much waits, for example."""
    assert code_of(TryAgain()) == ""


@pytest.fixture
async def early(clock: Clock) -> AsyncIterator[Place]:
    """A node that has not joined yet."""
    async with AsyncExitStack() as stack:
        yield await _place(stack, clock)


@pytest.mark.parametrize(
    ("error", "code"), [each for each in FAILURES if each[1] in MISCONFIGURATIONS], ids=str
)
async def test_a_mistake_ends_a_node_at_its_start(
    early: Place, error: Exception, code: str
) -> None:
    """Its last line says why."""
    early.redis.refuses = error
    with pytest.raises(BrokerUnusable, match=f"cannot use Redis: {code}"):
        await early.at.join()


@pytest.mark.parametrize(
    ("error", "code"), [each for each in FAILURES if each[1] not in MISCONFIGURATIONS], ids=str
)
async def test_whatever_else_keeps_no_node_from_starting(
    early: Place, lines: list[EventDict], error: Exception, code: str
) -> None:
    """It says what is missing, and has its lease as soon as Redis gives it one."""
    early.redis.refuses = error
    await early.at.join()
    lease = early.at.cluster.lease
    await eventually(lambda: lease.last_error() == code)
    assert not lease.held()
    (told,) = [line for line in lines if line["event"] == "starting without redis"]
    assert told["error"].startswith(code)
    early.redis.refuses = None
    await early.goes_on()


async def test_a_node_that_starts_without_redis_takes_lost_claims_for_possible(
    early: Place,
) -> None:
    """It finds no keys and no listeners, and gives no slot away: nodes that had leases may not be
    back yet. From its own lease on, it counts as one of them."""
    early.redis.refuses = NoConnection("Connection refused")
    await early.at.join()
    early.redis.refuses = None
    await early.goes_on()
    with pytest.raises(TryAgain):
        await early.at.surroundings.slots.claim(early.at.claim(1))
    assert await early.redis.exists(KEYS.settling)
    assert await early.redis.pubsub_numsub(KEYS.leased) == [(KEYS.leased.encode(), 1)]


async def test_a_lease_that_comes_while_its_node_subscribes_is_counted(
    early: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both come at once when Redis comes back, for example."""
    lease_is_there = asyncio.Event()
    subscribe = PubSub.subscribe

    async def wait_and_subscribe(self: PubSub, *channels: str) -> None:
        if KEYS.everybody in channels:
            await lease_is_there.wait()
        await subscribe(self, *channels)

    monkeypatch.setattr(PubSub, "subscribe", wait_and_subscribe)
    joining = asyncio.create_task(early.at.cluster.visit(early.at.node.node))
    await early.at.cluster.lease.take()
    lease_is_there.set()
    await joining
    await eventually(lambda: early.at.node.gaps == 2)  # on each of two channels
    assert await early.redis.pubsub_numsub(KEYS.leased) == [(KEYS.leased.encode(), 1)]


async def test_an_odd_answer_about_redis_is_no_mistake(
    early: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node ignores it, and asks again."""
    with monkeypatch.context() as patch:
        patch.setitem(early.redis.redis.response_callbacks, "INFO", lambda *_, **__: [])
        await early.at.join()
        await eventually(lambda: early.at.cluster.lease.last_error() == "odd answer")
    await early.goes_on()


async def test_notes_that_cannot_be_published_are_no_failure(place: Place) -> None:
    """Nobody waits for them, and the log has what they say."""
    place.redis.refuses = NoPermissionError("no permission", status_code="NOPERM")
    place.at.surroundings.broker.broadcast(Notice("lost"))
    await eventually(place.at.cluster.lease.last_error)
    place.redis.refuses = None
    await place.goes_on()
    assert not INCIDENTS.defects["listener"]
