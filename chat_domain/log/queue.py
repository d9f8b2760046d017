"""Everything that this node writes to the log, in one queue.

Rules:
1. One batch is in flight at a time; what is queued meanwhile forms the next one. So batches are
   small under low load, and grow with the time that a commit takes. Once a quarter of the queue is
   full, its writers take turns. Once half of it is, it takes more only of users who have little in
   it.
2. The queue authorizes entries when it assembles a batch, by what the node has applied. If a change
   was committed since, the log asks it to judge again, or admits nothing; then the queue authorizes
   again once the change is applied.
3. Each writer is told the outcome when the batch is committed; then the batch is applied.
4. If a batch cannot be committed, all that waits is refused with it, so that nothing is written
   without what came before it. Whether the batch was committed may be unknown; a client that sends
   an entry again learns it.
5. When the follower is reset (its rule 6), what a session may see is unknown for a while. What
   waits is then refused as by rule 4, and the batch in flight once its outcome is there.
6. While the follower is full, no batch is assembled: senders that outpace the readers fill the
   queue, and are then refused.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from chat_domain.entries import ID_BITS, Batch, Duplicate, Entry
from chat_domain.errors import ChatError, TryAgain
from chat_domain.log.authorizing import Draft, PendingChange, refusals
from chat_domain.log.backlog import Backlog
from chat_domain.log.follower import Follower
from chat_domain.log.session import Session
from chat_domain.notes import Appended
from chat_domain.ports.cluster import Broker
from chat_domain.ports.log import Committed, EpochChanged, Log, Outcome, OutOfDate
from chat_domain.ports.runtime import Clock, Tasks, Timers

MOST_ENTRIES = 1_000  # in a batch
MOST_BYTES = 500 * 1024
MOST_WAITING = 16 * 1024 * 1024  # bytes in the queue
QUARTER, HALF = MOST_WAITING // 4, MOST_WAITING // 2
LITTLE = 64 * 1024  # bytes of a user, beyond which no text of theirs is taken while it is half full
NOTE_BYTES = 256 * 1024  # of entries; of larger batches only the positions are broadcast
MAX_RETRIES = 20  # in a row that a batch may be out of date before it is refused
ANSWERED_WITHIN = 10.0  # seconds to wait for the outcome of what is written


class AppendQueue:
    """latency: of the last batch, in seconds. observe: called for each committed batch with the
    seconds that it took and the number of entries that it added to the log."""

    def __init__(  # noqa: PLR0917  # its ports
        self,
        log: Log,
        follower: Follower,
        broker: Broker,
        clock: Clock,
        tasks: Tasks,
        timers: Timers,
    ) -> None:
        self._log = log
        self._follower = follower
        self._broker = broker
        self._clock = clock
        self._tasks = tasks
        self._timers = timers
        self._waiting: deque[Draft] = deque()
        self._backlog = Backlog()  # what waits before all of that
        self._bytes = 0
        self._batch: Sequence[Draft] = ()
        self._batch_bytes = 0
        self._changes = False  # whether there are any in the batch
        self._busy = False  # a batch is in flight, or about to be assembled
        self._was_reset = False  # the follower was reset since the batch was assembled
        self._started_at = 0.0
        self._retries = 0  # times in a row
        self.latency = 0.0
        self.observe: Callable[[float, int], None] = lambda _seconds, _entries: None

    def __len__(self) -> int:
        """How many drafts wait or are in flight."""
        return len(self._backlog) + len(self._waiting) + len(self._batch)

    def add(self, draft: Draft) -> None:
        """Queue a draft; its writer is told the outcome once. Raises TryAgain if the queue is
        full."""
        if self._bytes > HALF:
            self._check_room_for(draft[0])
        self._waiting.append(draft)
        self._bytes += draft[0].size
        if not self._busy:
            self._busy = True
            self._tasks.soon(self._start_next)

    def _check_room_for(self, entry: Entry) -> None:
        """Raises TryAgain if the queue is full, or has much of this writer's already."""
        self._line_up()
        has_much = entry.change is None and self._backlog.size_of(entry.sender_id) > LITTLE
        if has_much or self._bytes > MOST_WAITING:
            raise TryAgain

    def _line_up(self) -> None:
        self._backlog.add(self._waiting)
        self._waiting.clear()

    async def change(self, entry: Entry, refused: ChatError | None = None) -> Entry | Duplicate:
        """Write a change, and return once it is applied here. Raises the error with which it is
        refused, and TryAgain. refused: the error of a `Draft`."""
        awaited, epoch = PendingChange(self._timers.latch()), self._follower.epoch
        self.add((entry, awaited, None, False, refused))
        await awaited.latch.wait(ANSWERED_WITHIN)
        result = awaited.result
        if isinstance(result, ChatError):
            raise result
        await self._follower.wait_until_applied(result.at)
        if epoch != self._follower.epoch:  # it may be lost, and another entry at its position
            raise TryAgain
        return result

    async def wait_answered(self, session: Session) -> None:
        """Wait until everything that a session has written is in the log and applied here, or
        refused; for ANSWERED_WITHIN at most."""
        if session.unanswered:
            latch = session.all_answered = session.all_answered or self._timers.latch()
            await latch.wait(ANSWERED_WITHIN)
        with suppress(TryAgain):  # it is in the log, and shown when it is applied
            await self._follower.wait_until_applied(session.last_written)

    def reset(self) -> None:
        """The follower was reset (rule 5)."""
        self._was_reset = bool(self._batch)
        self._bytes = self._batch_bytes if self._batch else 0
        self._refuse(self._take_all(), TryAgain())

    # -- batches -----------------------------------------------------------------------------

    def _start_next(self) -> None:
        """Assemble the next batch, if anything waits and none is to be retried, and give it to the
        log."""
        if not self._batch:
            if not (self._waiting or self._backlog):
                self._busy = False
                return
            if self._follower.is_full():
                self._tasks.start(self._start_next_after(self._follower.applied + 1))
                return
            self._batch = self._take_batch()
        batch = self._batch
        self._started_at = self._clock.monotonic()
        follower, now_ms = self._follower, self._clock.now_ms()
        entries: list[Entry] = []
        to_judge = bool(follower.ring.erased)  # whether `refusals` could refuse anything
        self._changes = False
        for entry, writer, _, _, refused in batch:
            entry.time_ms = now_ms
            entries.append(entry)
            if entry.conv <= ID_BITS or refused is not None or writer.revoked:
                to_judge = True
            if entry.change is not None:
                self._changes = to_judge = True
        refused_here = self._judge() if to_judge else {}
        in_flight = Batch(
            tuple(entries),
            follower.epoch,
            follower.applied,
            follower.last,
            refused_here,
            self._judge,
        )
        follower.batch_in_flight = in_flight
        self._log.append(in_flight, self._on_outcome)

    def _judge(self, changes: Sequence[Entry] = ()) -> Mapping[int, ChatError]:
        """See `Batch.judge`."""
        return refusals(self._batch, self._follower.ring.erased, changes)

    def _take_batch(self) -> Sequence[Draft]:
        waiting = self._waiting
        if self._backlog or self._bytes > QUARTER:
            self._line_up()
            batch, self._batch_bytes = self._backlog.take(MOST_ENTRIES, MOST_BYTES)
            return batch
        if len(waiting) <= MOST_ENTRIES and self._bytes <= MOST_BYTES:  # most often
            self._waiting, self._batch_bytes = deque(), self._bytes
            return waiting
        return self._take_first()

    def _take_first(self) -> Sequence[Draft]:
        """A batch in the order of arrival: taking turns costs ten times as much."""
        size, batch, waiting = 0, list[Draft](), self._waiting
        while waiting and len(batch) < MOST_ENTRIES:
            more = size + waiting[0][0].size
            if more > MOST_BYTES and batch:
                break
            size = more
            batch.append(waiting.popleft())
        self._batch_bytes = size
        return batch

    def _take_all(self) -> Sequence[Draft]:
        """Remove everything that waits."""
        self._line_up()
        return self._backlog.take_all()

    def _on_outcome(self, outcome: Outcome) -> None:
        self.latency = self._clock.monotonic() - self._started_at
        self._follower.batch_in_flight = None
        if self._was_reset:
            outcome = TryAgain()
        match outcome:
            case Committed():
                self._committed(outcome)
            case OutOfDate():
                self._retry_once_applied(outcome.changed)
            case EpochChanged():
                self._fail(TryAgain())
                self._follower.poll_head_soon()
            case _:
                self._fail(outcome)

    def _committed(self, outcome: Committed) -> None:
        batch, self._batch, self._retries = self._batch, (), 0
        size, changes = self._batch_bytes, self._changes
        self._bytes -= size
        if not changes:  # the next batch can be authorized before this one is applied
            self._start_next()
        try:
            written = _tell_writers(batch, outcome.not_admitted)
            self.observe(self.latency, len(written))
            if written:
                self._apply(written, size)
        finally:  # also if something raises, or nothing would ever be written
            if changes:
                self._start_next()

    def _apply(self, written: Sequence[Draft], size: int) -> None:
        entries = tuple([draft[0] for draft in written])
        first, upto = entries[0].at, entries[-1].at
        self._follower.ingest(first, upto, entries, [draft[1] for draft in written])
        self._broker.broadcast(
            Appended(self._follower.epoch, first, upto, () if size > NOTE_BYTES else entries)
        )

    def _retry_once_applied(self, changed: int) -> None:
        """Retry the same batch once this change is applied."""
        self._retries += 1
        if self._retries > MAX_RETRIES:
            self._fail(TryAgain())
        else:
            self._tasks.start(self._start_next_after(changed))

    async def _start_next_after(self, at: int) -> None:
        try:
            await self._follower.wait_until_applied(at)
        except TryAgain as failure:
            self._fail(failure)
        else:
            if self._was_reset:
                self._fail(TryAgain())
            else:
                self._start_next()

    def _fail(self, failure: ChatError) -> None:
        """Refuse the batch in flight and all that waits (rule 4)."""
        failed = [*self._batch, *self._take_all()]
        self._batch, self._retries, self._bytes = (), 0, 0
        self._busy = self._was_reset = False
        self._refuse(failed, failure)

    def _refuse(self, failed: Sequence[Draft], failure: ChatError) -> None:
        now = self._clock.monotonic()
        for entry, writer, _tag, named, _refused in reversed(failed):
            if named and isinstance(writer, Session):
                writer.expect_first(entry.cid, now)
        for _entry, writer, tag, _named, _refused in failed:
            writer.refused(failure, tag)


def _tell_writers(
    batch: Sequence[Draft], others: Mapping[int, Duplicate | ChatError]
) -> Sequence[Draft]:
    """Tell each writer the outcome, in order. Return the drafts that were admitted."""
    if not others:
        for entry, writer, tag, _named, _refused in batch:
            writer.accepted(tag, entry)
        return batch
    for index, (entry, writer, tag, _named, _refused) in enumerate(batch):
        other = others.get(index, entry)
        if isinstance(other, ChatError):
            writer.refused(other, tag)
        else:
            writer.accepted(tag, other)
    return [draft for index, draft in enumerate(batch) if index not in others]
