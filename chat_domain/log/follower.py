"""A node's position in the log: it applies each entry once, in the order of positions.

Rules:
1. Entries that this node commits and entries that others report as committed come in through
   `ingest`: the entry above the last received one is next, received ones are ignored, and early
   ones wait until the gap below them is closed.
2. A gap is read from the log after GAP_WAITS seconds, or at once if this node receives nothing from
   others. If its own batch in flight is in what was read, the node waits for the outcome, so that
   the writers are told it before the entries are shown to anybody. A position that the log does not
   have was deleted, and is no gap.
3. A clock polls the log's head (`poll_head`), so that nothing depends on notes between nodes.
4. An entry takes effect when it is applied, and is then shown to this node's sessions (see
   `fanout`).
5. One turn of the event loop applies entries for AT_ONCE readers, and at least one entry.
6. In another epoch no position is valid: the follower is reset to the log's head. It is also reset
   if the log has deleted entries that it never saw, at the front or, of a group that keeps them for
   a shorter time, further on, and changes may be among them.
7. The log is asked whether it still has what was received here (see `lineage`), at each poll and
   with each part of a gap. After a poll that failed, and after a note that contradicts what was
   received, no note is trusted: the entries that it names are read from the log.
"""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import repeat

from chat_domain.entries import ID_BITS, Batch, Entry, EntryRef, LogEnds
from chat_domain.errors import TryAgain
from chat_domain.log.authorizing import Writer
from chat_domain.log.fanout import Fanout
from chat_domain.log.lineage import Lineage
from chat_domain.log.reorder_buffer import ReorderBuffer, Run, Written
from chat_domain.log.ring import Ring
from chat_domain.log.sessions import Sessions
from chat_domain.notes import Appended
from chat_domain.ports.cluster import Broker
from chat_domain.ports.log import Log
from chat_domain.ports.runtime import Latch, Tasks, Timers

GAP_WAITS = 0.02  # seconds
OWN_BATCH_WAITS = 100  # times GAP_WAITS
AT_ONCE = 2_000  # readers; some 6 ms of the event loop
MAX_PENDING = 2_000  # entries that wait to be applied, 32 MiB; beyond that, none are taken in
READ_AT_ONCE = 500  # entries
APPLIED_WITHIN = 5.0  # seconds


class Follower:
    """applied: the position up to which this node has applied the log. batch_in_flight: the
    one that this node is writing, if any. on_reset: called after each reset."""

    def __init__(
        self, log: Log, sessions: Sessions, broker: Broker, tasks: Tasks, timers: Timers
    ) -> None:
        self.applied = 0
        self.epoch = ""
        self.batch_in_flight: Batch | None = None
        self.ring = Ring()
        self.on_reset: Callable[[], None] | None = None
        self._log = log
        self.fanout = Fanout(sessions, self.ring)
        self._broker = broker
        self._tasks = tasks
        self._timers = timers
        self._lineage = Lineage(log)
        self._received = 0  # everything up to here is applied, or waits in `_pending`
        self._pending: deque[Written] = deque()
        self._reorder_buffer = ReorderBuffer()
        self._head = 0  # the highest position that the log is known to have
        self._filling_gap = self._applying = self._polling = False
        self._waiters: dict[Latch, int] = {}  # for these positions

    @property
    def lag(self) -> int:
        """How many entries the log is known to have that are not applied here."""
        return max(self._head, self._received) - self.applied

    @property
    def last(self) -> EntryRef:
        """The last entry received, applied or not: in the same epoch, the log must have it."""
        return self._lineage.last.ref

    # -- the log as a whole ------------------------------------------------------------------

    async def start(self) -> None:
        """Begin at the log's head. Raises TryAgain."""
        ends = await self._log.ends()
        self._begin(ends, await self._lineage.entry_at(ends.head))

    def _begin(self, ends: LogEnds, last: Entry) -> None:
        self.epoch = ends.epoch
        self.applied = self._received = self._head = ends.head
        self._lineage.begin(last)
        self._pending.clear()
        self._reorder_buffer.clear()
        self.ring.begin(ends.head)
        for latch in self._waiters:
            latch.open()

    async def poll_head(self) -> None:
        """Ask for the log's head, and whether it is still the same log. Raises TryAgain."""
        epoch = self.epoch
        ends = await self._lineage.check(epoch)
        if self.epoch != epoch:  # others were answered first
            return
        if self._is_continuous(ends):
            self._raise_head(ends.head)
        else:
            await self._reset(ends)

    def poll_head_soon(self) -> None:
        """Run `poll_head` in a task: one, however many callers ask until it is done."""
        if not self._polling:
            self._polling = True
            self._tasks.start(self._poll_head_safely())

    async def _poll_head_safely(self) -> None:
        try:
            with suppress(TryAgain):  # the clock polls again
                await self.poll_head()
        finally:
            self._polling = False

    async def _reset(self, ends: LogEnds, changed: int = 0) -> None:
        """Start over at the log's head, unless there is no need any more. changed: the position of
        a change that may have been deleted unseen."""
        epoch = self.epoch
        last = await self._lineage.entry_at(ends.head)
        lost = not self._is_continuous(ends) or changed > self._received
        if self.epoch == epoch and lost:
            self._begin(ends, last)
            if self.on_reset is not None:
                self.on_reset()

    def _is_continuous(self, ends: LogEnds) -> bool:
        """Whether the log still has what follows here."""
        return ends.epoch == self.epoch and ends.oldest <= self._received + 1

    # -- what is committed -------------------------------------------------------------------

    def on_note(self, note: Appended) -> None:
        """Another node has committed these entries."""
        if note.epoch != self.epoch:
            self.poll_head_soon()
        elif note.entries and not (self._lineage.in_doubt or self.is_full()):
            self.ingest(note.first, note.upto, note.entries)
        else:
            self._raise_head(note.upto)

    def is_full(self) -> bool:
        """Whether no more entries may wait to be applied. Then those of others are read from the
        log later, and this node writes nothing."""
        return len(self._pending) > MAX_PENDING

    def ingest(
        self,
        first: int,
        upto: int,
        entries: Sequence[Entry],
        writers: Sequence[Writer] | None = None,
    ) -> None:
        """Take in entries that were committed, from the position `first` to `upto`, without a gap.

        writers: of each entry, if this node committed them.
        """
        if first <= self._received and self._lineage.is_contradicted_by(entries):
            self.poll_head_soon()
            return
        if upto <= self._received:
            return
        self._lineage.extend(entries)
        written = list(zip(entries, writers or repeat(None), strict=False))
        if first > self._received + 1:
            self._reorder_buffer.add(Run(first, upto, written))
            self._raise_head(upto)
            return
        self._extend(first, upto, written)
        while self._reorder_buffer.runs and (run := self._reorder_buffer.pop(self._received)):
            if run.upto > self._received:
                self._extend(*run)
        if not self._applying:
            self._apply_some()

    def _extend(self, first: int, upto: int, written: Sequence[Written]) -> None:
        if first <= self._received:
            written = [one for one in written if one[0].at > self._received]
        if written:
            self._lineage.received = written[-1][0]
        self._pending.extend(written)
        self._received = upto

    def _raise_head(self, at: int) -> None:
        """The log is known to have this position."""
        self._head = max(self._head, at)
        if self._head > self._received and not self._filling_gap:
            self._filling_gap = True
            self._tasks.start(self._fill_gap())

    async def _fill_gap(self) -> None:
        """Read the gap between what was received and what the log is known to have; reset if what
        was received is lost, or a change in the gap may be."""
        with suppress(TryAgain):  # the clock polls again
            try:
                lost = await self._read_gap()
            finally:
                # Now, so that `wait_until_applied` can fill gaps during the reset.
                self._filling_gap = False
            if lost is not None:
                await self._reset(lost, lost.changed)

    async def _read_gap(self) -> LogEnds | None:
        """Read until the gap is closed, or `_read_gap_part` returns something; return that."""
        if self._broker.is_receiving():
            await self._timers.sleep(GAP_WAITS)
        while self._head > self._received:
            if (lost := await self._read_gap_part()) is not None:
                return lost
        return None

    async def _await_own_batch(self) -> None:
        """Wait for the outcome of the batch in flight, or until nothing is missing any more."""
        batch = self.batch_in_flight
        for _ in range(OWN_BATCH_WAITS):
            if batch is None or self.batch_in_flight is not batch or self._head <= self._received:
                return
            await self._timers.sleep(GAP_WAITS)

    async def _read_gap_part(self) -> LogEnds | None:
        """Read part of the gap. Return the log's ends if what was received here is lost, or if a
        change may have been deleted unseen."""
        epoch, after = self.epoch, self._received
        log_slice = await self._log.tail(after, READ_AT_ONCE)
        if self.batch_in_flight is not None and self.batch_in_flight.is_in(log_slice.entries):
            await self._await_own_batch()
        ends = await self._lineage.check_received(epoch)
        if self.epoch != epoch:
            return None
        if ends.epoch != epoch:
            return ends
        if log_slice.upto <= after:
            self._head = self._received  # the log does not have that position after all
            return None
        if log_slice.has_holes_above(self._received) and ends.changed > self._received:
            return ends
        upto = min(log_slice.upto, self._reorder_buffer.first_own() - 1)
        self.ingest(after + 1, upto, [entry for entry in log_slice.entries if entry.at <= upto])
        while self.is_full():
            await self._timers.sleep(GAP_WAITS)
        return None

    # -- applying ------------------------------------------------------------------------------

    def _apply_some(self) -> None:
        """Apply as much as one turn of the event loop may (rule 5)."""
        self._applying = False
        readers = size = 0
        pending, keep, fanout = self._pending, self.ring.append, self.fanout
        try:
            while pending and readers < AT_ONCE:
                entry, writer = pending.popleft()
                self.applied = entry.at
                keep(entry)
                size += entry.size
                if entry.change is not None:
                    readers += fanout.change(entry, writer)
                elif entry.conv <= ID_BITS:  # of a group
                    readers += fanout.to_group(entry, writer)
                else:
                    readers += fanout.to_people(entry, writer)
        finally:  # also if something raises, or the rest would not be applied
            if pending:
                self._applying = True
                self._tasks.soon(self._apply_some)
            else:
                self.applied = self._received
            self.ring.trim(size)
            if self._waiters:
                self._wake_waiters()

    # -- waiting ---------------------------------------------------------------------------------

    async def wait_until_applied(self, at: int) -> None:
        """Wait until this position is applied, or the follower is reset. Raises TryAgain after
        APPLIED_WITHIN seconds."""
        if self.applied >= at:
            return
        latch = self._timers.latch()
        self._waiters[latch] = at
        self._raise_head(at)
        try:
            if not await latch.wait(APPLIED_WITHIN):
                raise TryAgain
        finally:
            del self._waiters[latch]

    def _wake_waiters(self) -> None:
        for latch, at in self._waiters.items():
            if at <= self.applied:
                latch.open()
