"""Large groups: so many copies at a time, and everybody in their turn."""

import asyncio
from collections.abc import Awaitable

import pytest

from adapters.gateway.fan_out import AT_ONCE, FanOut


class Senders:
    """Messages that are noted when they are sent; those to be stored wait for the store."""

    def __init__(self) -> None:
        self.fan_out = FanOut()
        self.sent: list[str] = []
        self.store = asyncio.Event()
        self.results: list[asyncio.Future[None]] = []

    def send(self, origin: str, copies: int, *, stored: bool = False) -> None:
        def send() -> Awaitable[None] | None:
            self.sent.append(origin)
            return self._stored() if stored else None

        unfinished = self.fan_out.send(copies, origin, send)
        if unfinished is not None:
            self.results.append(asyncio.ensure_future(unfinished))

    async def _stored(self) -> None:
        await self.store.wait()


async def test_what_there_is_room_for_is_sent_at_once() -> None:
    """Without a task."""
    senders = Senders()
    senders.send("a", AT_ONCE // 2)
    senders.send("a", AT_ONCE // 2)
    assert senders.sent == ["a", "a"]
    assert senders.results == []


async def test_the_rest_comes_in_the_next_turns_of_the_loop() -> None:
    """Those of one address behind one of each other."""
    senders = Senders()
    for origin in ("a", "a", "a", "b"):
        senders.send(origin, AT_ONCE)
    assert senders.sent == ["a"]
    await asyncio.gather(*senders.results)
    assert senders.sent == ["a", "a", "b", "a"]


async def test_what_has_to_be_stored_keeps_its_room_until_then() -> None:
    """Or the store would be busy with it for long."""
    senders = Senders()
    senders.send("a", AT_ONCE, stored=True)
    senders.send("b", 1)
    await asyncio.sleep(1)
    assert senders.sent == ["a"]
    senders.store.set()
    await asyncio.gather(*senders.results)
    assert senders.sent == ["a", "b"]


async def test_a_group_larger_than_that_is_sent_alone() -> None:
    """It does not wait for ever."""
    senders = Senders()
    senders.send("a", 1)
    senders.send("a", 2 * AT_ONCE)
    await asyncio.gather(*senders.results)
    assert senders.sent == ["a", "a"]


async def test_a_refusal_gives_its_room_back() -> None:
    """It is the sender's alone."""
    fan_out = FanOut()

    def refuse() -> None:
        raise ZeroDivisionError

    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            fan_out.send(AT_ONCE, "a", refuse)
        await asyncio.sleep(1)
