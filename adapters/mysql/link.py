"""One connection to the database.

Nothing here has a time limit: the driver has none for reading, and its limit for connecting does
not cover the server's greeting. Callers put a limit around a link (see `pool`).
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import attrs

from adapters.mysql.address import Address
from adapters.mysql.failures import (
    DRIVER_ERRORS,
    ConnectionLost,
    Failure,
    InDoubt,
    classified,
    reason,
)

try:
    import aiomysql
except OSError:  # Python 3.13: it asks for the name of the process's user, who has none
    os.environ["LOGNAME"] = "unknown"  # as it says for itself where that is a KeyError
    import aiomysql

GOODBYE_TAKES = 0.5  # seconds at most
STREAMED_AT_ONCE = 500  # rows
LONGEST_LIST = 16 * 1024 * 1024  # bytes of integers that are read as one row
HANGS_AFTER = 8  # seconds without a statement in a transaction; no caller waits for as long
IDLE_AT_MOST = 600  # seconds
NO_LIMIT = 2**64 - 1  # the default of sql_select_limit
NO_TLS = "the server does not offer TLS"
BAD_HANDSHAKE = 1043  # what MySQL answers if it does not; MariaDB lets the driver log in


_CONSISTENCY = (
    "IF(@@group_replication_consistency = 'EVENTUAL', 'BEFORE_ON_PRIMARY_FAILOVER',"
    " @@group_replication_consistency)"
)


# NAMES: a server may be configured to ignore the character set in the driver's greeting.
# sql_mode: without a strict one, values that do not fit are cut silently.
# autocommit: a server's init_connect may turn it off unheard by the driver, which relies on it.
# unique_checks: without, InnoDB may take in a second row with the same key, such as a copy's.
# completion_type: with another, each COMMIT ends the connection or begins a transaction.
# sql_safe_updates, sql_select_limit, sql_big_selects: what protects people who type statements
# would refuse ours, or cut what they find.
# innodb_lock_wait_timeout, lock_wait_timeout (of a whole table, as for an ALTER TABLE): in seconds;
# the servers' defaults are longer than any caller waits. MySQL does not notice that the caller has
# gone: each attempt would leave a connection behind.
# wait_timeout: in seconds; after it, the server drops a node that has vanished silently.
# idle_transaction_timeout: the same within a transaction, since a node that hangs may hold the lock
# of the log, for which all others wait. MySQL lacks it: there, every connection is dropped so soon,
# and the pool makes new ones. (Either server takes what is meant for the other for a comment.)
# net_write_timeout: the same if the server is in the middle of a long answer, which does not fit
# into the buffers of the sockets.
# group_replication_consistency: otherwise a new primary of MySQL's Group Replication may be read
# before it has applied all that the old one committed, and the log seems to have lost its end. All
# that an operator can set instead also makes it wait.
# group_concat_max_len: in bytes; a longer result would be cut, by default at 1 KiB in MySQL.
# READ COMMITTED: the default, REPEATABLE READ, also locks gaps between rows: more deadlocks, with
# no benefit here.
def _at_the_start() -> Sequence[str]:
    return (
        "SET NAMES utf8mb4",
        (
            "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION',"
            " autocommit = 1, unique_checks = 1, completion_type = 0,"
            f" sql_safe_updates = 0, sql_big_selects = 1, sql_select_limit = {NO_LIMIT},"
            " innodb_lock_wait_timeout = 1, lock_wait_timeout = 1,"
            f" wait_timeout = /*!80000 {HANGS_AFTER} */ /*M! {IDLE_AT_MOST} */,"
            f" net_write_timeout = {HANGS_AFTER},"
            f" group_concat_max_len = {LONGEST_LIST}"
            f" /*M! , idle_transaction_timeout = {HANGS_AFTER} */"
            f" /*!80014 , group_replication_consistency = {_CONSISTENCY} */"
        ),
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    )


# A member of a Galera cluster may not have applied yet what another has committed when a node that
# was told of it asks for it: the log would seem to have lost its end. So each read waits until the
# member has applied all that was committed when the read began (1), besides what its settings make
# wait anyway.
_IS_GALERA = "SHOW VARIABLES WHERE Variable_name = 'wsrep_on' AND Value = 'ON'"
_WAIT_FOR_OTHERS = "SET SESSION wsrep_sync_wait = @@wsrep_sync_wait | 1"


class _Quiet:
    """Does not query the warnings of each answer, and makes no Python warnings of them: servers'
    remarks on our statements differ from version to version."""

    async def _show_warnings(self, _connection: Any) -> None:
        return


class _Cursor(_Quiet, aiomysql.Cursor):  # type: ignore[misc]  # it has no types
    pass


class _StreamCursor(_Quiet, aiomysql.SSCursor):  # type: ignore[misc]  # it has no types
    pass


@attrs.frozen
class ChangeResult:
    """What a statement has changed."""

    rows: int
    last_id: int


class Link:
    """Raises Failure; errors about a statement itself are the driver's."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def rows(self, sql: str, args: Sequence[Any] = ()) -> list[Any]:
        with self._classified():
            cursor = await self._execute(sql, args)
            return list(await cursor.fetchall())

    async def stream(self, sql: str) -> AsyncIterator[tuple[Any, ...]]:
        """The rows one by one, for tables of any size. To be read to the end."""
        with self._classified():
            cursor = await self._connection.cursor(_StreamCursor)
            await cursor.execute(sql)
            while some := await cursor.fetchmany(STREAMED_AT_ONCE):
                for row in some:
                    yield row

    async def change(self, sql: str, args: Sequence[Any] = ()) -> ChangeResult:
        with self._classified():
            cursor = await self._execute(sql, args)
            return ChangeResult(cursor.rowcount, cursor.lastrowid)

    async def begin(self) -> None:
        with self._classified():
            await self._connection.begin()

    async def commit(self) -> None:
        """Raises InDoubt if nobody can tell whether it is committed."""
        try:
            with self._classified():
                await self._connection.commit()
        except ConnectionLost as error:
            raise InDoubt(str(error)) from error

    async def rollback(self) -> None:
        with self._classified():
            await self._connection.rollback()

    def abort(self) -> None:
        """End it at once, whatever its state, and discard what was not sent yet."""
        writer = self._connection._writer  # noqa: SLF001  # its close() would wait for the server
        if writer is not None:
            writer.transport.abort()
        self._connection.close()

    async def close(self) -> None:
        """End it cleanly, or, if that fails, at once."""
        with suppress(Failure, TimeoutError):
            async with asyncio.timeout(GOODBYE_TAKES):
                with self._classified():
                    await self._connection.ensure_closed()
        self.abort()

    async def _execute(self, sql: str, args: Sequence[Any]) -> Any:
        cursor = await self._connection.cursor(_Cursor)
        await cursor.execute(sql, tuple(args) or None)
        return cursor

    @contextmanager
    def _classified(self) -> Iterator[None]:
        try:
            yield
        except DRIVER_ERRORS as error:
            raise classified(error, closed=self._connection.closed) from error
        except RuntimeError as error:  # uvloop's for writing to a connection that was reset
            if not self._connection._writer.transport.is_closing():  # noqa: SLF001  # as in `abort`
                raise
            raise ConnectionLost("the connection was reset") from error


async def connect(address: Address, *settings: str) -> Link:
    """A new connection. settings: statements that it begins with, after those for all connections.
    Raises Failure."""
    try:
        link = Link(await _connect(address))
    except (*DRIVER_ERRORS, RuntimeError) as error:  # or no authentication method
        without_tls = address.tls is not None and error.args[:1] == (BAD_HANDSHAKE,)
        raise Failure(NO_TLS if without_tls else reason(error)) from error
    try:
        _require_encryption(link, address)
        await _set_up(link, settings)
    except BaseException:
        link.abort()
        raise
    return link


async def _connect(address: Address) -> Any:
    return await aiomysql.connect(
        host=address.host,
        port=address.port,
        unix_socket=address.unix_socket,
        user=address.user,
        # the driver encodes it as latin1, and the server has hashed its UTF-8
        password=address.password.encode().decode("latin1"),
        db=address.database,
        ssl=address.tls,
        charset="utf8mb4",
        autocommit=True,
    )


async def _set_up(link: Link, settings: Sequence[str]) -> None:
    for statement in (*_at_the_start(), *settings):
        await link.change(statement)
    if await link.rows(_IS_GALERA):
        await link.change(_WAIT_FOR_OTHERS)


def _require_encryption(link: Link, address: Address) -> None:
    """The driver continues in plain text with a server that offers no TLS."""
    writer = link._connection._writer  # noqa: SLF001  # the driver has no method for that
    if address.tls is not None and writer.get_extra_info("ssl_object") is None:
        raise Failure(NO_TLS)
