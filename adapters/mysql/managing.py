"""What an operator does to a database: creating the tables, and upgrading the C++ server's."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import tzinfo

from pymysql.err import MySQLError

from adapters.faults.startup_errors import StoreUnusable
from adapters.mysql.address import Address
from adapters.mysql.failures import Failure, reason
from adapters.mysql.link import Link, connect
from adapters.mysql.schema import create
from adapters.mysql.upgrade import Upgrade
from adapters.mysql.upgrading.report import Report

CONNECTING_TAKES = 10.0  # seconds at most
READ_WITHIN = 600  # seconds; what is read from an old table is written before more is read
IDLE_AT_MOST = 8 * 3600  # seconds; one connection may work for long while another waits


async def make_tables(url: str) -> bool:
    """Create our tables; return whether they were missing. Raises StoreUnusable."""
    address = Address.parse(url)
    async with _connected(address) as link:
        return await create(link, str(address))


async def upgrade_tables(url: str, zone: tzinfo | None = None) -> Report | None:
    """Turn the C++ server's tables into ours. Return None if that was done before.

    Raises StoreUnusable.
    """
    address = Address.parse(url)
    async with _connected(address) as link, _connected(address) as reading:
        now_ms = time.time_ns() // 1_000_000
        return await Upgrade(link, reading, str(address), now_ms, zone).run()


@asynccontextmanager
async def _connected(address: Address) -> AsyncIterator[Link]:
    """A connection without a time limit on its use; any failure of it becomes StoreUnusable."""
    try:
        async with asyncio.timeout(CONNECTING_TAKES):
            link = await connect(address)
    except (Failure, TimeoutError) as error:
        raise StoreUnusable(f"cannot use {address}: {str(error) or 'no answer'}") from error
    try:
        await link.change(
            f"SET SESSION wait_timeout = {IDLE_AT_MOST}, net_write_timeout = {READ_WITHIN}"
            " /*!80000 , max_execution_time = 0 */ /*M! , max_statement_time = 0 */"
        )
        yield link
    except (Failure, MySQLError) as error:
        raise StoreUnusable(
            f"{address}: {reason(error)}; nothing is lost; fix that and run it again"
        ) from error
    finally:
        await link.close()
