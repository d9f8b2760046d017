"""Whether a node should get clients: what it needs is well, and it does not stop."""

import asyncio
from collections.abc import Awaitable, Callable

import attrs

from adapters.incidents import INCIDENTS
from chat_domain.chat import Chat
from chat_domain.errors import TryAgain

PATIENCE = 2.0  # seconds
GOOD_FOR = 1.0  # seconds; asking more often asks nothing of the store and the broker


@attrs.define
class Readiness:
    """draining: whether the node is about to stop."""

    _chat: Chat
    _draining: Callable[[], bool]
    _known: list[str] = attrs.field(factory=list, init=False)
    _asked: float | None = attrs.field(default=None, init=False)
    _turn: asyncio.Lock = attrs.field(factory=asyncio.Lock, init=False)

    def __attrs_post_init__(self) -> None:
        INCIDENTS.watch("readiness")

    async def troubles(self) -> list[str]:
        """Why it is not ready, a word for each reason, perhaps with its own in brackets."""
        async with self._turn:
            now = asyncio.get_running_loop().time()
            if self._asked is None or now - self._asked > GOOD_FOR:
                self._known = await self._look()
                self._asked = asyncio.get_running_loop().time()
        return [*self._known, *self._at_once()]

    def _at_once(self) -> list[str]:
        troubles = self._without_lease()
        return [*troubles, "draining"] if self._draining() else troubles

    def _without_lease(self) -> list[str]:
        slots = self._chat.node.slots
        if slots.good():
            return []
        why = slots.lease.trouble()
        return [f"lease ({why})" if why else "lease"]

    async def _look(self) -> list[str]:
        overview = self._chat.overview
        store, presence = await asyncio.gather(
            _answers(overview.store.users.by_id(0)),
            _answers(overview.presence.online([0])),
        )
        hearing = self._chat.node.broker.hears()
        wells = {"store": store, "broker": presence and hearing}
        return [name for name, well in wells.items() if not well]


async def _answers(question: Awaitable[object]) -> bool:
    try:
        async with asyncio.timeout(PATIENCE):
            await question
    except (TryAgain, TimeoutError):
        return False
    except Exception as error:  # noqa: BLE001  # whatever it is, no clients should come
        INCIDENTS.defect("readiness", error)
        return False
    return True
