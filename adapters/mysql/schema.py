"""Which tables a database has, and creating ours in an empty one."""

import re
from collections.abc import Iterable
from importlib.resources import files

import attrs

from adapters.faults.startup_errors import StoreUnusable
from adapters.mysql.link import Link
from adapters.sql.version import check_version

_USER = ("id", "name", "password", "state")
_HAVE_A_ROW = ("schemaversion", "log", "logends")  # from the beginning
_RESTORE = "if it was restored from a backup, restore all of it"


def statements() -> list[str]:
    """The statements of schema.sql, in order."""
    text = files(__package__).joinpath("schema.sql").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    return [part.strip() for part in "\n".join(lines).split(";\n") if part.strip(" \n;")]


NAME = re.compile(r"(?<=CREATE TABLE IF NOT EXISTS )\w+")
# in the order in which schema.sql creates them: SchemaVersion last, so once it is there, all are
OUR_TABLES = tuple(found[0] for each in statements() if (found := NAME.search(each)))


@attrs.frozen
class Tables:
    """The tables of a database and their columns.

    Whether `user` and `User` are one table depends on the server (lower_case_table_names).
    """

    columns: dict[str, frozenset[str]]
    case_matters: bool

    def find(self, name: str) -> str | None:
        """The database's spelling of this table's name, None if there is no such table."""
        if self.case_matters:
            return name if name in self.columns else None
        spellings = (found for found in self.columns if found.lower() == name.lower())
        return next(spellings, None)

    def has(self, table: str, columns: Iterable[str]) -> bool:
        found = self.find(table)
        return found is not None and self.columns[found] >= set(columns)

    @property
    def ours(self) -> bool:
        """Whether our tables are here (an old `user` is not our `User`)."""
        return self.has("SchemaVersion", ["version"]) and self.has("User", ["id", "namekey"])

    @property
    def original(self) -> str | None:
        """The spelling of the C++ server's table of users here, None if there is none."""
        for name in ("user", "User"):
            found = self.find(name)
            if found and self.has(found, _USER) and not self.has(found, ["namekey"]):
                return found
        return None


async def tables(link: Link) -> Tables:
    """What the current database has."""
    columns: dict[str, set[str]] = {}
    for table, column in await link.rows(
        "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS"
        " WHERE TABLE_SCHEMA = DATABASE()"
    ):
        columns.setdefault(table, set()).add(column.lower())
    ((lower_case,),) = await link.rows("SELECT @@lower_case_table_names")
    found = {table: frozenset(names) for table, names in columns.items()}
    return Tables(found, case_matters=lower_case == 0)


async def check(link: Link, where: str) -> None:
    """Raise StoreUnusable unless the database has tables that this program knows."""
    found = await tables(link)
    if not found.ours:
        what, command = "no tables of the chat server", "init-db"
        if found.original:
            what, command = "tables of the C++ server", "upgrade-db"
        raise StoreUnusable(f"{where} has {what}; run python -m entrypoints.manage {command}")
    rows = await link.rows("SELECT version FROM SchemaVersion")
    check_version([version for (version,) in rows], where)
    if missing := [table for table in OUR_TABLES if not found.find(table)]:
        raise StoreUnusable(f"{where} has no table {', '.join(missing)}: {_RESTORE}")


async def create(link: Link, where: str) -> bool:
    """Create our tables, or the rest of them if that was interrupted; return whether anything was
    missing. Raises StoreUnusable beside others."""
    found = await tables(link)
    if found.original:
        raise StoreUnusable(f"{where} was made by the C++ server: run upgrade-db instead")
    complete = found.ours and await link.rows("SELECT 1 FROM SchemaVersion LIMIT 1")
    if not complete:
        await _require_unused(link, found, where)
        for statement in statements():
            await link.change(statement)
    await check(link, where)
    return not complete


async def _require_unused(link: Link, found: Tables, where: str) -> None:
    """Beside a part of a backup, no empty tables are made for the rest: new users would get the ids
    of those in the backup, and read what these have written."""
    table = await used(link, filter(None, map(found.find, OUR_TABLES)))
    if table:
        raise StoreUnusable(f"{where} has a {table} in use, but not all tables: {_RESTORE}")


async def used(link: Link, some: Iterable[str]) -> str | None:
    """The first of these tables with a row that was not there from the beginning."""
    for table in some:
        query = f"SELECT 1 FROM `{table}` LIMIT 1"  # noqa: S608  # one of our constants
        if table.lower() not in _HAVE_A_ROW and await link.rows(query):
            return table
    return None
