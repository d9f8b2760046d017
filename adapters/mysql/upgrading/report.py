"""What an upgrade changed and left out. It is kept in the database, in the table UpgradeReport."""

from collections import Counter
from collections.abc import Iterator

import attrs

TABLE = "UpgradeReport"
SHOWN = 20  # lines of each kind
LONGEST = 1_000  # characters of a line; the names in it can have any length
ORIGINAL = 65_536  # bytes of what was left out; the old tables have all of it

CREATE = f"""CREATE TABLE IF NOT EXISTS {TABLE} (
    number   INT         NOT NULL,
    about    VARCHAR(20) NOT NULL COMMENT 'which of the old tables',
    id       BIGINT      NULL     COMMENT 'of the user or group; the recipient of a message',
    what     TEXT        NOT NULL COMMENT 'what was done, and why',
    original MEDIUMBLOB  NULL     COMMENT 'the first {ORIGINAL} bytes of what was left out or cut',
    PRIMARY KEY (number)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
COMMENT 'what the upgrade from the C++ server changed and left out'"""


@attrs.frozen
class Line:
    about: str
    id: int | None
    what: str
    original: bytes | None = None

    def __str__(self) -> str:
        return f"{self.about} {'' if self.id is None else self.id}: {self.what}"


@attrs.define
class Report:
    """kept, lost: how many rows were taken over and left out, by kind. lines: the first of each
    kind. `unwritten` are all that `rows` has not returned yet."""

    lines: list[Line] = attrs.field(factory=list)
    kept: Counter[str] = attrs.field(factory=Counter)
    lost: Counter[str] = attrs.field(factory=Counter)
    unwritten: list[Line] = attrs.field(factory=list)
    _added: Counter[str] = attrs.field(factory=Counter)

    def add(self, about: str, number: int | None, what: str, original: bytes | None = None) -> None:
        if len(what) > LONGEST:
            what = f"{what[:LONGEST]}..."
        line = Line(about, number, what, original and original[:ORIGINAL])
        self.unwritten.append(line)
        self._added[about] += 1
        if self._added[about] <= SHOWN:
            self.lines.append(line)

    def rows(self) -> Iterator[tuple[int, str, int | None, str, str | None]]:
        """The unwritten lines, as rows of the table; to be read to the end."""
        lines, self.unwritten = self.unwritten, []
        for number, line in enumerate(lines, self._added.total() - len(lines) + 1):
            original = None if line.original is None else line.original.hex()
            yield number, line.about, line.id, line.what, original

    def summary(self) -> Iterator[str]:
        """For the operator who ran the upgrade."""
        yield "upgraded: " + ", ".join(f"{number} {what}" for what, number in self.kept.items())
        if self.lost:
            lost = sorted(self.lost.items())
            yield "left out: " + ", ".join(f"{what} ({number})" for what, number in lost)
        for line in self.lines:
            yield f"  {line}"
        if more := self._added.total() - len(self.lines):
            yield f"  and {more} more"
        if self.lines:
            yield f"all of this is in the table {TABLE}; the old tables are there as old_..."
