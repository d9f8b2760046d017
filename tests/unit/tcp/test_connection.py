"""A connection between a transport and a conversation, without a socket."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Any

import pytest

from adapters.gateway.disconnect_reasons import DisconnectReason
from adapters.gateway.link import Link
from adapters.gateway.unsent import HIGH_WATER
from adapters.tcp import connection
from adapters.tcp.connection import HARD_LIMIT, MUCH, Connection
from adapters.tcp.outboxes import Outboxes


class Transport(asyncio.Transport):
    """A transport that keeps what is written; the test decides when it leaves. pause_writing: the
    protocol's method, called when more waits than should."""

    def __init__(self, pause_writing: Callable[[], None]) -> None:
        super().__init__()
        self._pause_writing = pause_writing
        self.writes: list[bytes] = []
        self.buffered = 0
        self.stuck = False
        self.calls: list[str] = []

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("192.0.2.1", 1234) if name == "peername" else default

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        assert high is not None
        self.limits = (high, low)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """It never calls `data_received`."""

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))
        before, high = self.buffered, self.limits[0]
        self.buffered += len(data) if self.stuck else 0
        if before <= high < self.buffered:
            self._pause_writing()

    def get_write_buffer_size(self) -> int:
        return self.buffered

    def is_closing(self) -> bool:
        return "close" in self.calls or "abort" in self.calls

    def pause_reading(self) -> None:
        self.calls.append("pause")

    def resume_reading(self) -> None:
        self.calls.append("resume")

    def close(self) -> None:
        self.calls.append("close")

    def abort(self) -> None:
        self.calls.append("abort")


class FakeReceiver:
    """Records what it is told, and may answer when it is unchoked."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.events: list[str] = []
        self.to_say_when_unchoked = b""

    def received(self, data: bytes) -> None:
        self.events.append(f"received {len(data)}: {self.link.incoming.feed(data)}")

    def choked(self) -> None:
        self.events.append("choked")

    def unchoked(self) -> None:
        self.events.append("unchoked")
        if self.to_say_when_unchoked:
            self.link.write(self.to_say_when_unchoked)

    def input_ended(self) -> None:
        self.events.append("input ended")

    def lost(self, why: DisconnectReason) -> None:
        self.events.append(f"lost: {why}")


class Bench:
    def __init__(self) -> None:
        self.receivers: list[FakeReceiver] = []
        self.connection = Connection(self._accept, Outboxes())
        self.transport = Transport(self.connection.pause_writing)
        self.connection.connection_made(self.transport)
        (self.receiver,) = self.receivers

    def says(self, frame: bytes, number: int) -> None:
        self.connection.write(frame)
        self.connection.written_upto = number

    def _accept(self, link: Link) -> FakeReceiver:
        self.receivers.append(FakeReceiver(link))
        return self.receivers[-1]

    def sent(self) -> list[bytes]:
        return self.transport.writes


@pytest.fixture
async def bench() -> Bench:
    return Bench()


async def test_what_is_said_in_one_turn_leaves_in_one_write(bench: Bench) -> None:
    """Each write is a system call."""
    for word in (b"a", b"b", b"c"):
        bench.connection.write(word)
    assert bench.sent() == []
    await asyncio.sleep(0)
    bench.connection.write(b"d")
    await asyncio.sleep(0)
    assert bench.sent() == [b"a\nb\nc\n", b"d\n"]


async def test_frames_end_as_the_client_ends_its_own(bench: Bench) -> None:
    """The client's first terminator counts."""
    bench.connection.data_received(b"x\0y\n")
    for word in (b"a", b"b"):
        bench.connection.write(word)
    await asyncio.sleep(0)
    assert bench.sent() == [b"a\0b\0"]
    assert bench.connection.takes_reads_for_frames()


async def test_a_write_of_its_own_keeps_the_order(bench: Bench) -> None:
    """Earlier frames leave before it, later ones after it."""
    bench.connection.write(b"a")
    bench.connection.write_alone(b"b")
    bench.connection.write(b"c")
    await asyncio.sleep(0)
    assert bench.sent() == [b"a\n", b"b\n", b"c\n"]


async def test_what_has_left_is_known(bench: Bench) -> None:
    """Frames that are stuck have left once all bytes have, not half of them."""
    bench.says(b"a", 1)
    assert bench.connection.sent_upto() == 0
    await asyncio.sleep(0)
    assert bench.connection.sent_upto() == 1
    bench.transport.stuck = True
    bench.says(b"b", 2)
    await asyncio.sleep(0)
    assert bench.connection.sent_upto() == 1
    bench.transport.buffered = 0
    bench.connection.resume_writing()
    bench.says(b"c", 3)
    await asyncio.sleep(0)
    assert bench.connection.sent_upto() == 2
    assert bench.transport.limits == (0, 0)


async def test_a_few_frames_may_wait_for_a_later_turn(bench: Bench) -> None:
    """Many of them may not: nobody is told to write no more before they are written."""
    assert not bench.connection.has_much()
    for _ in range(MUCH):
        bench.connection.write(b"x")
    assert not bench.connection.has_much()
    bench.connection.write(b"x")
    assert bench.connection.has_much()
    await asyncio.sleep(0)
    assert not bench.connection.has_much()


async def test_who_is_a_little_behind_is_not_choked(bench: Bench) -> None:
    """The server handles their requests until more waits than should, and again once all of it has
    left."""
    bench.transport.stuck = True
    bench.connection.write(b"x" * (HIGH_WATER - 1))
    await asyncio.sleep(0)
    assert bench.receiver.events == []
    for _ in range(2):
        bench.connection.write(b"x")
        await asyncio.sleep(0)
    assert bench.receiver.events == ["choked"]
    bench.transport.buffered = 0
    bench.connection.resume_writing()
    assert bench.receiver.events == ["choked", "unchoked"]


async def test_what_had_left_is_known_while_more_waits(bench: Bench) -> None:
    """The connection keeps that number even if nobody has asked for it before."""
    bench.says(b"a", 1)
    await asyncio.sleep(0)
    bench.says(b"b", 2)
    assert bench.connection.sent_upto() == 1
    bench.receiver.to_say_when_unchoked = b"c"
    await asyncio.sleep(0)
    bench.connection.resume_writing()
    assert bench.connection.sent_upto() == 2


async def test_what_was_lost_with_the_connection_has_not_left(bench: Bench) -> None:
    """The number stays, although nothing waits any more."""
    bench.says(b"a", 1)
    bench.connection.connection_lost(None)
    assert bench.connection.sent_upto() == 0


async def test_after_a_reset_nothing_was_sent(bench: Bench) -> None:
    """What was sent before no longer counts, even if it is stuck."""
    bench.says(b"a", 7)
    await asyncio.sleep(0)
    bench.transport.stuck = True
    bench.connection.reset_sent()
    bench.says(b"b", 1)
    await asyncio.sleep(0)
    assert bench.connection.sent_upto() == 0


async def test_who_is_too_far_behind_is_cut_off(bench: Bench) -> None:
    """The memory for one connection is bounded, whatever is sent."""
    bench.transport.stuck = True
    bench.connection.write(b"x" * (HARD_LIMIT - 1))
    await asyncio.sleep(0)
    assert bench.transport.calls == []
    bench.connection.write(b"x")
    await asyncio.sleep(0)
    assert bench.transport.calls == ["abort"]
    bench.connection.connection_lost(None)
    assert bench.receiver.events[-1] == "lost: too_slow"


async def test_what_is_said_in_one_turn_is_never_too_much(bench: Bench) -> None:
    """A batch of the log may exceed the bound. A client that has read everything before is not cut
    off for it."""
    bench.transport.stuck = True
    for _ in range(3):
        bench.connection.write(b"x" * HARD_LIMIT)
    await asyncio.sleep(0)
    assert bench.transport.calls == []
    bench.connection.write(b"x")
    await asyncio.sleep(0)
    assert bench.transport.calls == ["abort"]


async def test_last_words_leave_before_the_end(bench: Bench) -> None:
    """Nothing is sent after them."""
    bench.connection.write(b"bye")
    bench.connection.close(DisconnectReason.REPLACED)
    bench.connection.write(b"more")
    await asyncio.sleep(0)
    assert bench.sent() == [b"bye\n"]
    assert bench.transport.calls == ["close"]


async def test_what_is_said_to_a_closed_connection_is_not_kept(bench: Bench) -> None:
    """It may take a while to end, and its session is shown what it has missed meanwhile."""
    bench.connection.close(DisconnectReason.REPLACED)
    for _ in range(2 * MUCH):
        for _ in range(2):
            bench.connection.write(b"more")
        await asyncio.sleep(0)
    bench.connection.write(b"more")
    assert not bench.connection.has_much()


@pytest.fixture
async def last_words(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Last words that are written but do not leave, with no time to wait for them."""
    monkeypatch.setattr(connection, "LEAVES_WITHIN", 0)
    bench.transport.stuck = True
    bench.connection.write(b"bye")
    return bench


async def test_last_words_that_do_not_leave_are_waited_for_a_while(last_words: Bench) -> None:
    """Otherwise a client that reads a byte now and then would keep a place forever."""
    last_words.connection.close(DisconnectReason.LOGIN_TIMEOUT)
    assert last_words.transport.calls == ["close"]
    await asyncio.sleep(0.01)
    assert last_words.transport.calls == ["close", "abort"]


async def test_last_words_that_leave_in_time_are_the_end(last_words: Bench) -> None:
    """The transport is not touched after that, since asyncio has discarded it."""
    last_words.connection.close(DisconnectReason.REPLACED)
    last_words.connection.resume_writing()
    last_words.connection.connection_lost(None)
    await asyncio.sleep(0.01)
    assert last_words.transport.calls == ["close"]


async def test_last_words_are_waited_for_no_longer_where_tls_is_broken(last_words: Bench) -> None:
    """The transport is then closing by itself, which takes until all has left."""
    last_words.transport.close()
    last_words.connection.close(DisconnectReason.LOGIN_TIMEOUT)
    await asyncio.sleep(0.01)
    assert last_words.transport.calls == ["close", "close", "abort"]


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (None, DisconnectReason.CLIENT_CLOSED),
        (ConnectionResetError(), DisconnectReason.RESET),
        (BrokenPipeError(), DisconnectReason.RESET),
        (TimeoutError(), DisconnectReason.UNREACHABLE),
        (ssl.SSLError(), DisconnectReason.TLS_FAILED),
        (ValueError(), DisconnectReason.SERVER_ERROR),
    ],
)
async def test_it_is_told_why_a_connection_is_lost(
    bench: Bench, error: Exception | None, why: DisconnectReason
) -> None:
    """The reason is what the transport knows."""
    bench.connection.connection_lost(error)
    assert bench.receiver.events == [f"lost: {why}"]


async def test_the_first_reason_counts(bench: Bench) -> None:
    """Later ones follow from it."""
    bench.connection.close(DisconnectReason.REPLACED)
    bench.connection.abort(DisconnectReason.SHUTTING_DOWN)
    bench.connection.connection_lost(ConnectionResetError())
    assert bench.receiver.events == ["lost: replaced"]


async def test_pausing_is_idempotent(bench: Bench) -> None:
    """A transport that is closing is not asked to pause."""
    for _ in range(2):
        bench.connection.pause_reading()
    for _ in range(2):
        bench.connection.resume_reading()
    assert bench.transport.calls == ["pause", "resume"]
    bench.connection.abort(DisconnectReason.SILENT)
    bench.connection.pause_reading()
    assert bench.transport.calls == ["pause", "resume", "abort"]


async def test_the_transport_s_events_reach_the_conversation(bench: Bench) -> None:
    """The end of the input does not end the connection, for answers may follow."""
    bench.connection.data_received(b"x\0y")
    bench.transport.stuck = True
    bench.connection.write(b"z" * HIGH_WATER)
    bench.connection.flush()
    assert bench.connection.eof_received() is True
    bench.connection.connection_lost(None)
    assert bench.receiver.events == [
        "received 3: [b'x']",
        "choked",
        "input ended",
        "lost: client_closed",
    ]
    assert bench.connection.peer == "192.0.2.1"
