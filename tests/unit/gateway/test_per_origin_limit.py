"""Of one address, only a few requests that may ask much of the store are with it at once."""

import asyncio
import gc
from contextlib import AsyncExitStack
from typing import Any

import pytest

from adapters.gateway.per_origin_limit import (
    BEGINNINGS_AT_ONCE,
    LISTS_AT_ONCE,
    REQUESTS_AT_ONCE,
    RESUMES_AT_ONCE,
    RESUMES_WAIT,
    WAITS_WITHIN,
    ResumeLimit,
)
from chat_domain.entries import Opening
from chat_domain.errors import TryAgain
from chat_domain.fairness.guard import Guard
from chat_domain.fairness.limits import Limits
from chat_domain.fairness.origins import Origin
from tests.unit.gateway.server import FakeLink, GatedLog, Peer, Server, settled

HISTORY = {"msgid": 1041, "toid": 1, "seq": 7}


def answered(peer: Peer) -> bool:
    return 1042 in [frame["msgid"] for frame in peer.heard()]


async def test_an_address_has_few_lists_read_at_once(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number of connections that ask does not matter, and another address does not wait for
    them."""
    page, gate, asked = server.log.page, asyncio.Event(), 0

    async def slow_page(*args: Any, **options: Any) -> Any:
        nonlocal asked
        asked += 1
        await gate.wait()
        return await page(*args, **options)

    await server.register("Ann")
    crowd = [await server.log_in(1) for _ in range(LISTS_AT_ONCE + 3)]
    monkeypatch.setattr(FakeLink, "peer", "192.0.2.9")
    bob = await server.logged_in("Bob")
    monkeypatch.setattr(server.log, "page", slow_page)
    for peer in crowd:
        peer.say(HISTORY)
    await settled()
    assert asked == LISTS_AT_ONCE
    bob.say(HISTORY)
    await settled()
    assert asked == LISTS_AT_ONCE + 1
    gate.set()
    await settled()
    assert all(answered(peer) for peer in (*crowd, bob))
    assert len(server.gateway.shared.list_limit) == 0


class SlowRead:
    """A read of a store that never ends. asked: how often it was begun."""

    def __init__(self) -> None:
        self.asked = 0

    async def __call__(self, *_: Any) -> Any:
        self.asked += 1
        await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("request_", "port", "read", "at_once"),
    [
        ({"msgid": 1005, "toid": 1, "msg": "hello"}, "log", "undelivered", REQUESTS_AT_ONCE),
        ({"msgid": 1043, "toid": 1, "at": 0}, "log", "visibility", REQUESTS_AT_ONCE),
        ({"msgid": 1007, "groupname": "owls"}, "groups", "count_of", LISTS_AT_ONCE),
        ({"msgid": 1008, "groupid": 1}, "groups", "count_of", LISTS_AT_ONCE),
    ],
)
async def test_an_address_has_few_requests_with_the_store_at_once(
    monkeypatch: pytest.MonkeyPatch, request_: dict[str, Any], port: str, read: str, at_once: int
) -> None:
    """Otherwise another client's request would wait behind one of each of its connections."""
    server = Server(Limits(failed_logins=0))
    users = await server.register(*(f"user {number}" for number in range(at_once + 3)))
    crowd = [await server.log_in(user) for user in users]
    monkeypatch.setattr(FakeLink, "peer", "192.0.2.9")
    bob = await server.logged_in("Bob")
    slow = SlowRead()
    monkeypatch.setattr(type(getattr(server.store, port)), read, slow)
    for peer in crowd:
        peer.say(request_)
    await settled()
    assert slow.asked == at_once

    bob.say(request_)
    await settled()
    assert slow.asked == at_once + 1
    await server.tasks.finish(seconds=0)
    assert len(server.gateway.shared.request_limit) == 0


async def test_no_chat_waits_for_other_requests_of_its_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """These may wait for a Redis that does not answer, on which no message depends."""
    server = Server(Limits(failed_logins=0))
    users = await server.register(*(f"user {number}" for number in range(REQUESTS_AT_ONCE + 1)))
    *crowd, ann = [await server.log_in(user) for user in users]
    monkeypatch.setattr(type(server.store.log), "visibility", SlowRead())
    for peer in crowd:
        peer.say({"msgid": 1043, "toid": 1, "at": 0, "seq": 1})
    await settled()
    assert len(server.gateway.shared.request_limit) == 1
    answer = await ann.ask(1005, toid=1, msg="hello")
    assert "at" in answer
    await server.tasks.finish(seconds=0)


async def test_a_chat_that_waits_too_long_is_refused_and_what_comes_behind_it_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The store hangs for one request of each of many clients; then the chats come again."""
    server = Server(Limits(failed_logins=0))
    users = await server.register(*(f"user {number}" for number in range(REQUESTS_AT_ONCE + 2)))
    _, *crowd, ann = [await server.log_in(user) for user in users]
    gate = asyncio.Event()

    async def hang(*_: Any) -> int:
        await gate.wait()
        raise TryAgain

    with monkeypatch.context() as hanging:
        hanging.setattr(type(server.store.log), "undelivered", hang)
        for peer in crowd:
            peer.say({"msgid": 1005, "toid": 1, "msg": "hello"})
        await settled()
        ann.heard()
        ann.say(*({"msgid": 1005, "toid": 1, "msg": cid, "cid": cid, "seq": 1} for cid in "ab"))
        await asyncio.sleep(WAITS_WITHIN + 0.1)
        assert [frame["error"] for frame in ann.heard()] == ["try_again"]
        gate.set()
        await settled()
        assert [frame["error"] for frame in ann.heard()] == ["try_again"]
    answers = [await ann.ask(1005, toid=1, msg=cid, cid=cid) for cid in "bab"]
    assert ["at" in answer for answer in answers] == [False, True, True]


class SlowOpenings:
    """Reads what a session begins with once the gate is open. begun: how often it was asked."""

    def __init__(self, log: GatedLog, monkeypatch: pytest.MonkeyPatch) -> None:
        self.gate = asyncio.Event()
        self.begun = 0
        self._opening = log.opening
        monkeypatch.setattr(log, "opening", self.opening)

    async def opening(self, user_id: int) -> Opening:
        self.begun += 1
        await self.gate.wait()
        return await self._opening(user_id)


@pytest.mark.parametrize("version", [1, 2])
async def test_few_sessions_of_an_address_begin_at_once(
    server: Server, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    """The number of connections that log in does not matter, and another address does not wait for
    them."""
    users = await server.register(*(f"user {number}" for number in range(BEGINNINGS_AT_ONCE + 3)))
    slow = SlowOpenings(server.log, monkeypatch)
    crowd = [await server.log_in(user, version=version) for user in users]
    assert slow.begun == BEGINNINGS_AT_ONCE
    monkeypatch.setattr(FakeLink, "peer", "192.0.2.9")
    bob = await server.logged_in("Bob")
    assert slow.begun == BEGINNINGS_AT_ONCE + 1
    slow.gate.set()
    await settled()
    assert all(peer.context.session is not None for peer in (*crowd, bob))
    assert len(server.gateway.shared.beginning_limit) == 0


async def test_nothing_begins_for_who_has_left_before_its_turn(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not keep a permit from others either."""
    await server.register("Ann")
    slow = SlowOpenings(server.log, monkeypatch)
    crowd = [await server.log_in(1) for _ in range(BEGINNINGS_AT_ONCE + 3)]
    for peer in crowd:
        peer.link.abort()
    slow.gate.set()
    await settled()
    assert slow.begun == BEGINNINGS_AT_ONCE
    assert len(server.gateway.shared.beginning_limit) == 0
    assert len(server.chat.sessions) == 0


class Returning:
    """Clients whose node has died, each of an address of its own or all of one. asked: how many
    have asked the store for their user so far; nothing is found before the gate is open."""

    def __init__(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        self.gate = asyncio.Event()
        self.asked = 0
        self._server = server
        self._patch = monkeypatch
        self._find = server.store.tokens.find
        monkeypatch.setattr(type(server.store.tokens), "find", self._slow_find)

    async def _slow_find(self, _: Any, *args: Any) -> Any:
        self.asked += 1
        await self.gate.wait()
        return await self._find(*args)

    async def come(self, token: str, count: int, *, alike: bool = False) -> list[Peer]:
        peers = []
        for number in range(count):
            address = "192.0.2.9" if alike else f"10.0.{number // 250}.{number % 250}"
            self._patch.setattr(FakeLink, "peer", address)
            peers.append(self._server.join())
            peers[-1].say({"msgid": 1015, "token": token, "seq": 1})
        await settled()
        return peers


async def token_of_ann(server: Server) -> str:
    (login,) = (await server.logged_in("Ann")).heard()
    token: str = login["token"]
    return token


@pytest.mark.parametrize(
    ("alike", "at_once"), [(False, RESUMES_AT_ONCE), (True, BEGINNINGS_AT_ONCE)]
)
async def test_of_many_who_resume_the_first_are_done_first(
    server: Server, monkeypatch: pytest.MonkeyPatch, alike: bool, at_once: int
) -> None:
    """If all were carried out at once, each would take as long as all of them, and clients do not
    wait that long. Who has left meanwhile costs the store nothing."""
    token, returning = await token_of_ann(server), Returning(server, monkeypatch)
    first = await returning.come(token, at_once, alike=alike)
    gone, last = await returning.come(token, 2, alike=alike)
    assert returning.asked == at_once
    gone.link.abort()
    returning.gate.set()
    await asyncio.sleep(0.1)
    assert returning.asked == at_once + 1
    assert all(peer.heard() for peer in (*first, last))


async def test_who_cannot_resume_in_time_is_told(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So however long the store hangs, no more wait than clients still do."""
    token, returning = await token_of_ann(server), Returning(server, monkeypatch)
    await returning.come(token, RESUMES_AT_ONCE)
    (late,) = await returning.come(token, 1)
    await asyncio.sleep(RESUMES_WAIT + 0.1)
    assert [frame["error"] for frame in late.heard()] == ["try_again"]
    assert returning.asked == RESUMES_AT_ONCE
    await server.tasks.finish(seconds=0)


async def test_who_waits_for_others_of_their_address_waits_no_longer_in_all() -> None:
    """They wait for a permit of their address, then for one of all addresses."""
    limit, origins = ResumeLimit(), Guard().origins
    office = origins.enter("192.0.2.9", 0.0)
    others = [origins.enter(f"10.0.{n // 250}.{n % 250}", 0.0) for n in range(RESUMES_AT_ONCE)]

    async def begin(origin: Origin) -> AsyncExitStack:
        stack = AsyncExitStack()
        await stack.enter_async_context(limit.acquire(origin))
        return stack

    first = [await begin(office) for _ in range(BEGINNINGS_AT_ONCE)]
    begun = [await begin(origin) for origin in others[BEGINNINGS_AT_ONCE:]]
    late = asyncio.create_task(begin(office))
    await asyncio.sleep(RESUMES_WAIT - 1)
    behind = [asyncio.create_task(begin(origin)) for origin in others[:BEGINNINGS_AT_ONCE]]
    await settled()
    for stack in first:
        await stack.aclose()
    begun += await asyncio.gather(*behind)
    assert not late.done()
    await asyncio.sleep(1.1)
    assert isinstance(late.exception(), TryAgain)
    for stack in begun:
        await stack.aclose()
    await (await begin(office)).aclose()


async def test_who_is_gone_gives_its_turn_up(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So does a request that fails."""

    async def failing_page(*args: Any, **options: Any) -> Any:
        raise RuntimeError

    ann = await server.logged_in("Ann")
    gone = await server.log_in(1)
    page = server.log.page
    monkeypatch.setattr(server.log, "page", failing_page)
    for _ in range(2 * LISTS_AT_ONCE):
        assert (await ann.ask(1041, toid=1))["error"] == "try_again"
    gone.say(HISTORY)
    gone.link.abort()
    await settled()
    monkeypatch.setattr(server.log, "page", page)
    assert "entries" in await ann.ask(1041, toid=1)
    assert len(server.gateway.shared.list_limit) == 0


async def test_what_waits_at_the_end_is_left_undone(
    server: Server, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    """It has not begun and will not begin, and Python does not warn of coroutines that were never
    awaited."""
    asked = 0

    async def endless_page(*args: Any, **options: Any) -> Any:
        nonlocal asked
        asked += 1
        await asyncio.Event().wait()

    await server.register("Ann")
    monkeypatch.setattr(server.log, "page", endless_page)
    for _ in range(LISTS_AT_ONCE + 1):
        (await server.log_in(1)).say(HISTORY)
    await settled()
    await server.tasks.finish(seconds=0)
    gc.collect()
    assert asked == LISTS_AT_ONCE
    assert len(server.tasks) == len(server.gateway.shared.list_limit) == 0
    assert [str(one.message) for one in recwarn] == []
