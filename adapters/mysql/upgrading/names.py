"""The names of the tables before, during and after an upgrade."""

import attrs

from adapters.mysql.schema import NAME, OUR_TABLES, Tables
from adapters.mysql.upgrading.report import TABLE as REPORT

# Our names, which are those of the C++ server's documentation, and the server's own.
ORIGINALS = {
    "User": "user",
    "Friend": "friend",
    "AllGroup": "allgroup",
    "GroupUser": "groupuser",
    "OfflineMessage": "offlinemessage",
}
OURS = (REPORT, *OUR_TABLES)


def staging(ours: str) -> str:
    return f"new_{ours}"


def backup(ours: str) -> str:
    return f"old_{ORIGINALS[ours]}"


def create_staging(statement: str) -> str:
    """One of our CREATE TABLE statements, for the staging table instead."""
    return NAME.sub(lambda match: staging(match[0]), statement, count=1)


@attrs.frozen
class Names:
    """Which of these tables exist."""

    found: Tables

    def source(self, ours: str) -> str | None:
        """The old table, in the database's spelling. Some were created with the names in the C++
        server's documentation, which are ours; these are meant if there are none in lower case."""
        lower = self.found.find(ORIGINALS[ours])
        return lower or (self.found.find(ours) if self.found.original == "User" else None)

    def backups(self) -> list[str]:
        return [name for ours in ORIGINALS if (name := self.found.find(backup(ours)))]

    def leftovers(self) -> list[str]:
        """Tables of ours beside the old ones, made by schema.sql before the upgrade."""
        sources = {self.source(ours) for ours in ORIGINALS}
        spelled = {self.found.find(ours) for ours in OURS}
        return sorted(name for name in spelled - sources if name)

    def renames(self) -> list[tuple[str, str]]:
        """The renames still to be done once all staging tables are complete, in order.

        This can be asked again wherever the renaming was interrupted: an old table is left alone
        once its backup exists, and a new one once it has its final name.
        """
        waiting = [ours for ours in OURS if self.found.find(staging(ours))]
        away = [
            (spelled, backup(ours))
            for ours in ORIGINALS
            if (ours in waiting or ours not in OURS) and not self.found.find(backup(ours))
            for spelled in [self.found.find(ORIGINALS[ours]) or self.found.find(ours)]
            if spelled
        ]
        return away + [(staging(ours), ours) for ours in waiting]
