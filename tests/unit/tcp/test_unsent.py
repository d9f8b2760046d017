"""What clients leave unread has a bound for all of them together."""

from typing import cast

import pytest
from websockets.frames import Frame, Opcode

from adapters.gateway.disconnect_reasons import DisconnectReason
from adapters.gateway.link import Link
from adapters.gateway.unsent import HIGH_WATER, TIGHT_WATER, Unsent
from adapters.tcp.arrival import Proxies
from adapters.tcp.connection import Connection, TransportLink
from adapters.tcp.outboxes import Outboxes
from adapters.web.http_requests import Access
from chat_domain.fairness.guard import Guard
from chat_domain.fairness.limits import MIB, Limits
from entrypoints.protocols import Entrance
from tests.unit.gateway.server import Server, settled
from tests.unit.tcp.test_connection import FakeReceiver, Transport
from tests.unit.web.browser import Browser, Site

LIMITS = Limits(unsent_mib=1)


class Reader:
    """A client that reads nothing until it is told to."""

    def __init__(self, outboxes: Outboxes) -> None:
        self.link = Connection(self._accept, outboxes)
        self.transport = Transport(self.link.pause_writing)
        self.transport.stuck = True
        self.link.connection_made(self.transport)

    def _accept(self, link: Link) -> FakeReceiver:
        self.receiver = FakeReceiver(link)
        return self.receiver

    def is_told(self, size: int) -> None:
        self.link.write(b"x" * (size - 1))
        self.link.flush()

    def reads(self) -> None:
        """Read all that waits, and go on reading."""
        self.transport.buffered, self.transport.stuck = 0, False
        self.link.resume_writing()

    def is_cut(self) -> bool:
        return "abort" in self.transport.calls

    def is_full(self) -> bool:
        return self.receiver.events == ["choked"]


@pytest.fixture
async def guard() -> Guard:
    return Guard(LIMITS)


@pytest.fixture
async def outboxes(guard: Guard) -> Outboxes:
    return Outboxes(Unsent(guard))


async def test_each_link_is_full_sooner_once_half_of_it_is_taken(outboxes: Outboxes) -> None:
    """Links are full as late as before once those who had taken it have read it or are gone."""
    some = [Reader(outboxes) for _ in range(3)]
    for one, size in zip(some, (HIGH_WATER, HIGH_WATER, TIGHT_WATER), strict=True):
        one.is_told(size)
    assert not any(one.is_full() for one in some)
    some[2].is_told(1)
    assert some[2].is_full()
    some[0].reads()
    some[1].link.connection_lost(None)
    later = Reader(outboxes)
    later.is_told(HIGH_WATER)
    assert not later.is_full()
    assert outboxes.unsent.total == HIGH_WATER + TIGHT_WATER + 1


async def test_beyond_it_whoever_is_stuck_for_the_longest_is_cut_off(
    outboxes: Outboxes, guard: Guard
) -> None:
    """As many are cut as necessary. A client that has read in between has been stuck for less
    time."""
    some = [Reader(outboxes) for _ in range(4)]
    for one in some:
        one.is_told(MIB // 4)
    some[0].reads()
    some[0].transport.stuck = True
    some[0].is_told(MIB // 4)
    assert not any(one.is_cut() for one in some)
    some[3].is_told(MIB // 4 + 1)
    assert [one.is_cut() for one in some] == [False, True, True, False]
    assert guard.counters.unsent_cut == 2
    some[1].link.connection_lost(None)
    assert some[1].receiver.events[-1] == f"lost: {DisconnectReason.TOO_SLOW}"
    assert outboxes.unsent.total <= MIB


async def test_whoever_takes_all_of_it_alone_is_cut_off(outboxes: Outboxes) -> None:
    """Even what one turn of the loop writes may not exceed the bound."""
    reader = Reader(outboxes)
    reader.is_told(MIB + 1)
    assert reader.is_cut()
    assert outboxes.unsent.total == 0


async def test_a_new_bound_counts_at_once(outboxes: Outboxes, guard: Guard) -> None:
    """A bound of zero lifts the limit."""
    guard.set_limits(Limits(unsent_mib=0), registration_open=True)
    reader = Reader(outboxes)
    reader.is_told(2 * MIB)
    assert not reader.is_cut()
    guard.set_limits(LIMITS, registration_open=True)
    reader.is_told(1)
    assert reader.is_cut()


async def test_browsers_and_others_share_it() -> None:
    """All of it is in the memory of one process."""
    entrance = Entrance(Server(LIMITS).gateway, None, Proxies(), Access())
    link = cast("Connection", entrance.client())
    transport = Transport(link.pause_writing)
    transport.stuck = True
    link.connection_made(transport)
    browser = Browser(entrance.browsers()())
    await browser.opens()
    browser.transport.stuck = True
    for one in (link, cast("TransportLink", browser.transport.protocol)):
        one.write(b"x" * (MIB // 2))
        one.flush()
    assert transport.calls[-1] == "abort"
    assert not browser.transport.aborted
    await settled()


async def test_browsers_are_cut_off_as_others_are() -> None:
    """This includes the PONGs that wait for them."""
    browser = Site(LIMITS).browser()
    await browser.opens()
    browser.transport.stuck = True
    link = cast("TransportLink", browser.transport.protocol)
    link.write(b"x" * (MIB - 1_000))
    link.flush()
    ping = Frame(Opcode.PING, b"x" * 125).serialize(mask=True)
    link.incoming.add(ping * 8)
    assert not browser.transport.aborted
    while not link.incoming.is_empty():
        link.incoming.take()
    assert browser.transport.aborted
    await settled()
