"""Whether a node should get clients: what it depends on works, and it is not about to stop.

The store counts as working if it can be read: all nodes share one, so if it refuses writes, no
other node could do better.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import attrs

from adapters.faults.incidents import INCIDENTS
from chat_domain.chat import Chat
from chat_domain.errors import TryAgain

T = TypeVar("T")

PATIENCE = 2.0  # seconds
GOOD_FOR = 1.0  # seconds; within it, the store and the broker are not asked again
CLOCK_OFF = 1_000  # ms that the node's clock, which times messages, may be off the store's


@attrs.define
class Readiness:
    """draining: returns whether the node is about to stop."""

    _chat: Chat
    _draining: Callable[[], bool]
    _known: list[str] = attrs.field(factory=list, init=False)
    _asked: float | None = attrs.field(default=None, init=False)
    _turn: asyncio.Lock = attrs.field(factory=asyncio.Lock, init=False)

    def __attrs_post_init__(self) -> None:
        INCIDENTS.watch("readiness")

    async def problems(self) -> list[str]:
        """Why the node is not ready: a word for each reason, some with a detail in brackets."""
        async with self._turn:
            now = asyncio.get_running_loop().time()
            if self._asked is None or now - self._asked > GOOD_FOR:
                self._known = await self._look()
                self._asked = asyncio.get_running_loop().time()
        return [*self._known, *self._at_once()]

    def _at_once(self) -> list[str]:
        problems = self._without_lease()
        return [*problems, "draining"] if self._draining() else problems

    def _without_lease(self) -> list[str]:
        slots = self._chat.node.slots
        if slots.is_active():
            return []
        why = slots.lease.last_error()
        return [f"lease ({why})" if why else "lease"]

    async def _look(self) -> list[str]:
        log = self._chat.overview.store.log
        asked = self._chat.clock.now_ms()
        store_ms, ends, online = await asyncio.gather(
            _answer(log.now_ms()),
            _answer(log.ends()),  # SQLite's clock answers without its file
            _answer(self._chat.overview.presence.where([0])),
        )
        answered = self._chat.clock.now_ms()
        problems = []
        if store_ms is None or ends is None:
            problems.append("store")
        elif not asked - CLOCK_OFF <= store_ms <= answered + CLOCK_OFF:
            problems.append(f"clock ({(answered - store_ms) / 1000:+.1f} s)")
        if online is None or not self._chat.node.broker.is_receiving():
            problems.append("broker")
        return problems


async def _answer(question: Awaitable[T]) -> T | None:
    """The answer to a question, None if there is none within PATIENCE."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await question
    except (TryAgain, TimeoutError):
        return None
    except Exception as error:  # noqa: BLE001  # whatever was raised, no clients should come
        INCIDENTS.defect("readiness", error)
        return None
