"""The operator's notices to all users who are online.

Rules:
1. A notice is sent in the background, to AT_ONCE users in each turn of the event loop.
2. Notices are sent one after the other, in order.
3. While WAITING of them wait, further ones are dropped.
"""

from collections import deque
from collections.abc import Iterator
from itertools import islice

import attrs

from chat_domain.errors import BadNotice
from chat_domain.log.sessions import Sessions
from chat_domain.notes import MAX_NOTICE, Notice
from chat_domain.ports.cluster import Broker
from chat_domain.ports.runtime import Tasks

AT_ONCE = 100  # users to whom it is sent in one turn of the loop
WAITING = 1_000  # notices


@attrs.define(eq=False)
class Notices:
    sessions: Sessions
    broker: Broker
    tasks: Tasks
    _waiting: deque[tuple[str, Iterator[int]]] = attrs.field(factory=deque, init=False)

    def tell(self, text: str) -> None:
        """Tell all users who are online, on whatever node. Raises BadNotice."""
        if not 0 < len(text) <= MAX_NOTICE:
            raise BadNotice(MAX_NOTICE)
        notice = Notice(text)
        self.broker.broadcast(notice)
        self.on_note(notice)

    def on_note(self, notice: Notice) -> None:
        """All users who are here are to be told this."""
        if len(self._waiting) >= WAITING:
            return
        self._waiting.append((notice.text, iter(self.sessions.users())))
        if len(self._waiting) == 1:
            self.tasks.soon(self._tell_some)

    def _tell_some(self) -> None:
        """Tell as many as one turn of the event loop may."""
        text, rest = self._waiting[0]
        some = list(islice(rest, AT_ONCE))
        if len(some) < AT_ONCE:
            self._waiting.popleft()
        if self._waiting:
            self.tasks.soon(self._tell_some)
        for session in self.sessions.of_all(some):
            if session.ready:
                session.client.notice(text)
