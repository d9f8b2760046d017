"""Turns a database that the C++ server made into one of ours, in place.

It can be interrupted anywhere (connection, process, the database's machine) and run again:

1. The old tables are only read. New ones are created beside them under names of their own
   (`new_User` and so on) and filled. Nothing else uses these, so a run that was interrupted here
   has done nothing: the next one drops them and begins from the start.
2. When all of them are complete, one RENAME TABLE renames the old ones to `old_user` and so on, and
   the new ones to their final names. Both MySQL 8 and MariaDB 10.11 do that completely or not at
   all. If it is done in part nevertheless, the next run finds an old table under its backup's name,
   and so knows that all new ones are complete: it renames the rest. SchemaVersion, without which no
   server starts, is renamed last.
3. A run that finds SchemaVersion has nothing to do.

It makes no difference whether the server takes `user` and `User` for the same table. No column or
row of the old tables is ever changed; to go back, rename them back (docs/upgrade.md).
"""

from contextlib import suppress
from datetime import tzinfo

import attrs
from pymysql.err import MySQLError

from adapters.faults.startup_errors import StoreUnusable
from adapters.mysql.failures import Conflict, Failure
from adapters.mysql.link import Link
from adapters.mysql.schema import Tables, check, statements, tables, used
from adapters.mysql.upgrading.filling import Filling
from adapters.mysql.upgrading.messages import Reader
from adapters.mysql.upgrading.names import OURS, Names, create_staging, staging
from adapters.mysql.upgrading.old_tables import OldTables
from adapters.mysql.upgrading.report import CREATE, Report
from adapters.sql.version import VERSION

LOCK = "SELECT GET_LOCK(CONCAT('upgrade ', LEFT(DATABASE(), 50)), %s)"
LOCK_WITHIN = 10  # seconds; the database may still be busy with an interrupted run
WAIT = 20  # seconds for clients that use an old table


@attrs.frozen
class Upgrade:
    """One run over the current database.

    link, reading: two connections to it.
    where: its name in messages.
    now_ms: the time, UTC; what is found in the old tables counts as older.
    zone: that of the times in offline messages; None for this machine's.
    """

    link: Link
    reading: Link
    where: str
    now_ms: int
    zone: tzinfo | None = None

    async def run(self) -> Report | None:
        """Return what was done, None if everything was done before. Raises StoreUnusable."""
        for link in (self.link, self.reading):
            await link.change(f"SET SESSION lock_wait_timeout = {WAIT}")
        await _lock(self.link, self.where)
        found = await tables(self.link)
        if found.ours and not found.original:
            await check(self.link, self.where)
            return None
        report = Report()
        if not await _is_partly_renamed(self.link, Names(found)):
            report = await self._stage(Names(found))
        await _rename(self.link, self.where)
        await check(self.link, self.where)
        return report

    async def _stage(self, names: Names) -> Report:
        """Create and fill all new tables."""
        if not names.found.original:
            raise StoreUnusable(f"{self.where} has no tables of the C++ server to be upgraded")
        if names.backups():
            backups = ", ".join(names.backups())
            raise StoreUnusable(f"{self.where} has backups of an earlier upgrade: {backups}")
        await _drop_leftovers(self.link, names, self.where)
        await _create(self.link, names.found)
        old = OldTables(self.reading, names)
        await old.read_charsets()
        before = await old.count()
        filling = Filling(self.link, old, Reader(self.now_ms, self.zone))
        await filling.fill()
        await _continue_ids(self.link, old)
        if await old.count() != before:
            raise StoreUnusable(f"somebody writes to {self.where}: stop all C++ servers first")
        await self.link.change(
            f"INSERT INTO {staging('SchemaVersion')} VALUES (%s)",  # noqa: S608  # a constant
            (VERSION,),
        )
        return filling.report


async def _lock(link: Link, where: str) -> None:
    """Two upgrades at the same time would fill each other's tables."""
    with suppress(Failure, MySQLError):  # not every cluster has such locks
        ((got,),) = await link.rows(LOCK, (LOCK_WITHIN,))
        if got == 0:
            raise StoreUnusable(f"another upgrade of {where} is running")


async def _is_partly_renamed(link: Link, names: Names) -> bool:
    """Whether the users' table, the first one, is renamed, and the new tables were complete."""
    complete = names.found.find(staging("SchemaVersion"))
    if names.found.original or not names.backups() or not complete:
        return False
    return bool(await link.rows(f"SELECT version FROM `{complete}`"))  # noqa: S608  # a constant


async def _continue_ids(link: Link, old: OldTables) -> None:
    """Keep ids of deleted users and groups from being assigned again."""
    for ours in ("User", "AllGroup"):
        number = await old.next_id(ours)
        await link.change(f"ALTER TABLE {staging(ours)} AUTO_INCREMENT = {number}")


async def _drop_leftovers(link: Link, names: Names, where: str) -> None:
    """schema.sql may have been run beside the old tables. If its tables are unused, drop them."""
    leftovers = names.leftovers()
    if table := await used(link, leftovers):
        raise StoreUnusable(f"{where} has old tables and a new {table} that is in use")
    for table in leftovers:
        await link.change(f"DROP TABLE `{table}`")


async def _create(link: Link, found: Tables) -> None:
    for ours in OURS:
        if table := found.find(staging(ours)):
            await link.change(f"DROP TABLE `{table}`")
    for statement in (*statements(), CREATE):
        if statement.startswith("CREATE TABLE"):
            await link.change(create_staging(statement))


async def _rename(link: Link, where: str) -> None:
    renames = Names(await tables(link)).renames()
    listed = ", ".join(f"`{old}` TO `{new}`" for old, new in renames)
    try:
        await link.change(f"RENAME TABLE {listed}")
    except Conflict as error:
        raise StoreUnusable(f"somebody uses the tables of {where}: stop all C++ servers") from error
