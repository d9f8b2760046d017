"""The log at each dump, rebuilt from a history, which has only what changed from dump to dump."""

from bisect import bisect_right
from collections.abc import Sequence

import attrs

from tests.delivery.chronicle import Chronicle
from tests.delivery.line import FOREVER, Line


@attrs.define
class Dump:
    """One reading of the log. same: the position up to which it was as in the dump before. lines:
    what was above."""

    same: int
    lines: list[Line] = attrs.field(factory=list)


@attrs.frozen
class End:
    """What a log has above `kept`, the position up to which a later log is the same."""

    kept: int = FOREVER
    lines: Sequence[Line] = ()

    def apart(self, later: Sequence[Line], same: int) -> "End":
        """This end, now that the later log, with these lines, is about to change above `same`."""
        if same >= self.kept:
            return self
        return End(same, [*later[_upto(later, same) : _upto(later, self.kept)], *self.lines])


def logs_of(dumps: Sequence[Dump]) -> list[Chronicle]:
    """The log at each of these dumps. All of them look things up in the last one, as far as it is
    the same."""
    lines: list[Line] = []
    ends: list[End] = []
    for dump in dumps:
        ends = [*(end.apart(lines, dump.same) for end in ends), End()]
        lines[_upto(lines, dump.same) :] = dump.lines
    since = [dump.same for dump in dumps]
    trunk = Chronicle(lines, since=since[-1] if since else 0)
    logs = [
        Chronicle(end.lines, trunk=trunk, kept=end.kept, since=same)
        for end, same in zip(ends[:-1], since, strict=False)
    ]
    return [*logs, trunk]


def _upto(lines: Sequence[Line], at: int) -> int:
    """How many of these lines, which are in order, are not above a position."""
    return bisect_right(lines, at, key=lambda line: line.at)
