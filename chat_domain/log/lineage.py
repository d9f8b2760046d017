"""Whether the log still has what this node knows of it.

A database may come back without its last commits, and a node that did not know these may then give
their positions to other entries. A node that did know them must not go on as if it knew what is at
these positions.
"""

from collections.abc import Sequence

from chat_domain.entries import TEXT, Entry, LogEnds
from chat_domain.errors import TryAgain
from chat_domain.ports.log import Log

NONE = Entry(0, TEXT, 0, "", "")  # no entry: its `ref` is `NO_ENTRY`


class Lineage:
    """last: the last entry known here, applied or not. received: the last one below which nothing
    is missing here. Both may be NONE. in_doubt: whether the log may have lost `received`."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self.begin(NONE)

    def begin(self, last: Entry) -> None:
        self.last = self.received = last
        self.in_doubt = False

    async def entry_at(self, at: int) -> Entry:
        """The log's entry at a position, by which this node will know whether that was lost; NONE
        if it was deleted."""
        found = (await self._log.tail(at - 1, 1)).entries if at else ()
        return found[0] if found and found[0].at == at else NONE

    def extend(self, entries: Sequence[Entry]) -> None:
        """These entries, in the order of positions, are known here."""
        if entries and entries[-1].at > self.last.at:
            self.last = entries[-1]

    def is_contradicted_by(self, entries: Sequence[Entry]) -> bool:
        """Whether another entry is at the position of the last one received, which is in doubt
        then."""
        received = self.received
        contradicted = any(one.at == received.at and one.ref != received.ref for one in entries)
        self.in_doubt |= contradicted
        return contradicted

    async def check(self, epoch: str) -> LogEnds:
        """The log's ends. They have this epoch, if the log had it before, unless it has lost an
        entry that is known here. Raises TryAgain."""
        in_doubt = self.in_doubt
        try:
            if self.received is not self.last:  # others have arrived early
                await self.check_received(epoch)
            ends = await self._log.ends(self.last.ref, epoch)
        except TryAgain:
            self.in_doubt = True
            raise
        self.in_doubt = ends.epoch != epoch or (self.in_doubt and not in_doubt)
        return ends

    async def check_received(self, epoch: str) -> LogEnds:
        """The same, unless it has lost the last entry received."""
        return await self._log.ends(self.received.ref, epoch)
