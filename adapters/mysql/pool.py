"""Connections that are lent for one piece of work each.

The rules:
1. There are at most `size` connections. A caller that finds all of them lent waits for one.
2. A piece of work - waiting, connecting, asking, retrying - takes at most `limit` seconds in all.
   After that, or if the database cannot do it, it raises TryAgain. A stopped server costs its
   callers this time, and nobody waits behind them for longer than their own limit.
3. A connection returns to the pool after work that was done, or refused in good order. After
   anything else (cancelled, timed out, trouble) it is discarded, since an answer may still arrive
   on it that the next caller would take for its own.
4. If a connection turns out to be dead, its work is done again once, on a new one, and those that
   rest in the pool are discarded: a server that was restarted has forgotten them all. A transaction
   is done again as well, as long as its COMMIT was not sent; after that only if it is `repeatable`,
   that is, if doing it twice is the same as doing it once.
5. Work that met a deadlock or a lock is done again from its start, at most `CONFLICTS` times.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Concatenate, ParamSpec, TypeVar

import attrs
from pymysql.err import MySQLError

from adapters.mysql.link import Link
from adapters.mysql.trouble import Conflict, InDoubt, Lost, Trouble
from adapters.outage import Outage
from chat_domain.errors import ChatError, TryAgain

P = ParamSpec("P")
T = TypeVar("T")

LIMIT = 4.0  # seconds
CONFLICTS = 5
PAUSE = 0.02  # seconds, on average, before work that met a conflict is done again
STALE = 120.0  # seconds of rest after which a connection is no longer trusted


@attrs.frozen
class _Resting:
    link: Link
    since: float


class Pool:
    def __init__(
        self,
        connect: Callable[[], Awaitable[Link]],
        size: int,
        *,
        limit: float = LIMIT,
        what: str = "the database",
    ) -> None:
        """what: its name in the log of an outage."""
        self._connect = connect
        self._slots = asyncio.Semaphore(size)
        self._resting: list[_Resting] = []
        self._limit = limit
        self._closed = False
        self._under_way = 0
        self._outage = Outage(what)

    async def read(
        self, work: Callable[Concatenate[Link, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work(link, ...)`, which changes nothing. Raises TryAgain."""
        return await self._within_limit(lambda link: work(link, *args, **kwargs))

    async def write(
        self, work: Callable[Concatenate[Link, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work(link, ...)` as one transaction. Raises TryAgain."""
        return await self._within_limit(
            lambda link: _transaction(link, lambda: work(link, *args, **kwargs))
        )

    async def write_repeatable(
        self, work: Callable[Concatenate[Link, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The same for work that may be done twice (rule 4)."""
        return await self._within_limit(
            lambda link: _transaction(link, lambda: work(link, *args, **kwargs)),
            repeatable=True,
        )

    def depth(self) -> int:
        """How many pieces of work are in progress or wait for a connection."""
        return self._under_way

    async def close(self) -> None:
        """Close the connections that rest, and each other one when it is returned."""
        self._closed = True
        resting, self._resting = self._resting, []
        await asyncio.gather(*(rest.link.close() for rest in resting))

    async def _within_limit(
        self, attempt: Callable[[Link], Awaitable[T]], *, repeatable: bool = False
    ) -> T:
        self._under_way += 1
        try:
            async with asyncio.timeout(self._limit):
                result = await self._persevere(attempt, repeatable=repeatable)
        except (Trouble, TimeoutError) as error:
            self._outage.failed(error)
            raise TryAgain from error
        else:
            self._outage.worked()
            return result
        finally:
            self._under_way -= 1

    async def _persevere(self, attempt: Callable[[Link], Awaitable[T]], *, repeatable: bool) -> T:
        dead = conflicts = 0
        while True:
            try:
                async with self._lent() as link:
                    return await attempt(link)
            except Conflict:
                conflicts += 1
                if conflicts > CONFLICTS:
                    raise
                await asyncio.sleep(random.uniform(0, 2 * PAUSE))  # noqa: S311  # no secret
            except (Lost, InDoubt) as error:
                dead += 1
                if dead > 1 or (isinstance(error, InDoubt) and not repeatable):
                    raise
                self._throw_away_resting()

    @asynccontextmanager
    async def _lent(self) -> AsyncIterator[Link]:
        async with self._slots:
            link = self._rested() or await self._connect()
            try:
                yield link
            except (ChatError, MySQLError, Conflict):  # refused in good order
                self._give_back(link)
                raise
            except BaseException:
                link.abort()
                raise
            self._give_back(link)

    def _rested(self) -> Link | None:
        """The connection that rested last, so that those that are not needed become stale."""
        while self._resting:
            rest = self._resting.pop()
            if asyncio.get_running_loop().time() - rest.since < STALE:
                return rest.link
            rest.link.abort()
        return None

    def _give_back(self, link: Link) -> None:
        if self._closed:
            link.abort()
            return
        self._resting.append(_Resting(link, asyncio.get_running_loop().time()))

    def _throw_away_resting(self) -> None:
        while self._resting:
            self._resting.pop().link.abort()


async def _transaction(link: Link, work: Callable[[], Awaitable[T]]) -> T:
    await link.begin()
    try:
        result = await work()
        await link.commit()
    except (ChatError, MySQLError, Conflict):
        await link.rollback()
        raise
    return result
