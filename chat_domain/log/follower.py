"""A node's place in the log: it applies each entry once, in the order of positions.

Rules:
1. Entries that this node commits and entries that others report as committed come in through
   `take`: the entry above the last known one is next, known ones are ignored, and early ones wait
   until the gap below them is closed.
2. A gap is read from the log after GAP_WAITS seconds, or at once if this node hears nothing from
   others. The node first waits for its own batch in flight, which may be the gap: the writers are
   told the outcome before the entries are shown to anybody. A position that the log does not have
   was deleted, and is no gap.
3. A clock asks for the log's head (`look`), so that nothing depends on notes between nodes.
4. An entry takes effect when it is applied, and is then shown to this node's sessions (see
   `fanout`).
5. One turn of the event loop applies entries for AT_ONCE readers, and at least one entry.
6. In another epoch no position is valid: the node starts over at the log's head. It also does if
   the log has deleted entries that it never saw, at the front or further on, and changes may be
   among them.
"""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import repeat

from chat_domain.entries import ID_BITS, NO_ENTRY, Entry, EntryRef, LogEnds, LogSlice
from chat_domain.errors import TryAgain
from chat_domain.log.fanout import Fanout, Writer
from chat_domain.log.reorder_buffer import Part, ReorderBuffer, Written
from chat_domain.log.ring import Ring
from chat_domain.log.sessions import Sessions
from chat_domain.notes import Appended
from chat_domain.ports.cluster import Broker
from chat_domain.ports.log import Log
from chat_domain.ports.runtime import Latch, Latches, Tasks

GAP_WAITS = 0.02  # seconds
OWN_WAITS = 100  # times GAP_WAITS
AT_ONCE = 2_000  # readers; some 6 ms of the event loop
NEXT_AT_MOST = 2_000  # entries that wait to be applied, 32 MiB; beyond it, no more are let in
READ_AT_ONCE = 500  # entries
REACHED_WITHIN = 5.0  # seconds


class Follower:
    """applied: the position up to which this node has applied the log. own: the number of its batch
    in flight, 0 if none is. restarted: called once the node has started over."""

    def __init__(
        self, log: Log, sessions: Sessions, broker: Broker, tasks: Tasks, latches: Latches
    ) -> None:
        self.applied = 0
        self.epoch = ""
        self.oldest = 1
        self.own = 0
        self.ring = Ring()
        self.restarted: Callable[[], None] | None = None
        self._log = log
        self._fanout = Fanout(sessions, self.ring)
        self._broker = broker
        self._tasks = tasks
        self._latches = latches
        self._last: Entry | None = None
        self._known = 0  # everything up to here is applied, or waits in `_next`
        self._next: deque[Written] = deque()
        self._reorder_buffer = ReorderBuffer()
        self._wanted = 0  # the highest position that the log is known to have
        self._filling = self._applying = self._looking = False
        self._waiting: dict[Latch, int] = {}  # for these positions

    @property
    def lag(self) -> int:
        """How many entries the log is known to have that are not applied here."""
        return max(self._wanted, self._known) - self.applied

    @property
    def last(self) -> EntryRef:
        """The last entry known here, applied or not: in the same epoch, the log must have it."""
        return NO_ENTRY if self._last is None else self._last.place

    # -- the log as a whole ------------------------------------------------------------------

    async def start(self) -> None:
        """Begin at the log's head. Raises TryAgain."""
        ends = await self._log.ends()
        self._begin(ends, await self._entry_at(ends.head))

    async def _entry_at(self, at: int) -> Entry | None:
        """The log's entry at a position, by which the node will know whether that was lost."""
        found = (await self._log.tail(at - 1, 1)).entries if at else ()
        return found[0] if found and found[0].at == at else None

    def _begin(self, ends: LogEnds, last: Entry | None) -> None:
        self.epoch, self.oldest = ends.epoch, ends.oldest
        self.applied = self._known = self._wanted = ends.head
        self._last = last
        self._next.clear()
        self._reorder_buffer.clear()
        self.ring.begin(ends.head)
        for latch in self._waiting:
            latch.open()

    async def look(self) -> None:
        """Ask for the log's head, and whether it is still the same log. Raises TryAgain."""
        epoch = self.epoch
        ends = await self._log.ends(self.last, epoch)
        if self.epoch != epoch:  # others were answered first
            return
        self.oldest = ends.oldest
        if self._goes_on(ends):
            self._want(ends.head)
            return
        await self._begin_anew(ends, lambda: not self._goes_on(ends))

    def look_soon(self) -> None:
        """Run `look` in a task of its own: one task, however many callers ask until it is done."""
        if not self._looking:
            self._looking = True
            self._tasks.start(self._look_safely())

    async def _look_safely(self) -> None:
        try:
            with suppress(TryAgain):  # the clock asks again
                await self.look()
        finally:
            self._looking = False

    async def _begin_anew(self, ends: LogEnds, is_due: Callable[[], bool]) -> None:
        """Start over at the log's head, if that is still due."""
        epoch = self.epoch
        last = await self._entry_at(ends.head)
        if self.epoch == epoch and is_due():
            self._begin(ends, last)
            if self.restarted is not None:
                self.restarted()

    def _goes_on(self, ends: LogEnds) -> bool:
        """Whether the log still has what follows here."""
        return ends.epoch == self.epoch and ends.oldest <= self._known + 1

    # -- what is committed -------------------------------------------------------------------

    def heard(self, note: Appended) -> None:
        """Another node has committed these entries."""
        if note.epoch != self.epoch:
            self.look_soon()
        elif note.entries and not self.is_full():
            self.take(note.first, note.upto, note.entries)
        else:
            self._want(note.upto)

    def is_full(self) -> bool:
        """Whether no more entries may wait to be applied. Then those of others are read from the
        log later, and this node writes nothing."""
        return len(self._next) > NEXT_AT_MOST

    def take(
        self,
        first: int,
        upto: int,
        entries: Sequence[Entry],
        writers: Sequence[Writer] | None = None,
    ) -> None:
        """Take in entries that were committed, from the position `first` to `upto`, without a gap.

        writers: of each entry, if this node committed them.
        """
        if upto <= self._known:
            return
        if entries and (self._last is None or entries[-1].at > self._last.at):
            self._last = entries[-1]
        written = list(zip(entries, writers or repeat(None), strict=False))
        if first > self._known + 1:
            self._reorder_buffer.keep(Part(first, upto, written))
            self._want(upto)
            return
        self._extend(first, upto, written)
        while self._reorder_buffer.parts and (part := self._reorder_buffer.take(self._known)):
            if part.upto > self._known:
                self._extend(*part)
        if not self._applying:
            self._apply_some()

    def _extend(self, first: int, upto: int, written: Sequence[Written]) -> None:
        if first <= self._known:
            written = [one for one in written if one[0].at > self._known]
        self._next.extend(written)
        self._known = upto

    def _want(self, at: int) -> None:
        """The log is known to have this position."""
        self._wanted = max(self._wanted, at)
        if self._wanted > self._known and not self._filling:
            self._filling = True
            self._tasks.start(self._fill())

    async def _fill(self) -> None:
        """Read the gap between what is known here and what the log is known to have; start over if
        a change in it may be lost."""
        with suppress(TryAgain):  # the clock asks again
            lost = await self._read_between()
            if lost is not None:
                await self._begin_anew(lost, lambda: lost.changed > self._known)

    async def _read_between(self) -> LogEnds | None:
        """Read until the gap is closed, or `_read_on` returns something, which is returned."""
        lost: LogEnds | None = None
        try:
            if self._broker.hears():
                await self._pause()
            await self._hear_of_own()
            while lost is None and self._wanted > self._known:
                lost = await self._read_on()
        finally:
            self._filling = False  # now, so that `reach` can fill gaps while the node starts over
        return lost

    async def _hear_of_own(self) -> None:
        """Wait for the batch in flight, if that may be the gap."""
        own = self.own
        for _ in range(OWN_WAITS):
            if not own or self.own != own or self._wanted <= self._known:
                return
            await self._pause()

    async def _pause(self) -> None:
        await self._latches.latch().wait(GAP_WAITS)

    async def _read_on(self) -> LogEnds | None:
        """Read part of the gap. Return the log's ends if a change may have been deleted unseen."""
        epoch, after = self.epoch, self._known
        reading = await self._log.tail(after, READ_AT_ONCE)
        ends = await self._log.ends() if self._has_holes(reading) else None
        if self.epoch != epoch:
            return None
        if reading.upto <= after:
            self._wanted = self._known  # the log does not have that position after all
            return None
        if ends is not None and ends.changed > self._known:
            return ends
        self.take(after + 1, reading.upto, reading.entries)
        while self.is_full():
            await self._pause()
        return None

    def _has_holes(self, reading: LogSlice) -> bool:
        """Whether entries of a reading were deleted before this node saw them: a group may keep its
        entries for less long than others do. Changes of its members may be among them."""
        known = self._known
        return sum(entry.at > known for entry in reading.entries) < reading.upto - known

    # -- applying ------------------------------------------------------------------------------

    def _apply_some(self) -> None:
        """Apply as much as one turn of the event loop may (rule 5)."""
        readers = size = 0
        queue, keep, fanout = self._next, self.ring.append, self._fanout
        while queue:
            if readers >= AT_ONCE:
                self._applying = True
                self._tasks.soon(self._apply_some)
                break
            entry, writer = queue.popleft()
            self.applied = entry.at
            keep(entry)
            size += entry.size
            if entry.change is not None:
                readers += fanout.change(entry, writer)
            elif entry.conv <= ID_BITS:  # of a group
                readers += fanout.to_group(entry, writer)
            else:
                readers += fanout.to_people(entry, writer)
        else:
            self._applying = False
            self.applied = self._known
        self.ring.trim(size)
        if self._waiting:
            self._wake()

    # -- waiting ---------------------------------------------------------------------------------

    async def reach(self, at: int) -> None:
        """Wait until this position is applied, or the node starts over. Raises TryAgain after
        REACHED_WITHIN seconds."""
        if self.applied >= at:
            return
        latch = self._latches.latch()
        self._waiting[latch] = at
        self._want(at)
        try:
            if not await latch.wait(REACHED_WITHIN):
                raise TryAgain
        finally:
            del self._waiting[latch]

    def _wake(self) -> None:
        for latch, at in self._waiting.items():
            if at <= self.applied:
                latch.open()
