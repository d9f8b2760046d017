"""Everybody has the same number of permits, and waits only for their own."""

import asyncio

from adapters.runtime.keyed_semaphore import KeyedSemaphore
from chat_domain.errors import TryAgain


class Crowd:
    """Tasks that keep their permits until they are told to leave. came: their names, in order."""

    def __init__(self, semaphore: KeyedSemaphore) -> None:
        self.semaphore = semaphore
        self.came: list[str] = []
        self.leave = asyncio.Event()

    def ask(self, who: str, name: str) -> asyncio.Task[None]:
        return asyncio.ensure_future(self._come(who, name))

    async def _come(self, who: str, name: str) -> None:
        async with self.semaphore.acquire(who):
            self.came.append(name)
            await self.leave.wait()


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_asks_for_more_than_their_permits_waits_and_nobody_else() -> None:
    """They get permits in the order of asking; those that no longer ask are forgotten."""
    crowd = Crowd(KeyedSemaphore(2))
    tasks = [crowd.ask("ann", f"ann {n}") for n in range(4)] + [crowd.ask("bob", "bob")]
    await turns()
    assert crowd.came == ["ann 0", "ann 1", "bob"]
    assert len(crowd.semaphore) == 2
    crowd.leave.set()
    await asyncio.gather(*tasks)
    assert crowd.came[3:] == ["ann 2", "ann 3"]
    assert len(crowd.semaphore) == 0


async def test_who_waits_too_often_is_refused() -> None:
    """Their waiting tasks go on, and others are not refused."""
    crowd = Crowd(KeyedSemaphore(1, waiting=2))
    tasks = [crowd.ask("ann", f"ann {n}") for n in range(3)]
    refused = crowd.ask("ann", "one too many")
    await turns()
    assert isinstance(refused.exception(), TryAgain)
    tasks.append(crowd.ask("bob", "bob"))
    crowd.leave.set()
    await asyncio.gather(*tasks)
    assert crowd.came == ["ann 0", "bob", "ann 1", "ann 2"]
    await crowd.ask("ann", "again")


async def test_who_gives_up_waiting_keeps_no_permit() -> None:
    """Nor does a task that fails with its permit."""
    crowd = Crowd(KeyedSemaphore(1))
    first, second = crowd.ask("ann", "first"), crowd.ask("ann", "second")
    await turns()
    for task in (second, first):
        task.cancel()
    await asyncio.wait([first, second])
    assert len(crowd.semaphore) == 0
    crowd.leave.set()
    await crowd.ask("ann", "third")
    assert crowd.came == ["first", "third"]


async def test_who_waits_too_long_is_refused() -> None:
    """The next one in line gets the permit once it is free."""
    crowd = Crowd(KeyedSemaphore(1, within=0.01))
    first, second = crowd.ask("ann", "first"), crowd.ask("ann", "second")
    await asyncio.wait([second])
    assert isinstance(second.exception(), TryAgain)
    third = crowd.ask("ann", "third")
    crowd.leave.set()
    await asyncio.gather(first, third)
    assert crowd.came == ["first", "third"]
    assert len(crowd.semaphore) == 0
