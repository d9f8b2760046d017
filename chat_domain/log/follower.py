"""A node's place in the log: it applies each entry once, in the order of positions.

Rules:
1. What this node has committed itself and what others say that they have committed comes in by the
   same door, `take`: the entry that follows the last one is next, what was there before is
   ignored, and what comes early waits for what is between.
2. What is between is read from the log after GAP_WAITS seconds, or at once where this node hears
   nothing from others. A batch of this node's own that is on its way is waited for first: it may be
   what is between, and its writers are told what became of it before it is shown to anybody. A
   position that the log does not have was deleted, and is no gap.
3. The clock asks for the log's head (`look`), so that nothing depends on what nodes tell each
   other.
4. When an entry is applied, it counts, and is shown to the sessions of this node (see `showing`).
5. One turn of the event loop applies entries for AT_ONCE readers, and one entry at least.
6. Of another epoch, no position means anything: everything begins anew at the log's head. So it
   does where the log has forgotten what was never seen here, at its front or between, and changes
   may be among it.
"""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import repeat

from chat_domain.entries import ID_BITS, NOWHERE, Ends, Entry, Place, Reading
from chat_domain.errors import TryAgain
from chat_domain.log.early import Early, Part, Written
from chat_domain.log.ring import Ring
from chat_domain.log.sessions import Sessions
from chat_domain.log.showing import Showing, Writer
from chat_domain.notes import Appended
from chat_domain.ports.cluster import Broker
from chat_domain.ports.log import Log
from chat_domain.ports.runtime import Latch, Latches, Tasks

GAP_WAITS = 0.02  # seconds
OWN_WAITS = 100  # times that
AT_ONCE = 2_000  # readers; some 6 ms of the event loop
NEXT_AT_MOST = 2_000  # entries that wait to be applied, 32 MiB; beyond it, none come in
READ_AT_ONCE = 500  # entries
REACHED_WITHIN = 5.0  # seconds


class Follower:
    """applied: the position up to which the log is applied here. own: the number of the batch that
    this node has on its way, 0 where there is none. restarted: what is to be done when there is
    another epoch, once positions begin anew."""

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
        self._showing = Showing(sessions, self.ring)
        self._broker = broker
        self._tasks = tasks
        self._latches = latches
        self._last: Entry | None = None
        self._known = 0  # everything up to here is applied, or waits in `_next`
        self._next: deque[Written] = deque()
        self._early = Early()
        self._wanted = 0  # a position that is known to be there
        self._filling = self._applying = self._looking = False
        self._waiting: dict[Latch, int] = {}  # for which positions

    @property
    def lag(self) -> int:
        """How many entries are known to be in the log and are not applied here."""
        return max(self._wanted, self._known) - self.applied

    @property
    def last(self) -> Place:
        """The last entry that is known here, applied or not: in its epoch, the log must have it."""
        return NOWHERE if self._last is None else self._last.place

    # -- the log as a whole ------------------------------------------------------------------

    async def start(self) -> None:
        """Begin at the log's head. Raises TryAgain."""
        ends = await self._log.ends()
        self._begin(ends, await self._entry_at(ends.head))

    async def _entry_at(self, at: int) -> Entry | None:
        """What the log has at a position. By it, this node will know whether that was lost."""
        found = (await self._log.tail(at - 1, 1)).entries if at else ()
        return found[0] if found and found[0].at == at else None

    def _begin(self, ends: Ends, last: Entry | None) -> None:
        self.epoch, self.oldest = ends.epoch, ends.oldest
        self.applied = self._known = self._wanted = ends.head
        self._last = last
        self._next.clear()
        self._early.clear()
        self.ring.begin(ends.head)
        for latch in self._waiting:
            latch.open()

    async def look(self) -> None:
        """Ask how far the log is, and whether it still is the same. Raises TryAgain."""
        epoch = self.epoch
        ends = await self._log.ends(self.last, epoch)
        if self.epoch != epoch:  # others were answered before
            return
        self.oldest = ends.oldest
        if self._goes_on(ends):
            self._want(ends.head)
            return
        await self._begin_anew(ends, lambda: not self._goes_on(ends))

    def look_soon(self) -> None:
        """Have `look` done in a task of its own; once, however many ask until it is done."""
        if not self._looking:
            self._looking = True
            self._tasks.start(self._look_safely())

    async def _look_safely(self) -> None:
        try:
            with suppress(TryAgain):  # the clock asks again
                await self.look()
        finally:
            self._looking = False

    async def _begin_anew(self, ends: Ends, is_due: Callable[[], bool]) -> None:
        """Begin at the log's head, as long as that is due still."""
        epoch = self.epoch
        last = await self._entry_at(ends.head)
        if self.epoch == epoch and is_due():
            self._begin(ends, last)
            if self.restarted is not None:
                self.restarted()

    def _goes_on(self, ends: Ends) -> bool:
        """Whether what follows here is there to be read."""
        return ends.epoch == self.epoch and ends.oldest <= self._known + 1

    # -- what is committed -------------------------------------------------------------------

    def heard(self, note: Appended) -> None:
        """Another node has committed this."""
        if note.epoch != self.epoch:
            self.look_soon()
        elif note.entries and not self.is_full():
            self.take(note.first, note.upto, note.entries)
        else:
            self._want(note.upto)

    def is_full(self) -> bool:
        """Whether as many entries wait to be applied as may. Others' are read from the log later
        then, and this node writes nothing."""
        return len(self._next) > NEXT_AT_MOST

    def take(
        self,
        first: int,
        upto: int,
        entries: Sequence[Entry],
        writers: Sequence[Writer] | None = None,
    ) -> None:
        """These were committed, from the position `first` to `upto`, without a gap.

        writers: of each, if it was committed by this node.
        """
        if upto <= self._known:
            return
        if entries and (self._last is None or entries[-1].at > self._last.at):
            self._last = entries[-1]
        written = list(zip(entries, writers or repeat(None), strict=False))
        if first > self._known + 1:
            self._early.keep(Part(first, upto, written))
            self._want(upto)
            return
        self._extend(first, upto, written)
        while self._early.parts and (part := self._early.take(self._known)):
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
        """Read what is between what is known here and what the log is known to have; begin anew
        where a change among it may be lost."""
        with suppress(TryAgain):  # the clock asks again
            lost = await self._read_between()
            if lost is not None:
                await self._begin_anew(lost, lambda: lost.changed > self._known)

    async def _read_between(self) -> Ends | None:
        """Read until nothing is between any more, or `_read_on` returns something: return that."""
        lost: Ends | None = None
        try:
            if self._broker.hears():
                await self._pause()
            await self._hear_of_own()
            while lost is None and self._wanted > self._known:
                lost = await self._read_on()
        finally:
            self._filling = False  # also for who waits for a position while all begins anew
        return lost

    async def _hear_of_own(self) -> None:
        """Wait for the batch that is on its way, if that can be what is between."""
        own = self.own
        for _ in range(OWN_WAITS):
            if not own or self.own != own or self._wanted <= self._known:
                return
            await self._pause()

    async def _pause(self) -> None:
        await self._latches.latch().wait(GAP_WAITS)

    async def _read_on(self) -> Ends | None:
        """Read some of it. Return the log's ends where a change may have been deleted unseen."""
        epoch, after = self.epoch, self._known
        reading = await self._log.tail(after, READ_AT_ONCE)
        ends = await self._log.ends() if self._has_holes(reading) else None
        if self.epoch != epoch:
            return None
        if reading.upto <= after:
            self._wanted = self._known  # somebody was mistaken
            return None
        if ends is not None and ends.changed > self._known:
            return ends
        self.take(after + 1, reading.upto, reading.entries)
        while self.is_full():
            await self._pause()
        return None

    def _has_holes(self, reading: Reading) -> bool:
        """Whether something of it was deleted before it was seen here: a group may keep it for less
        long than others do. Who came or went may be among it."""
        known = self._known
        return sum(entry.at > known for entry in reading.entries) < reading.upto - known

    # -- applying ------------------------------------------------------------------------------

    def _apply_some(self) -> None:
        """What one turn of the event loop may have (rule 5)."""
        readers = size = 0
        queue, keep, showing = self._next, self.ring.append, self._showing
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
                readers += showing.change(entry, writer)
            elif entry.conv <= ID_BITS:  # of a group
                readers += showing.to_group(entry, writer)
            else:
                readers += showing.to_people(entry, writer)
        else:
            self._applying = False
            self.applied = self._known
        self.ring.trim(size)
        if self._waiting:
            self._wake()

    # -- waiting ---------------------------------------------------------------------------------

    async def reach(self, at: int) -> None:
        """Wait until this position is applied, or positions begin anew. Raises TryAgain where that
        takes too long."""
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
