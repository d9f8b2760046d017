"""The user's position in the server's log, and how much of it the server knows they have.

Rules:
 1. `since` grows with the entries that are pushed, and with PING and PONG. An ACK does not move it,
    since it may overtake entries below it.
 2. It outlives a connection. Another epoch, or a `reset`, moves it to where the server says.
 3. An entry that comes while there is no room is not accepted, nor is any after it on this
    connection: the next connection begins at `since` and brings them again.
 4. The application says when it is done with an entry that it was given. The server is told the
    position below the first entry that the application is not done with.
 5. TAKEN is due `every` seconds after the last one, with `most` entries, or on request.
"""

import math
from collections import deque
from collections.abc import Iterable

from adapters.client.events import Changed, Message
from adapters.client.position import Position
from adapters.client.recent_cids import RecentCids


class Stream:
    """since: None while it is not known; the server then begins at what no device has received.
    missed: whether entries came without room for them; the next connection brings them."""

    def __init__(self, every: float, most: int) -> None:
        self.since: int | None = None
        self.missed = False
        self._epoch = ""
        self._every = every
        self._most = most
        self._recent_cids = RecentCids()
        self._given: deque[Message | Changed] = deque()  # and not done with yet
        self._untaken = 0
        self._taken_at = -math.inf

    @property
    def position(self) -> Position | None:
        """Where the next session begins; None while that is not known."""
        return None if self.since is None else Position(self.since, self._epoch)

    @property
    def done(self) -> Position | None:
        """The position up to which the application is done with everything."""
        if self.since is None:
            return None
        return Position(self._given[0].at - 1 if self._given else self.since, self._epoch)

    def restore(
        self,
        position: Position,
        given: Iterable[Message | Changed],
        recent_cids: Iterable[tuple[int, str]],
    ) -> None:
        """Go on where an earlier program stopped. given: the entries that it was not done with."""
        self.since, self._epoch = position.since, position.epoch
        self._given.extend(given)
        for sender_id, cid in recent_cids:
            self._recent_cids.is_new(sender_id, cid)

    def begin(self, since: int | None, epoch: str) -> None:
        """A session begins at this position; None if that is not known."""
        self.missed = False
        if (since, epoch) != (self.since, self._epoch):
            self._untaken = 0
            self._given.clear()
        self.since = since
        self._epoch = epoch

    def forget_cids(self) -> None:
        """Another user logs in: a group's message has one cid for all its readers."""
        self._recent_cids.forget()

    def accept(self, at: int, sender_id: int, cid: str, *, room: bool) -> bool:
        """Accept an entry that was pushed. Returns whether it is new."""
        if self.missed or at <= (self.since or 0):
            return False
        if not room:
            self.missed = True
            return False
        self.since = at
        self._untaken += 1
        return self._recent_cids.is_new(sender_id, cid)

    def give(self, entry: Message | Changed) -> None:
        """The entry accepted last is given to the application."""
        self._untaken -= 1
        self._given.append(entry)

    def finish(self, entry: Message | Changed) -> None:
        """The application is done with this entry and all before it."""
        if any(one is entry for one in self._given):
            while self._given.popleft() is not entry:
                self._untaken += 1
            self._untaken += 1

    def advance(self, at: int) -> None:
        """Everything up to this position has come."""
        if not self.missed:
            self.since = max(self.since or 0, at)

    def due(self) -> float | None:
        """When to tell the server what was taken; None if it knows everything."""
        if not self._untaken:
            return None
        return -math.inf if self._untaken >= self._most else self._taken_at + self._every

    def take(self, now: float) -> int | None:
        """The position to tell the server; None if there is nothing to tell."""
        if not self._untaken:
            return None
        self._untaken = 0
        self._taken_at = now
        return None if self.done is None else self.done.since
