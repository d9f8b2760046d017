"""A client that does not read is sent no more, and gets the rest once it reads."""

import asyncio
import json
from typing import Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.gateway.keepalive import DROP_AFTER
from adapters.gateway.unsent import HIGH_WATER
from adapters.tcp.connection import HARD_LIMIT, Connection
from adapters.tcp.outboxes import Outboxes
from chat_domain.entries import ChangeKind
from chat_domain.log.offline import BYTES_AT_ONCE
from chat_domain.model import Friend
from tests.unit.fakes import finished
from tests.unit.gateway.server import Frame, Peer, Server, settled

LOGIN = {"msgid": 1000, "password": "pw", "v": 2}
LONG = "x" * 1000


class Pipe(asyncio.Transport):
    """A transport whose far end reads when a test says so. It reports by itself when it is full and
    when it is empty. most: the largest number of bytes that have waited in it."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self.link = Connection(server.gateway.accept, Outboxes())
        self.closed = False
        self.most = 0
        self._waiting = bytearray()
        self._high = 0
        self._paused = False
        self._seqs = 100
        self.link.connection_made(self)

    # -- the far end -----------------------------------------------------------------------

    def say(self, *frames: Frame) -> None:
        self.link.data_received(b"".join(json.dumps(frame).encode() + b"\n" for frame in frames))

    def reads(self) -> list[Frame]:
        """Read all that waits. What comes afterwards waits again."""
        data, self._waiting = bytes(self._waiting), bytearray()
        if self._paused:
            self._paused = False
            self.link.resume_writing()
        return [json.loads(line) for line in data.splitlines()]

    # -- as asyncio calls it -----------------------------------------------------------------

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("192.0.2.1", 1234) if name == "peername" else default

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._high = high or 0

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """It knows its link already."""

    def write(self, data: Any) -> None:
        self._waiting += data
        self.most = max(self.most, len(self._waiting))
        if len(self._waiting) > self._high and not self._paused:
            self._paused = True
            self.link.pause_writing()

    def get_write_buffer_size(self) -> int:
        return len(self._waiting)

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def close(self) -> None:
        self.abort()

    def abort(self) -> None:
        if not self.closed:
            self.closed = True
            asyncio.get_running_loop().call_soon(self.link.connection_lost, None)


async def idle() -> None:
    """Let everything happen that needs no more than a moment."""
    await asyncio.sleep(0.01)


async def pour(server: Server, count: int, text: str = LONG) -> None:
    """Let Bob (2) write this many messages to Ann (1), a few at a time."""
    (bob,) = [
        one.context
        for one in server.gateway
        if one.context.session and one.context.session.user.id == 2
    ]
    for start in range(0, count, 50):
        for _ in range(min(50, count - start)):
            said = {"msgid": 1005, "toid": 1, "msg": text}
            cast("Any", bob.link).arrives(json.dumps(said).encode() + b"\n")
        await idle()


async def ann(server: Server) -> Pipe:
    """Ann, logged in over a pipe. Bob is logged in too."""
    await server.register("Ann")
    await server.logged_in("Bob")
    pipe = Pipe(server)
    pipe.say({**LOGIN, "id": 1})
    await idle()
    assert pipe.reads()[0]["errno"] == 0
    return pipe


def positions(frames: list[Frame]) -> list[int]:
    return [frame["at"] for frame in frames if frame["msgid"] == 1005]


async def test_what_waits_for_who_does_not_read_is_little(server: Server) -> None:
    """It does not depend on how much others write to the client, and nobody is cut off for that."""
    pipe = await ann(server)
    await pour(server, 5_000)
    assert 5_000 * len(LONG) > 2 * HARD_LIMIT
    assert HIGH_WATER < pipe.most < HIGH_WATER + 100_000
    assert not pipe.closed
    assert server.gateway.held_up()["not_reading"] == 1


@pytest.mark.parametrize("text", [LONG, "\U0001f469" * 4096], ids=["short", "long"])
@pytest.mark.parametrize("count", [300, 1_000], ids=["of the ring", "of the store"])
async def test_the_rest_comes_when_it_reads(server: Server, count: int, text: str) -> None:
    """Everything comes once, in order, and never much at a time. Then new messages come at once
    again."""
    pipe = await ann(server)
    await pour(server, count, text)
    pipe.most = 0
    found = []
    while some := positions(pipe.reads()):
        found += some
        await idle()
    assert found == list(range(1, count + 1))
    assert pipe.most < HIGH_WATER + BYTES_AT_ONCE + 100_000
    assert (server.log.times_read > 0) is (count > 512)
    reads = server.log.times_read
    await pour(server, 1)
    assert positions(pipe.reads()) == [count + 1]
    assert server.log.times_read == reads


async def test_who_has_not_read_before_the_login_is_shown_nothing(server: Server) -> None:
    """The messages come once the link has room."""
    await server.register("Ann")
    bob = await server.logged_in("Bob")
    await bob.ask(1005, toid=1, msg="hello")
    peer = server.join()
    server.hasher.gate.clear()
    peer.say({**LOGIN, "id": 1})
    await settled()
    peer.handler.choked()
    server.hasher.gate.set()
    await settled()
    assert [frame["msgid"] for frame in peer.heard()] == [1001]
    peer.handler.unchoked()
    await settled()
    assert positions(peer.heard()) == [1]


async def test_it_may_take_over_what_it_has_read(server: Server) -> None:
    """If the client is dropped, it goes on where it was, over another connection."""
    pipe = await ann(server)
    await pour(server, 1_000)
    found = positions(pipe.reads())
    server.tick(0.0)
    pipe.say({"msgid": 1014, "at": found[-1]})
    await idle()
    found += positions(pipe.reads())
    await idle()
    server.tick(1.0)
    server.tick(1.0 + DROP_AFTER)
    await idle()
    assert pipe.closed
    again = Pipe(server)
    epoch = server.chat.follower.epoch
    again.say({**LOGIN, "id": 1, "since": found[-1], "epoch": epoch})
    await idle()
    while some := positions(again.reads()):
        found += some
        await idle()
    assert found == list(range(1, 1_001))


async def test_other_things_are_not_said_for_ever(server: Server) -> None:
    """What is no entry cannot be read from the log later, so a client that leaves much of it unread
    is cut off."""
    pipe = await ann(server)
    await pour(server, 500)
    session = server.chat.sessions.of(1)[0]
    told = 0
    while not pipe.closed:
        for _ in range(1_000):
            session.client.friend_changed(Friend(told, "\U0001f469" * 50, online=True))
            told += 1
        await idle()
        assert told < 50_000
    assert HARD_LIMIT < pipe.most < HARD_LIMIT + 1_000_000
    assert server.chat.sessions.of(1) == ()


class Story:
    """Ann (1), whose link chokes when a test says so, and Bob (2), who writes to her and to a group
    that she joins and leaves on another device. found: the positions that have reached her."""

    def __init__(self, server: Server, ann: Peer, other: Peer, bob: Peer, group_id: int) -> None:
        self.server, self.ann, self.other, self.bob = server, ann, other, bob
        self.group_id = group_id
        self.found: list[int] = []
        self._begun = server.chat.follower.applied
        assert ann.context.session is not None
        self.session = ann.context.session

    @classmethod
    async def begin(cls) -> "Story":
        server = Server()
        ann, bob = await server.logged_in("Ann"), await server.logged_in("Bob")
        other = await server.log_in(1)
        group_id = await server.group(2)
        await settled()
        ann.heard()
        return cls(server, ann, other, bob, group_id)

    async def goes_on(self, move: str, at_once: int) -> None:
        ann, bob = self.ann, self.bob
        match move:
            case "say":
                bob.say(*({"msgid": 1005, "toid": 1, "msg": "x"} for _ in range(at_once)))
            case "say to the group":
                said = {"msgid": 1009, "groupid": self.group_id, "msg": "x"}
                bob.say(*(said for _ in range(at_once)))
            case "join":
                self.other.say({"msgid": 1008, "groupid": self.group_id})
            case "leave":
                self.other.say({"msgid": 1028, "groupid": self.group_id})
            case "choke":
                ann.handler.choked()
            case "unchoke":
                ann.handler.unchoked()
            case "turn":
                await asyncio.sleep(0)
            case "all":
                await settled()
            case "forget":
                self.server.chat.follower.ring.begin(self.server.chat.follower.applied)

    def look(self) -> None:
        """Check that each entry has come once and in order, and that no position counts as sent
        that was not."""
        self.found += [one["at"] for one in self.ann.heard() if "id" in one]
        assert self.found == sorted(set(self.found))
        must, may = self.expected()
        assert may >= set(self.found)
        on_its_way = map(json.loads, self.ann.link._buffer.splitlines())
        sent = {*self.found, *(one["at"] for one in on_its_way if "id" in one)}
        place = self.server.chat.offline.position(self.session)
        assert sent >= {at for at in must if at <= place}

    def expected(self) -> tuple[set[int], set[int]]:
        """The positions that Ann must see since the story began, and those that she may have seen.
        After joining again, she need not see what came before, but a device may have been a member
        then."""
        inside, others, before, now = False, set[int](), set[int](), set[int]()
        for entry in finished(self.server.log.inner.tail(self._begun, 10_000)).entries:
            what = None if entry.change is None else entry.change.what
            if what == ChangeKind.JOINED:
                inside, before, now = True, before | now, set()
            if entry.conv != self.group_id:
                others.add(entry.at)
            elif inside:
                now.add(entry.at)
            inside = inside and what != ChangeKind.LEFT
        return others | now, others | before | now


MOVES = ("say", "say to the group", "join", "leave", "choke", "unchoke", "turn", "all", "forget")


@given(st.lists(st.sampled_from(MOVES), max_size=40), st.integers(1, 40))
@example(["choke", "say to the group", "all", "join", "all"], 3)
@example(["join", "all", "choke", "say to the group", "all", "leave", "say to the group"], 3)
async def test_each_entry_comes_once_and_in_order_however_the_link_chokes(
    moves: list[str], at_once: int
) -> None:
    """The link may choke in the middle of a batch or while the session catches up, and the ring may
    lack what was missed. The session's place never covers an entry that was not sent."""
    story = await Story.begin()
    for move in moves:
        await story.goes_on(move, at_once)
        story.look()
    story.ann.handler.unchoked()
    await idle()
    story.look()
    must, _ = story.expected()
    assert must <= set(story.found)
    assert story.session.live
