"""The log as it was at some time: what is in it, and who may see what of it."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from chat_domain.entries import is_group, people
from tests.delivery.line import Line
from tests.delivery.stays import Stay, Stays


class Chronicle:
    """lines: the entries by position, ascending. trunk, kept: another log, which is the same as
    this one up to the position `kept`. Everything up to there is looked up in the trunk, so that
    many logs that differ only at their ends take the room of one. since: the position up to which
    this log is known to be the same as the log before it.

    Two lists cover `lines` alone. twice: those whose sender and cid, or whose key, an earlier line
    has. strangers: those whose sender may not write there.
    """

    def __init__(
        self,
        lines: Iterable[Line] = (),
        *,
        trunk: "Chronicle | None" = None,
        kept: int = 0,
        since: int = 0,
    ) -> None:
        self.lines: dict[int, Line] = {}
        self.kept = kept
        self.since = since
        self.twice: list[Line] = []
        self.strangers: list[Line] = []
        self._trunk = trunk
        self._stays: Stays = Stays() if trunk is None else trunk._stays.upto(kept)
        self._by_key: dict[str, Line] = {}
        self._by_cid: dict[tuple[int, str], Line] = {}
        self._seen_by: defaultdict[int, list[int]] = defaultdict(list)
        self._reached: defaultdict[int, list[int]] = defaultdict(list)  # by user; see `reached`
        for line in lines:
            self._take(line)
        self.head = max(self.lines, default=kept)

    def _take(self, line: Line) -> None:
        self.lines[line.at] = line
        if self.by_cid(line.sender, line.cid) or (line.key and self.by_key(line.key)):
            self.twice.append(line)
        self._by_cid.setdefault((line.sender, line.cid), line)
        if line.key:
            self._by_key.setdefault(line.key, line)
        if not self._may_write(line):
            self.strangers.append(line)
        for user in self._stays.take(line):
            self._seen_by[user].append(line.at)

    def _may_write(self, line: Line) -> bool:
        if is_group(line.conv):
            return not line.is_text or self._stays.is_member(line.sender, line.conv)
        return line.sender in people(line.conv)

    # -- what is in it ---------------------------------------------------------------------------

    def line(self, at: int) -> Line | None:
        """The line at a position."""
        if self._trunk is not None and at <= self.kept:
            return self._trunk.line(at)
        return self.lines.get(at)

    def above(self, at: int) -> Iterator[Line]:
        """The lines above a position, ascending."""
        if self._trunk is not None and at < self.kept:
            for line in self._trunk.above(at):
                if line.at > self.kept:
                    break
                yield line
        yield from (line for line in self.lines.values() if line.at > at)

    def by_cid(self, sender: int, cid: str) -> Line | None:
        """The first line with this sender and cid."""
        known = None if self._trunk is None else self._trunk.by_cid(sender, cid)
        return self._kept(known) or self._by_cid.get((sender, cid))

    def by_key(self, key: str) -> Line | None:
        """The first line with this key."""
        known = None if self._trunk is None else self._trunk.by_key(key)
        return self._kept(known) or self._by_key.get(key)

    def _kept(self, line: Line | None) -> Line | None:
        """The trunk's line, if this log has it as well."""
        return line if line is not None and line.at <= self.kept else None

    # -- who may see it --------------------------------------------------------------------------

    def seen_by(self, user: int, after: int, upto: int) -> list[Line]:
        """The lines above `after` and up to `upto` that a user may see, ascending."""
        seen = self._seen_by[user]
        shown = seen[bisect_right(seen, after) : bisect_right(seen, upto)]
        own = [self.lines[at] for at in shown]
        if self._trunk is None or after >= self.kept:
            return own
        return self._trunk.seen_by(user, after, min(upto, self.kept)) + own

    def shown_to_version1(self, user: int, after: int, upto: int) -> list[Line]:
        """Those of `seen_by` that others wrote, or the user to themselves."""
        return [line for line in self.seen_by(user, after, upto) if line.is_of_another(user)]

    def reached(self, user: int, keys: Sequence[str], count: int) -> int:
        """The highest position among the first `count` of a user's keys. From call to call, keys
        may only be appended: their positions are cached."""
        reached = self._reached[user]
        for key in keys[len(reached) : count]:
            line = self.by_key(key)
            reached.append(max(line.at if line else 0, reached[-1] if reached else 0))
        return reached[count - 1] if count else 0

    def joined_after(self, user: int, line: Line) -> int:
        """See `Stays`."""
        return self._stays.joined_after(user, line)

    def stay(self, user: int, group: int, at: int) -> Stay | None:
        """See `Stays`."""
        return self._stays.stay(user, group, at)
