"""The messages that this user has sent and that are not answered yet.

Rules:
 1. A message waits, or is in flight on the present connection, or is settled.
 2. Waiting messages are sent in the order in which they were added, the oldest first.
 3. When the connection breaks, everything in flight waits again, in its old place.
 4. After a passing refusal, nothing is sent until a delay has passed and nothing is in flight any
    more; otherwise later messages would overtake the refused one.
 5. A message without an answer for too long is sent again. The first answer that accepts it counts;
    a refusal counts only as the answer to the last copy. If the message itself comes back from the
    log, that is an acceptance, too.
"""

import heapq
import math

import attrs

from adapters.client.backoff import Backoff
from adapters.wire.requests import GroupChat, OneChat

Chat = OneChat | GroupChat


@attrs.define(eq=False)
class Outgoing:
    """A message on its way. seqs: the `seq` of each of its copies on this connection."""

    number: int
    cid: str
    chat: Chat
    seqs: list[int] = attrs.field(factory=list)
    first_sent: float = 0.0
    last_sent: float = 0.0


class Outbox:
    def __init__(self, window: int, backoff: Backoff) -> None:
        self._window = window
        self._backoff = backoff
        self._count = 0
        self._unsettled: dict[str, Outgoing] = {}  # by cid, in the order in which they were added
        self._waiting: list[tuple[int, Outgoing]] = []  # some may be settled already
        self._under_way: dict[int, Outgoing] = {}  # by number, the first sent first
        self._by_seq: dict[int, Outgoing] = {}
        self.hold_until: float | None = None  # see rule 4

    def add(self, cid: str, chat: Chat) -> None:
        self._count += 1
        out = Outgoing(self._count, cid, chat)
        self._unsettled[cid] = out
        self._wait(out)

    def next(self, now: float) -> Outgoing | None:
        """Take the message to send now, None if none may be sent. The caller must call `sent`."""
        if len(self._by_seq) >= self._window or self._held(now):
            return None
        while self._waiting:
            out = heapq.heappop(self._waiting)[1]
            if out.cid in self._unsettled:
                return out
        return None

    def sent(self, out: Outgoing, seq: int, now: float) -> None:
        if not out.seqs:
            out.first_sent = now
        out.seqs.append(seq)
        out.last_sent = now
        self._under_way[out.number] = out
        self._by_seq[seq] = out

    def find(self, seq: int | None) -> Outgoing | None:
        return None if seq is None else self._by_seq.get(seq)

    def find_cid(self, cid: str) -> Outgoing | None:
        return self._unsettled.get(cid)

    def settle(self, out: Outgoing, *, accepted: bool) -> None:
        del self._unsettled[out.cid]
        self._take_back(out)
        if accepted:
            self._backoff.reset()

    def retry(self, out: Outgoing, now: float) -> None:
        """Let a message wait again that was refused only for now (rule 4)."""
        self._take_back(out)
        self._wait(out)
        if self.hold_until is None or self.hold_until <= now:
            self.hold_until = now + self._backoff.next()

    def overdue(self, now: float, answer_within: float) -> list[Outgoing]:
        """Messages to send a second time, as many as the window has room for."""
        late = [out for out in self._under_way.values() if now - out.last_sent >= answer_within]
        return late[: self._window - len(self._by_seq)]

    def oldest(self) -> float:
        """When the oldest message in flight was first sent on this connection; inf if there is
        none."""
        return min((out.first_sent for out in self._under_way.values()), default=math.inf)

    def connection_lost(self) -> None:
        for out in list(self._under_way.values()):
            self._take_back(out)
            self._wait(out)
        self.hold_until = None

    def clear(self) -> list[str]:
        """Drop everything; return the cids of the unsettled messages, in their order."""
        cids = list(self._unsettled)
        self._unsettled.clear()
        self._waiting.clear()
        self._under_way.clear()
        self._by_seq.clear()
        self.hold_until = None
        return cids

    def _held(self, now: float) -> bool:
        if self.hold_until is None:
            return False
        if now < self.hold_until or self._under_way:
            return True
        self.hold_until = None
        return False

    def _wait(self, out: Outgoing) -> None:
        heapq.heappush(self._waiting, (out.number, out))

    def _take_back(self, out: Outgoing) -> None:
        self._under_way.pop(out.number, None)
        for seq in out.seqs:
            self._by_seq.pop(seq, None)
        out.seqs.clear()
