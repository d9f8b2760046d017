"""Everything that this node writes to the log, in one queue.

Rules:
1. One batch is on its way at a time; what is asked meanwhile is the next one. So a batch is small
   while little is asked, and grows with the time that the one before it takes.
2. Who may write is judged when a batch is put together, from what the node has applied. The log
   admits it only if nothing has changed since; otherwise that is applied first, and it is judged
   again.
3. What becomes of each is told when the batch is committed, and then the batch is applied.
4. When a batch cannot be committed, all that waits is refused with it: what stood behind must not
   be there without it. Whether it was committed may be unknown. Who sends it again learns it.
"""

from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice

import attrs

from chat_domain.entries import TEXT, Batch, Entry, Known, is_group
from chat_domain.errors import ChatError, NotMember, TryAgain
from chat_domain.log.follower import Follower
from chat_domain.log.session import Session
from chat_domain.notes import Appended
from chat_domain.ports.cluster import Broker
from chat_domain.ports.runtime import Clock, Latch, Latches, Tasks
from chat_domain.ports.store import Committed, Log, Moved, Outcome, OutOfDate

MOST_ENTRIES = 1_000  # in a batch
MOST_BYTES = 500 * 1024
MOST_WAITING = 16 * 1024 * 1024  # bytes in the queue
NOTE_BYTES = 256 * 1024  # of entries; of larger batches only the positions are broadcast
OUT_OF_DATE_TIMES = 20  # that one batch may be, before it is refused
CHANGED_WITHIN = 10.0  # seconds that a change takes at most

Result = Entry | Known | ChatError


@attrs.define(eq=False)
class Draft:
    """Something to be written. session: the one that writes it; none for a change. tag: the
    client's own mark of the request. named: whether it is the client that gave it its cid.
    refused: why it may not be written, unless the log has it already."""

    entry: Entry
    session: Session | None = None
    tag: int | None = None
    named: bool = False
    refused: ChatError | None = None

    def answer(self, result: Result) -> None:
        """Tell whoever writes it what became of it."""
        session = self.session
        if session is None:
            return
        if isinstance(result, ChatError):
            session.client.refused(result, self.tag)
        else:
            session.written = max(session.written, result.at)
            session.client.accepted(self.tag, result)
        session.one_answered()


@attrs.define(eq=False)
class Awaited(Draft):
    """One whose result somebody waits for."""

    latch: Latch = attrs.field(kw_only=True)
    result: Result | None = None

    def answer(self, result: Result) -> None:
        self.result = result
        self.latch.open()


class AppendQueue:
    """latency: of the last batch, in seconds."""

    def __init__(  # noqa: PLR0917  # its ports
        self,
        log: Log,
        follower: Follower,
        broker: Broker,
        clock: Clock,
        tasks: Tasks,
        latches: Latches,
    ) -> None:
        self._log = log
        self._follower = follower
        self._broker = broker
        self._clock = clock
        self._tasks = tasks
        self._latches = latches
        self._waiting: deque[Draft] = deque()
        self._bytes = 0
        self._batch: Sequence[Draft] = ()
        self._busy = False  # a batch is on its way, or about to be put together
        self._begun = 0.0
        self._out_of_date = 0  # times in a row
        self.latency = 0.0

    def __len__(self) -> int:
        """How many wait, and are on their way."""
        return len(self._waiting) + len(self._batch)

    def add(self, draft: Draft) -> None:
        """Have something written; its `answer` is called once. Raises TryAgain where the queue is
        full."""
        if self._bytes > MOST_WAITING:
            raise TryAgain
        self._waiting.append(draft)
        self._bytes += draft.entry.size
        if not self._busy:
            self._busy = True
            self._tasks.soon(self._go_on)

    async def change(self, entry: Entry, refused: ChatError | None = None) -> Entry | Known:
        """Have a change written, and wait until it is applied here. Raises what it is refused
        with, and TryAgain. refused: see `Draft`."""
        draft = Awaited(entry, refused=refused, latch=self._latches.latch())
        self.add(draft)
        await draft.latch.wait(CHANGED_WITHIN)
        result = draft.result
        if isinstance(result, ChatError):
            raise result
        if result is None:
            raise TryAgain
        await self._follower.reach(result.at)
        return result

    # -- batches -----------------------------------------------------------------------------

    def _go_on(self) -> None:
        """Put the next batch together and send it on its way, if anything waits."""
        if not self._waiting:
            self._busy = False
            return
        self._batch = batch = self._take()
        now_ms = self._clock.now_ms()
        entries = tuple(draft.entry for draft in batch)
        for entry in entries:
            entry.time_ms = now_ms
        self._begun = self._clock.monotonic()
        follower = self._follower
        self._log.append(
            Batch(entries, follower.epoch, follower.applied, follower.last, _judged(batch)),
            self._done,
        )

    def _take(self) -> Sequence[Draft]:
        waiting, size, count = self._waiting, 0, 0
        for draft in islice(waiting, MOST_ENTRIES):
            size += draft.entry.size
            if size > MOST_BYTES and count:
                break
            count += 1
        return [waiting.popleft() for _ in range(count)]

    def _done(self, outcome: Outcome) -> None:
        self.latency = self._clock.monotonic() - self._begun
        match outcome:
            case Committed():
                self._committed(outcome)
            case OutOfDate():
                self._apply_first(outcome.changed)
            case Moved():
                self._fail(TryAgain())
                self._tasks.start(self._look())
            case _:
                self._fail(outcome)

    def _committed(self, outcome: Committed) -> None:
        batch, self._batch, self._out_of_date = self._batch, (), 0
        others = outcome.others
        written = []
        changes = False
        for place, draft in enumerate(batch):
            entry = draft.entry
            self._bytes -= entry.size
            if place not in others:
                written.append((entry, draft.session))
                changes = changes or entry.change is not None
        if others:
            self._expect_again(
                [
                    draft
                    for place, draft in enumerate(batch)
                    if isinstance(others.get(place), TryAgain)
                ]
            )
        if not changes:  # the next batch can be judged before this one is applied
            self._go_on()
        for place, draft in enumerate(batch):
            draft.answer(others.get(place, draft.entry) if others else draft.entry)
        if written:
            first, upto = written[0][0].at, written[-1][0].at
            self._follower.take(first, upto, written)
            self._broadcast(first, upto, [entry for entry, _ in written])
        if changes:
            self._go_on()

    def _broadcast(self, first: int, upto: int, entries: Sequence[Entry]) -> None:
        large = sum(entry.size for entry in entries) > NOTE_BYTES
        self._broker.broadcast(
            Appended(self._follower.epoch, first, upto, () if large else tuple(entries))
        )

    def _apply_first(self, changed: int) -> None:
        """Judge the same batch again once this change is applied."""
        self._waiting.extendleft(reversed(self._batch))
        self._batch = ()
        self._out_of_date += 1
        if self._out_of_date > OUT_OF_DATE_TIMES:
            self._fail(TryAgain())
        else:
            self._tasks.start(self._go_on_from(changed))

    async def _go_on_from(self, changed: int) -> None:
        try:
            await self._follower.reach(changed)
        except TryAgain as failure:
            self._fail(failure)
        else:
            self._go_on()

    def _fail(self, failure: ChatError) -> None:
        """Refuse all that is on its way and all that waits (rule 4)."""
        failed = [*self._batch, *self._waiting]
        self._batch, self._out_of_date, self._bytes, self._busy = (), 0, 0, False
        self._waiting.clear()
        self._expect_again(failed)
        for draft in failed:
            draft.answer(failure)

    def _expect_again(self, failed: Sequence[Draft]) -> None:
        now = self._clock.monotonic()
        for draft in reversed(failed):
            if draft.named and draft.session is not None:
                draft.session.expect_first(draft.entry.cid, now)

    async def _look(self) -> None:
        with suppress(TryAgain):  # the clock asks again
            await self._follower.look()


def _judged(batch: Sequence[Draft]) -> dict[int, ChatError]:
    """Who may not write what they want to, by their places in the batch."""
    refused: dict[int, ChatError] = {}
    for place, draft in enumerate(batch):
        entry, session = draft.entry, draft.session
        if draft.refused is not None:
            refused[place] = draft.refused
        elif session is not None and entry.kind == TEXT and is_group(entry.conv):
            if not session.seated:
                refused[place] = TryAgain()
            elif entry.conv not in session.groups:
                refused[place] = NotMember(entry.conv)
    return refused
