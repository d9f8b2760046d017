"""Connections that are acquired for one piece of work each.

The rules:
1. There are at most `size` connections. A caller that finds all of them acquired waits for one.
2. A piece of work - waiting, connecting, asking, retrying - takes at most `limit` seconds in all.
   After that, or if the database cannot do it, it raises TryAgain. A stopped server costs its
   callers this time, and nobody waits behind them for longer than their own limit.
3. A connection returns to the pool after work that was done, or cleanly refused. After anything
   else (cancelled, timed out, failed) it is discarded, since an answer may still arrive on it that
   the next caller would take for its own.
4. If a connection turns out to be dead, its work is done again once, on a new one, and those that
   are idle in the pool are discarded: a server that was restarted has forgotten them all. A
   transaction is done again as well, as long as its COMMIT was not sent; after that only if it is
   `repeatable`, that is, if doing it twice is the same as doing it once.
5. Work that met a deadlock or a lock is done again from its start, at most `MAX_CONFLICTS` times.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar, TypeVarTuple

import attrs
from pymysql.err import MySQLError

from adapters.faults.outage import Outage
from adapters.mysql.failures import Conflict, ConnectionLost, Failure, InDoubt
from adapters.mysql.link import Link
from chat_domain.errors import ChatError, TryAgain

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

TIME_LIMIT = 4.0  # seconds
MAX_CONFLICTS = 5
CONFLICT_PAUSE = 0.02  # seconds, on average, before work that met a conflict is done again
STALE_AFTER = 120.0  # seconds idle after which a connection is no longer trusted


@attrs.frozen
class _IdleLink:
    link: Link
    since: float


class Pool:
    def __init__(
        self,
        connect: Callable[[], Awaitable[Link]],
        size: int,
        *,
        limit: float = TIME_LIMIT,
        what: str = "the database",
    ) -> None:
        """what: its name in the log of an outage."""
        self._connect = connect
        self._slots = asyncio.Semaphore(size)
        self._idle: list[_IdleLink] = []
        self._limit = limit
        self._closed = False
        self._in_progress = 0
        self._outage = Outage(what)

    async def read(self, work: Callable[[Link, *Ts], Awaitable[T]], *args: *Ts) -> T:
        """Run `work(link, *args)`, which changes nothing. Raises TryAgain."""
        return await self._within_limit(lambda link: work(link, *args))

    async def write(
        self, work: Callable[[Link, *Ts], Awaitable[T]], *args: *Ts, repeatable: bool = False
    ) -> T:
        """Run `work(link, *args)` as one transaction. repeatable: it may be done twice (rule 4).
        Raises TryAgain."""
        return await self._within_limit(
            lambda link: _transaction(link, lambda: work(link, *args)), repeatable=repeatable
        )

    def depth(self) -> int:
        """How many pieces of work are in progress or wait for a connection."""
        return self._in_progress

    async def close(self) -> None:
        """Close the idle connections, and each other one when it is returned."""
        self._closed = True
        idle, self._idle = self._idle, []
        await asyncio.gather(*(idle_link.link.close() for idle_link in idle))

    async def _within_limit(
        self, attempt: Callable[[Link], Awaitable[T]], *, repeatable: bool = False
    ) -> T:
        self._in_progress += 1
        try:
            async with asyncio.timeout(self._limit):
                result = await self._retry(attempt, repeatable=repeatable)
        except (Failure, TimeoutError) as error:
            self._outage.failed(error)
            raise TryAgain from error
        else:
            self._outage.worked()
            return result
        finally:
            self._in_progress -= 1

    async def _retry(self, attempt: Callable[[Link], Awaitable[T]], *, repeatable: bool) -> T:
        dead = conflicts = 0
        while True:
            try:
                async with self._acquired() as link:
                    return await attempt(link)
            except Conflict:
                conflicts += 1
                if conflicts > MAX_CONFLICTS:
                    raise
                await asyncio.sleep(random.uniform(0, 2 * CONFLICT_PAUSE))  # noqa: S311  # no secret
            except (ConnectionLost, InDoubt) as error:
                dead += 1
                if dead > 1 or (isinstance(error, InDoubt) and not repeatable):
                    raise
                self._discard_idle()

    @asynccontextmanager
    async def _acquired(self) -> AsyncIterator[Link]:
        async with self._slots:
            link = self._take_idle() or await self._connect()
            try:
                yield link
            except (ChatError, MySQLError, Conflict):  # cleanly refused
                self._release(link)
                raise
            except BaseException:
                link.abort()
                raise
            self._release(link)

    def _take_idle(self) -> Link | None:
        """The connection that became idle last, so that those that are not needed become stale."""
        while self._idle:
            idle_link = self._idle.pop()
            if asyncio.get_running_loop().time() - idle_link.since < STALE_AFTER:
                return idle_link.link
            idle_link.link.abort()
        return None

    def _release(self, link: Link) -> None:
        if self._closed:
            link.abort()
            return
        self._idle.append(_IdleLink(link, asyncio.get_running_loop().time()))

    def _discard_idle(self) -> None:
        while self._idle:
            self._idle.pop().link.abort()


async def _transaction(link: Link, work: Callable[[], Awaitable[T]]) -> T:
    await link.begin()
    try:
        result = await work()
        await link.commit()
    except (ChatError, MySQLError, Conflict):
        await link.rollback()
        raise
    return result
