"""Telling hints to those who are online, on this node and on others.

Rules:
1. It is done by the way, and nobody waits for it: AT_ONCE people in each turn of the event loop.
2. Hints are told one after the other, in their order.
3. Where WAITING of them wait already, one more is not told.
"""

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from itertools import islice

import attrs

from chat_domain.hints import Hint
from chat_domain.log.sessions import Sessions
from chat_domain.notes import Tell
from chat_domain.ports.cluster import Broker
from chat_domain.ports.runtime import Tasks

AT_ONCE = 100  # people who are told in one turn of the loop, or named in one note
WAITING = 1_000  # hints


@attrs.frozen
class _Telling:
    """rest: the ids of those who come next. everywhere: whether other nodes are to tell theirs."""

    hint: Hint
    rest: Iterator[int]
    everywhere: bool


@attrs.define(eq=False)
class Teller:
    sessions: Sessions
    broker: Broker
    tasks: Tasks
    _waiting: deque[_Telling] = attrs.field(factory=deque, init=False)
    _busy: bool = attrs.field(default=False, init=False)

    def tell(self, user_ids: Iterable[int], hint: Hint) -> None:
        """Tell those of these users who are online, on whatever node."""
        self._add(hint, user_ids, everywhere=True)

    def tell_everybody(self, hint: Hint) -> int:
        """Tell all who are online; return how many of them are on this node."""
        self.broker.broadcast(Tell(hint, None))
        everybody = self._here()
        self._add(hint, everybody, everywhere=False)
        return len(everybody)

    def heard(self, note: Tell) -> None:
        """Another node wants those to be told who are here."""
        some = self._here() if note.user_ids is None else note.user_ids
        self._add(note.hint, some, everywhere=False)

    def _here(self) -> Collection[int]:
        return self.sessions.users()

    def _add(self, hint: Hint, user_ids: Iterable[int], *, everywhere: bool) -> None:
        if len(self._waiting) >= WAITING:
            return
        self._waiting.append(_Telling(hint, iter(user_ids), everywhere))
        if not self._busy:
            self._busy = True
            self.tasks.start(self._go_on())  # first: whatever happens now, it goes on
            self._tell_some()

    async def _go_on(self) -> None:
        """Begins with the next turn of the loop."""
        try:
            while self._waiting:
                self._tell_some()
                await self.tasks.start(_turn())
        finally:
            self._busy = False

    def _tell_some(self) -> None:
        """What one turn of the loop may have."""
        left = AT_ONCE
        while left and self._waiting:
            telling = self._waiting[0]
            some = list(islice(telling.rest, left))
            if len(some) < left:
                self._waiting.popleft()
            left -= len(some)
            self._tell(telling, some)

    def _tell(self, telling: _Telling, some: Collection[int]) -> None:
        for session in self.sessions.of_all(some):
            if not session.held:
                session.client.tell(telling.hint)
        elsewhere = [user_id for user_id in some if not self.sessions.of(user_id)]
        if elsewhere and telling.everywhere:
            self.broker.broadcast(Tell(telling.hint, elsewhere))


async def _turn() -> None:
    """Something to wait for: meanwhile the event loop goes round."""
