"""Connections on the browsers' port: whom they count for, and how long they may stay."""

import asyncio
import gc
from ipaddress import ip_network

import attrs
import pytest
from websockets.http11 import Request

from adapters.gateway.disconnect_reasons import DisconnectReason
from adapters.tcp.arrival import Proxies
from adapters.web.visit import LONGEST_HEAD
from chat_domain.fairness.limits import UNLIMITED
from chat_domain.fairness.origins import CROWD
from tests.unit.gateway.server import settled
from tests.unit.web.browser import Site

PROXY = "10.0.0.1"
WITHIN = 10.0  # seconds, as docs/security.md says


@pytest.fixture
async def site() -> Site:
    return Site()


@pytest.fixture
async def behind() -> Site:
    """A node behind a proxy, with one connection for each address."""
    limits = attrs.evolve(UNLIMITED, connections_per_address=1, connections=100)
    return Site(limits, Proxies([ip_network(PROXY)]))


async def test_who_asks_for_files_is_a_stranger(site: Site) -> None:
    """The connection counts from its first moment to its last."""
    browser = site.browser()
    assert site.strangers == 1
    browser.asks()
    browser.transport.close()
    await settled()
    assert site.strangers == 0


async def test_a_websocket_counts_once(site: Site) -> None:
    """It takes the place that its request had."""
    browser = site.browser()
    await browser.opens()
    assert (site.strangers, len(site.server.gateway)) == (1, 1)
    browser.transport.close()
    await settled()
    assert (site.strangers, len(site.server.gateway)) == (0, 0)


async def test_a_websocket_does_not_keep_its_request(site: Site) -> None:
    """Its headers can take 20 KiB, for as long as the connection lasts."""
    before = requests()
    await site.browser().opens(("Cookie", "x" * 4000))
    assert site.strangers == 1
    assert requests() == before


def requests() -> int:
    """How many requests are in memory."""
    gc.collect()
    return sum(isinstance(one, Request) for one in gc.get_objects())


async def test_who_comes_and_goes_has_to_slow_down() -> None:
    """A request for a file counts among its address's connections of a second; one for a WebSocket
    does not count twice."""
    site = Site(attrs.evolve(UNLIMITED, connections_per_address=20, connections=100))
    for _ in range(10):
        browser = site.browser()
        await browser.opens()
        browser.transport.close()
        await settled()
    for _ in range(10):
        site.browser().transport.close()
        await settled()
    assert site.browser().statuses() == [503]


async def test_who_asks_for_a_websocket_wrongly_is_refused(site: Site) -> None:
    """The answer is in HTTP, and no connection of a client begins."""
    browser = site.browser()
    browser.asks("/chat", "Upgrade: websocket", "Connection: Upgrade")
    await settled()
    assert (browser.statuses(), browser.transport.closed) == ([400], True)
    assert (site.strangers, len(site.server.gateway)) == (0, 0)


async def test_a_websocket_is_at_one_path(site: Site) -> None:
    """Elsewhere there are files."""
    browser = site.browser()
    browser.asks("/", "Upgrade: websocket", "Connection: Upgrade")
    await settled()
    assert browser.statuses() == [200]


async def test_a_full_address_is_told_so() -> None:
    """The answer is in HTTP if no WebSocket was asked for yet."""
    limits = attrs.evolve(UNLIMITED, connections_per_address=1, connections=100)
    site = Site(limits)
    site.browser()
    second = site.browser()
    assert (second.statuses(), second.transport.closed) == ([503], True)
    assert site.left == [DisconnectReason.TOO_MANY_CONNECTIONS]
    assert not site.browser("192.0.2.2").transport.closed


async def test_a_request_has_to_come_in_time(site: Site) -> None:
    """The time counts from the connection, whatever arrives meanwhile."""
    browser = site.browser()
    for _ in range(9):
        browser.sends(b"G")
        await asyncio.sleep(WITHIN / 10)
    assert not browser.transport.is_closing()
    await asyncio.sleep(WITHIN / 10 + 0.1)
    assert (browser.statuses(), browser.transport.closed) == ([408], True)


async def test_who_does_not_take_that_it_was_too_slow_is_cut(site: Site) -> None:
    """It is cut when the same time has passed once more."""
    browser = site.browser()
    browser.sends(b"G")
    browser.transport.stuck = True
    await asyncio.sleep(2 * WITHIN + 0.1)
    assert browser.transport.aborted


async def test_who_says_nothing_is_hung_up_on(site: Site) -> None:
    """No answer is sent. This also holds between two requests; each answer starts the time anew."""
    browser = site.browser()
    await asyncio.sleep(WITHIN - 1)
    browser.asks()
    await asyncio.sleep(WITHIN - 1)
    assert not browser.transport.is_closing()
    await asyncio.sleep(1.1)
    assert (browser.statuses(), browser.transport.aborted) == ([200], True)


@pytest.mark.parametrize(("others", "stays"), [(0, True), (CROWD, False)])
async def test_who_asks_again_and_again_stays_as_long_as_strangers_may(
    others: int, *, stays: bool
) -> None:
    """In a crowd, that is not long: otherwise an occasional request could keep a place from
    others."""
    site = Site(attrs.evolve(UNLIMITED, login_seconds=30, menu_seconds=600))
    browser = site.browser()
    for _ in range(others):
        site.browser()
    site.server.clock.advance(29)
    browser.asks()
    assert not browser.transport.closed
    site.server.clock.advance(1)
    browser.asks()
    assert browser.transport.closed is not stays
    assert browser.statuses() == [200, 200]


async def test_a_websocket_stays(site: Site) -> None:
    """Another part of the server limits its time."""
    browser = site.browser()
    await browser.opens()
    await asyncio.sleep(2 * WITHIN)
    assert not browser.transport.is_closing()


async def test_the_next_answer_waits_until_one_has_left(site: Site) -> None:
    """Only one answer is in memory, however many are asked for."""
    browser = site.browser()
    browser.transport.stuck = True
    browser.asks()
    size = len(browser.transport.waiting)
    assert browser.transport.paused
    browser.transport.protocol.data_received(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 3)
    await settled()
    assert len(browser.transport.waiting) == size
    browser.transport.unstick()
    await settled()
    assert browser.statuses() == [200] * 4
    assert not browser.transport.paused


async def test_who_does_not_take_an_answer_is_hung_up_on(site: Site) -> None:
    """The same time limit applies."""
    browser = site.browser()
    browser.transport.stuck = True
    browser.asks()
    await asyncio.sleep(WITHIN + 0.1)
    assert browser.transport.aborted


async def test_little_may_come_early(site: Site) -> None:
    """There is a bound on requests that arrive before an answer has left."""
    browser = site.browser()
    browser.transport.stuck = True
    browser.asks()
    browser.transport.protocol.data_received(b"x" * (LONGEST_HEAD + 1))
    await settled()
    assert browser.transport.closed
    browser.transport.abort()
    await settled()
    assert site.server.guard.strangers_budget.held == 0


async def test_what_waits_is_counted_with_all_strangers_hold(site: Site) -> None:
    """It is subtracted again when the connection ends."""
    browser = site.browser()
    browser.sends(b"GET / HTTP/1.1\r\n")
    assert site.server.guard.strangers_budget.held == len(b"GET / HTTP/1.1\r\n")
    browser.transport.close()
    await settled()
    assert site.server.guard.strangers_budget.held == 0


async def test_requests_have_to_be_paid_for() -> None:
    """They cost what a stranger's frames cost, and each request costs several frames."""
    site = Site(attrs.evolve(UNLIMITED, frames_per_second=10))
    browser = site.browser()
    for _ in range(10):
        if not browser.transport.closed:
            browser.asks()
            await settled()
    assert browser.statuses()[0] == 200
    assert browser.statuses()[-1] == 429


async def test_a_request_that_comes_byte_by_byte_has_to_be_paid_for() -> None:
    """Each read counts, as on the other port."""
    site = Site(attrs.evolve(UNLIMITED, frames_per_second=100))
    browser, sent = site.browser(), 0
    while not browser.transport.closed:
        browser.sends(b"G")
        sent += 1
    assert browser.statuses() == [429]
    assert 100 < sent < 200


async def test_a_proxy_s_connections_are_its_clients(behind: Site) -> None:
    """Each connection counts for the client of its last request, and for nobody before that."""
    first, second = behind.browser(PROXY), behind.browser(PROXY)
    assert behind.strangers == 0
    first.asks("/", "X-Forwarded-For: 192.0.2.1")
    second.asks("/", "X-Forwarded-For: 192.0.2.2")
    assert (first.statuses(), second.statuses()) == ([200], [200])
    second.asks("/", "X-Forwarded-For: 192.0.2.1")  # the client that has the other connection
    assert second.statuses() == [200, 503]
    assert behind.strangers == 1


async def test_a_proxy_s_websocket_is_its_client_s(behind: Site) -> None:
    """The WebSocket counts for the client's address."""
    browser = behind.browser(PROXY)
    await browser.opens(("X-Forwarded-For", "192.0.2.1"))
    (handler,) = behind.server.gateway
    assert handler.context.link.peer == "192.0.2.1"


async def test_a_proxy_asks_for_itself_as_well(behind: Site) -> None:
    """It asks for files to check whether the node is up. A WebSocket needs a client's address."""
    browser = behind.browser(PROXY)
    browser.asks()
    await browser.opens()
    assert browser.statuses() == [200, 400]
    assert behind.left == [DisconnectReason.BAD_REQUEST]


async def test_a_server_that_stops_lets_nobody_stay(site: Site) -> None:
    """A request for a file is answered, and then the connection is closed. For the rest, a proxy
    tries another node."""
    site.server.gateway.shared.closing = True
    page, chat = site.browser(), site.browser()
    page.asks()
    await chat.opens()
    assert (page.statuses(), page.transport.closed) == ([200], True)
    assert (chat.statuses(), chat.transport.closed) == ([503], True)
