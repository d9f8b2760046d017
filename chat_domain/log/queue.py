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
5. When positions begin anew, what a session may see is not known for a while. All that waits is
   refused then, as by rule 4, and what is on its way once its outcome is there.
6. While as much waits to be applied here as may, no batch is put together: who writes faster than
   others can be shown it fills the queue, and is refused then.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import attrs

from chat_domain.entries import ID_BITS, TEXT, Batch, Entry, Known
from chat_domain.errors import ChatError, NotLoggedIn, NotMember, TryAgain
from chat_domain.log.follower import Follower
from chat_domain.log.session import Session
from chat_domain.notes import Appended
from chat_domain.ports.cluster import Broker
from chat_domain.ports.log import Committed, Log, Moved, Outcome, OutOfDate
from chat_domain.ports.runtime import Clock, Latch, Latches, Tasks

MOST_ENTRIES = 1_000  # in a batch
MOST_BYTES = 500 * 1024
MOST_WAITING = 16 * 1024 * 1024  # bytes in the queue
NOTE_BYTES = 256 * 1024  # of entries; of larger batches only the positions are broadcast
OUT_OF_DATE_TIMES = 20  # that one batch may be, before it is refused
CHANGED_WITHIN = 10.0  # seconds that a change takes at most

Result = Entry | Known | ChatError


@attrs.define(eq=False)
class Awaited:
    """Somebody who waits for what becomes of a change. (See `Session` for what has the same
    methods.)"""

    latch: Latch
    result: Result | None = None
    claim: Final = None
    thrown_out: Final = False

    def accepted(self, _tag: int | None, entry: Entry | Known) -> None:
        self.result = entry
        self.latch.open()

    def refused(self, error: ChatError, _tag: int | None) -> None:
        self.result = error
        self.latch.open()


# Something to be written: the entry; who writes it; the client's own mark of the request; whether
# it is the client that gave it its cid; why it may not be written, unless the log has it already.
# A plain tuple, since one is made for every message.
Draft = tuple[Entry, Session | Awaited, int | None, bool, ChatError | None]


class AppendQueue:
    """latency: of the last batch, in seconds. written: how many entries were committed. observe:
    told of each batch how long it took, in seconds, and how many entries were committed by it."""

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
        self._batch_bytes = 0
        self._changes = False  # whether there are any in the batch
        self._busy = False  # a batch is on its way, or about to be put together
        self._outdated = False  # positions have begun anew since the batch was put together
        self._begun = 0.0
        self._out_of_date = 0  # times in a row
        self._number = 0  # of the last batch
        self.latency = 0.0
        self.observe: Callable[[float, int], None] = _nobody

    def __len__(self) -> int:
        """How many wait, and are on their way."""
        return len(self._waiting) + len(self._batch)

    def add(self, draft: Draft) -> None:
        """Have something written; who writes it is told once what became of it. Raises TryAgain
        where the queue is full."""
        if self._bytes > MOST_WAITING:
            raise TryAgain
        self._waiting.append(draft)
        self._bytes += draft[0].size
        if not self._busy:
            self._busy = True
            self._tasks.soon(self._go_on)

    async def change(self, entry: Entry, refused: ChatError | None = None) -> Entry | Known:
        """Have a change written, and wait until it is applied here. Raises what it is refused
        with, and TryAgain. refused: see `Draft`."""
        awaited, epoch = Awaited(self._latches.latch()), self._follower.epoch
        self.add((entry, awaited, None, False, refused))
        await awaited.latch.wait(CHANGED_WITHIN)
        result = awaited.result
        if isinstance(result, ChatError):
            raise result
        if result is None:
            raise TryAgain
        await self._follower.reach(result.at)
        if epoch != self._follower.epoch:  # it may be lost, and another where it was
            raise TryAgain
        return result

    def begin_anew(self) -> None:
        """Positions have begun anew (rule 5)."""
        self._outdated = bool(self._batch)
        self._bytes = self._batch_bytes if self._batch else 0
        waiting, self._waiting = self._waiting, deque()
        self._refuse(waiting, TryAgain())

    # -- batches -----------------------------------------------------------------------------

    def _go_on(self) -> None:
        """Put the next batch together and send it on its way, if anything waits."""
        if not self._waiting:
            self._busy = False
            return
        if self._follower.is_full():
            self._tasks.start(self._go_on_from(self._follower.applied + 1))
            return
        self._batch = batch = self._take()
        self._begun = self._clock.monotonic()
        entries, refused = self._judge(batch)
        known = self._follower
        self._number = known.own = self._number + 1
        self._log.append(
            Batch(entries, known.epoch, known.applied, known.last, refused), self._done
        )

    def _take(self) -> Sequence[Draft]:
        waiting = self._waiting
        if len(waiting) <= MOST_ENTRIES and self._bytes <= MOST_BYTES:  # most often
            self._waiting, self._batch_bytes = deque(), self._bytes
            return waiting
        size, batch = 0, list[Draft]()
        while waiting and len(batch) < MOST_ENTRIES:
            more = size + waiting[0][0].size
            if more > MOST_BYTES and batch:
                break
            size = more
            batch.append(waiting.popleft())
        self._batch_bytes = size
        return batch

    def _judge(self, batch: Sequence[Draft]) -> tuple[tuple[Entry, ...], dict[int, ChatError]]:
        """The entries of a batch, which get their time, and who may not write what they want to, by
        their places in it."""
        now_ms, erased = self._clock.now_ms(), self._follower.ring.erased
        entries: list[Entry] = []
        refused: dict[int, ChatError] = {}
        self._changes = False
        for entry, writer, _, _, refusal in batch:
            entry.time_ms = now_ms
            if entry.change is not None:
                self._changes = True
            if entry.sender_id in erased and entry.kind == TEXT:  # their session may have ended
                refusal = NotLoggedIn()  # noqa: PLW2901
            elif refusal is None and (entry.conv <= ID_BITS or writer.thrown_out):  # of a group
                refusal = _judged(entry, writer)  # noqa: PLW2901  # as it is now
            if refusal is not None:
                refused[len(entries)] = refusal
            entries.append(entry)
        return tuple(entries), refused

    def _done(self, outcome: Outcome) -> None:
        self.latency = self._clock.monotonic() - self._begun
        self._follower.own = 0
        if self._outdated:
            outcome = TryAgain()
        match outcome:
            case Committed():
                self._committed(outcome)
            case OutOfDate():
                self._apply_first(outcome.changed)
            case Moved():
                self._fail(TryAgain())
                self._follower.look_soon()
            case _:
                self._fail(outcome)

    def _committed(self, outcome: Committed) -> None:
        batch, self._batch, self._out_of_date = self._batch, (), 0
        size, changes = self._batch_bytes, self._changes
        self._bytes -= size
        if outcome.others:
            self._expect_again(
                [
                    draft
                    for place, draft in enumerate(batch)
                    if isinstance(outcome.others.get(place), TryAgain)
                ]
            )
        if not changes:  # the next batch can be judged before this one is applied
            self._go_on()
        written = _answer(batch, outcome.others)
        self.observe(self.latency, len(written))
        if written:
            self._apply(written, size)
        if changes:
            self._go_on()

    def _apply(self, written: Sequence[Draft], size: int) -> None:
        entries = tuple([draft[0] for draft in written])
        first, upto = entries[0].at, entries[-1].at
        self._follower.take(first, upto, entries, [draft[1] for draft in written])
        self._broker.broadcast(
            Appended(self._follower.epoch, first, upto, () if size > NOTE_BYTES else entries)
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

    async def _go_on_from(self, at: int) -> None:
        try:
            await self._follower.reach(at)
        except TryAgain as failure:
            self._fail(failure)
        else:
            self._go_on()

    def _fail(self, failure: ChatError) -> None:
        """Refuse all that is on its way and all that waits (rule 4)."""
        failed = [*self._batch, *self._waiting]
        self._batch, self._out_of_date, self._bytes = (), 0, 0
        self._busy = self._outdated = False
        self._waiting.clear()
        self._refuse(failed, failure)

    def _refuse(self, failed: Sequence[Draft], failure: ChatError) -> None:
        self._expect_again(failed)
        for _, writer, tag, _named, _refused in failed:
            writer.refused(failure, tag)

    def _expect_again(self, failed: Sequence[Draft]) -> None:
        now = self._clock.monotonic()
        for entry, writer, _, named, _ in reversed(failed):
            if named and isinstance(writer, Session):
                writer.expect_first(entry.cid, now)


def _nobody(_seconds: float, _entries: int) -> None:
    """Nobody wants to know."""


def _judged(entry: Entry, writer: Session | Awaited) -> ChatError | None:
    """Why this may not be written: to a group, or for a session that was thrown out."""
    if not isinstance(writer, Session) or entry.kind != TEXT:
        return None
    if writer.thrown_out:
        return NotLoggedIn()
    return None if entry.conv in writer.sights else NotMember(entry.conv)


def _answer(batch: Sequence[Draft], others: Mapping[int, Known | ChatError]) -> Sequence[Draft]:
    """Tell everybody what became of theirs, in order. Return what was admitted."""
    if not others:
        for entry, writer, tag, _named, _refused in batch:
            writer.accepted(tag, entry)
        return batch
    for place, (entry, writer, tag, _named, _refused) in enumerate(batch):
        other = others.get(place, entry)
        if isinstance(other, ChatError):
            writer.refused(other, tag)
        else:
            writer.accepted(tag, other)
    return [draft for place, draft in enumerate(batch) if place not in others]
