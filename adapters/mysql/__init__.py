"""The store in MySQL 8 or MariaDB 10.11, which several nodes can share.

It also runs on Galera clusters, and keeps to what database clusters require: no foreign keys,
triggers or named locks, short transactions that can be repeated, a primary key on every table.
Every append writes the one row of Log: if several members take writes, one of them should take all
of ours.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from adapters.faults.startup_errors import StoreUnusable
from adapters.mysql.address import Address
from adapters.mysql.appending import Appender
from adapters.mysql.database import MySqlDatabase
from adapters.mysql.failures import Failure
from adapters.mysql.link import connect
from adapters.mysql.log import NAME, MySqlLog
from adapters.mysql.pool import Pool
from adapters.mysql.schema import check
from adapters.sql.store import sql_store
from chat_domain.ports.store import Store

__all__ = ["mysql_store"]

CONNECTING_TAKES = 10.0  # seconds at most, at the start
RENEWING_TAKES = 60.0  # seconds at most; it goes through all users and members
# Whatever limit the server gives statements. (MySQL has none for those that write, and is told what
# it was told before.)
_RENEWING = f"SET SESSION autocommit = 1 /*M! , max_statement_time = {RENEWING_TAKES:g} */"


@asynccontextmanager
async def mysql_store(url: str) -> AsyncIterator[Store]:
    """Open `mysql://user:password@host:port/database`, whose tables must exist.

    Options, after a `?` and separated by `&`: `unix_socket=/path`, `pool=8` (connections; besides
    these, the log has one to append by, and one to renew the epoch by), `ssl=true` (with the
    system's authorities) or `ssl_ca=/path/of/the/authority.pem`. Special characters in a name or a
    password are written as in any URL (`@` as `%40`).

    Raises StoreUnusable.
    """
    address = Address.parse(url)
    await _check(address)
    async with AsyncExitStack() as stack:
        pool = Pool(lambda: connect(address), address.pool)
        stack.push_async_callback(pool.close)
        # separate, so that a message does not wait behind a thousand logins
        appending = Pool(lambda: connect(address), 1, what="appending to the log")
        stack.push_async_callback(appending.close)
        renewing = Pool(lambda: connect(address, _RENEWING), 1, limit=RENEWING_TAKES)
        stack.push_async_callback(renewing.close)
        appender = Appender(appending)
        log = MySqlLog(pool, appender, renewing)
        stack.push_async_callback(log.close)
        depths = {NAME: log.depth, "mysql work": pool.depth}
        yield sql_store(MySqlDatabase(pool), log, appender.forget_pairs, depths)


async def _check(address: Address) -> None:
    try:
        async with asyncio.timeout(CONNECTING_TAKES):
            link = await connect(address)
            try:
                await check(link, str(address))
            finally:
                await link.close()
    except Failure as error:
        raise StoreUnusable(f"cannot use {address}: {error}") from error
    except TimeoutError as error:
        raise StoreUnusable(f"cannot use {address}: no answer in {CONNECTING_TAKES:g} s") from error
