"""A gateway over the in-memory domain, and links whose far end the test holds."""

import asyncio
import itertools
import json
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar, cast

import attrs

from adapters.gateway.disconnect_reasons import DisconnectReason
from adapters.gateway.gateway import Gateway
from adapters.gateway.shared import Shared
from adapters.gateway.tasks import BackgroundTasks
from adapters.memory import memory_store
from adapters.memory.log import MemoryLog
from adapters.memory.nodes import Hub
from adapters.runtime.timers import LoopTimers
from adapters.wire.incoming import IncomingBytes
from chat_domain.entries import TEXT
from chat_domain.errors import TryAgain
from chat_domain.fairness.guard import Guard
from chat_domain.fairness.limits import UNLIMITED, Limits
from chat_domain.model import User
from entrypoints.assembly import assemble
from tests.unit.fakes import CountingIds, FakeLog, ManualClock, OpenHasher, finished
from tests.unit.gateway.virtual_time import VirtualTimeLoop

if TYPE_CHECKING:
    from adapters.gateway.client_handler import ClientHandler
    from chat_domain.ports.store import Friends

Frame = dict[str, Any]
T = TypeVar("T")


class GatedHasher(OpenHasher):
    """Verifies no password until the gate is open."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()

    async def verify(self, secret: str | None, password: str, origin: str = "") -> bool:
        await self.gate.wait()
        return await super().verify(secret, password, origin)


class FriendsElsewhere:
    """A store of friends that a test can make unavailable or slow. told_of: the users whose listers
    were asked for."""

    def __init__(self, inner: "Friends") -> None:
        self._inner = inner
        self.away = False
        self.told_of: list[int] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def page(self, user_id: int, after: int, limit: int) -> list["User"]:
        await self.gate.wait()
        if self.away:
            raise TryAgain
        return await self._inner.page(user_id, after, limit)

    async def listed_by(self, user_id: int, after: int, limit: int) -> list[int]:
        self.told_of.append(user_id)
        return await self._inner.listed_by(user_id, after, limit)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class GatedLog(FakeLog):
    """A FakeLog whose reads wait until the gate is open."""

    def __init__(self, inner: MemoryLog) -> None:
        super().__init__(inner, lambda work: asyncio.get_running_loop().call_soon(work))
        self.gate = asyncio.Event()
        self.gate.set()

    async def _read(self, begin: Callable[[], Coroutine[Any, Any, T]]) -> T:
        await self.gate.wait()
        return self._do(begin)


class FakeLink:
    """A connection. What is written in one turn of the loop arrives in one read. chunks: what has
    left the server, one item for each write. stuck: nothing leaves it. why: the reason of its end;
    if the test ends it, that stands for the network."""

    peer = "192.0.2.1"
    oldest_version = 1

    def __init__(self) -> None:
        self.incoming = IncomingBytes()
        self.reset_sent()
        self.chunks: list[bytes] = []
        self.times: list[float] = []
        self.reading = True
        self.stuck = False
        self.closed = False
        self.why = ""
        self._buffer = bytearray()
        self.receiver: ClientHandler

    def arrives(self, data: bytes) -> None:
        """Deliver the client's bytes to the server."""
        self.receiver.received(data)

    def takes_reads_for_frames(self) -> bool:
        return self.incoming.terminator == b"\0"

    def reset_sent(self) -> None:
        self.written_upto = self._left = 0

    def write(self, frame: bytes) -> None:
        if not self._buffer:
            asyncio.get_running_loop().call_soon(self._flush)
        self._buffer += frame + self.incoming.terminator

    def write_alone(self, frame: bytes) -> None:
        assert not self.closed, "nobody is there any more"
        self._flush()
        self._buffer += frame + self.incoming.terminator
        self._flush()

    def _flush(self) -> None:
        if self.stuck or self.closed or not self._buffer:
            return
        self.chunks.append(bytes(self._buffer))
        self.times.append(asyncio.get_running_loop().time())
        self._buffer.clear()
        self._left = self.written_upto

    def unstick(self) -> None:
        self.stuck = False
        self._flush()

    def sent_upto(self) -> int:
        if not (self._buffer or self.closed):
            self._left = self.written_upto
        return self._left

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def close(self, why: DisconnectReason) -> None:
        self._flush()
        self.abort(why)

    def abort(self, why: DisconnectReason = DisconnectReason.RESET) -> None:
        if not self.closed:
            self.closed = True
            self.why = why
            asyncio.get_running_loop().call_soon(self.receiver.lost, why)


class Peer:
    """The far end of a link: it sends what the test tells it to, and keeps what it receives."""

    def __init__(self, server: "Server", end: bytes) -> None:
        self.link = FakeLink()
        self.handler = self.link.receiver = server.gateway.add(self.link)
        self.context = self.handler.context
        self.end = end
        self._seen = 0
        self._seqs = itertools.count(1)

    def say(self, *frames: Frame) -> None:
        """Send these frames in one piece."""
        self.link.arrives(b"".join(json.dumps(frame).encode() + self.end for frame in frames))

    async def ask(self, msgid: int, **fields: Any) -> Frame:
        """Send a request and return its answer."""
        seq = next(self._seqs)
        self.say({"msgid": msgid, "seq": seq, **fields})
        await settled()
        (answer,) = [frame for frame in self.heard() if frame.get("seq") == seq]
        return answer

    def heard(self) -> list[Frame]:
        """The frames that have arrived since the last call."""
        chunks = self.link.chunks[self._seen :]
        self._seen = len(self.link.chunks)
        return self.frames_in(b"".join(chunks))

    def frames_in(self, data: bytes) -> list[Frame]:
        frames = data.split(self.end)
        assert frames.pop() == b""
        return [json.loads(frame) for frame in frames]

    def is_gone(self) -> bool:
        return self.link.closed


class Server:
    """A single node. log: in front of the store's log; see `GatedLog`."""

    def __init__(self, limits: Limits = UNLIMITED, *, second_login_replaces: bool = False) -> None:
        store = memory_store()
        assert isinstance(store.log, MemoryLog)
        self.log = GatedLog(store.log)
        self.guard = Guard(limits)
        self.failing_friends = FriendsElsewhere(store.friends)
        self.hasher = GatedHasher()
        self.clock = ManualClock()
        self.log.now = self.clock.now_ms
        self.tasks = BackgroundTasks()
        self.store = attrs.evolve(
            store, log=self.log, friends=cast("Friends", self.failing_friends)
        )
        hub = Hub()
        self.chat = assemble(
            self.store,
            hub.surroundings("alone"),
            hasher=self.hasher,
            clock=self.clock,
            ids=CountingIds(),
            tasks=self.tasks,
            timers=LoopTimers(),
            second_login_replaces=second_login_replaces,
            guard=self.guard,
        )
        finished(self.chat.node.start())
        hub.join("alone", self.chat.node)
        self.gateway = Gateway(Shared(self.chat, self.tasks, self.guard))
        self.chat.queue.observe = self.gateway.shared.tally.committed

    def join(self, end: bytes = b"\n") -> Peer:
        return Peer(self, end)

    async def register(self, *names: str) -> list[int]:
        return [(await self.chat.registration.register(name, "pw")).id for name in names]

    async def logged_in(self, name: str, *, version: int = 2, end: bytes = b"\n") -> Peer:
        """Register and log in a user. The answer to the login is not read yet."""
        (user_id,) = await self.register(name)
        return await self.log_in(user_id, version=version, end=end)

    async def log_in(
        self, user_id: int, *, version: int = 2, end: bytes = b"\n", **fields: Any
    ) -> Peer:
        peer = self.join(end)
        peer.say({"msgid": 1000, "id": user_id, "password": "pw", "v": version, **fields})
        await settled()
        return peer

    def tick(self, now: float) -> None:
        for handler in self.gateway:
            handler.tick(now)

    async def group(self, creator_id: int, *member_ids: int, name: str = "hikers") -> int:
        """Return the id of a new group."""
        groups = self.chat.groups
        _, group = await groups.create(User(creator_id, "creator"), name, "walk")
        for member_id in member_ids:
            await groups.join(User(member_id, "member"), group.id)
        return group.id

    async def waiting_for(self, user_id: int) -> list[str]:
        """The texts of others that no device of this user has received, according to the store."""
        got = (await self.log.opening(user_id)).got
        found = await self.log.read(user_id, got, 10_000)
        return [one.text for one in found.entries if one.kind == TEXT and one.sender_id != user_id]

    async def lose(self, count: int, *, noticed: bool = True) -> None:
        """Bring the database back without its last entries, and let the node notice."""
        execute = self.log.inner.database.connection.execute
        execute("DELETE FROM Entry WHERE at > (SELECT head FROM Log) - ?", (count,))
        execute("UPDATE Log SET head = head - ?", (count,))
        if noticed:
            await self.chat.follower.poll_head()
            await settled()

    def passes(self, seconds: float) -> None:
        """Let time pass for the domain."""
        self.clock.advance(seconds)
        self.chat.node.tick()


async def settled() -> None:
    """Let everything happen that needs no time.

    In virtual time, that is all once nothing was left to do in two turns: what the first of them
    has begun for this very moment would happen in the second.
    """
    loop, idle = asyncio.get_running_loop(), 0
    for _ in range(50):
        await asyncio.sleep(0)
        idle = 0 if not isinstance(loop, VirtualTimeLoop) or loop.is_busy() else idle + 1
        if idle == 2:
            return
