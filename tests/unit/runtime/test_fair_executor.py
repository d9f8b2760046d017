"""Hashing in turns: an origin that fills the queue waits behind its own jobs."""

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from adapters.runtime import fair_executor
from adapters.runtime.fair_executor import Askers, FairExecutor
from chat_domain.errors import TryAgain


def before_the_dot(origin: str) -> list[str]:
    """The networks of an origin: site.1 and site.2, for example, are both in `site`."""
    site, dot, _ = origin.partition(".")
    return [site, origin] if dot else [origin]


class Bench:
    """One hand that works while the gate is open, and notes for which origin."""

    def __init__(self, executor: ThreadPoolExecutor, waiting: int) -> None:
        self.gate = threading.Event()
        self.done: list[str] = []
        self.refusals = 0
        askers = Askers(before_the_dot, lambda origin: origin.startswith("known"), lambda: 3)
        self.executor = FairExecutor(
            executor, hands=1, waiting=lambda: waiting, refused=self._refused, askers=askers
        )

    def _refused(self) -> None:
        self.refusals += 1

    def ask(self, origin: str) -> "asyncio.Task[None]":
        def work() -> None:
            self.gate.wait()
            self.done.append(origin)

        return asyncio.ensure_future(self.executor.run(work, origin))


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    with ThreadPoolExecutor(1) as executor:
        bench = Bench(executor, waiting=10)
        yield bench
        bench.gate.set()


async def finished(jobs: list["asyncio.Task[None]"]) -> list[bool]:
    """Wait until all have ended; return which of them were refused."""
    results = await asyncio.gather(*jobs, return_exceptions=True)
    return [isinstance(result, TryAgain) for result in results]


async def test_origins_take_turns(bench: Bench) -> None:
    """A job of another origin waits behind one of the flood's jobs, not behind all."""
    jobs = [bench.ask("flood") for _ in range(5)] + [bench.ask("somebody")]
    await asyncio.sleep(0)
    bench.gate.set()
    await asyncio.gather(*jobs)
    assert bench.done == ["flood", "flood", "somebody", "flood", "flood", "flood"]


async def test_an_origin_fills_half_the_queue(bench: Bench) -> None:
    """After that it is told to try again, and others find room."""
    jobs = [bench.ask("flood") for _ in range(20)]
    await asyncio.sleep(0)
    other = bench.ask("somebody")
    bench.gate.set()
    refused = await finished(jobs)
    await other
    assert sum(refused) == bench.refusals == 14  # one is under way, five wait


async def test_all_together_fill_the_queue(bench: Bench) -> None:
    """They get no more than that, however many they are."""
    jobs = [bench.ask(f"origin {number}") for number in range(20)]
    await asyncio.sleep(0)
    bench.gate.set()
    assert sum(await finished(jobs)) == 9


async def test_who_has_gone_is_not_worked_for(bench: Bench) -> None:
    """A job that was cancelled while it waited is skipped."""
    first, second, third = (bench.ask(name) for name in ("first", "second", "third"))
    await asyncio.sleep(0)
    second.cancel()
    bench.gate.set()
    await asyncio.gather(first, second, third, return_exceptions=True)
    assert bench.done == ["first", "third"]


async def test_a_failure_is_its_asker_s(bench: Bench) -> None:
    """The next job has its turn all the same."""

    def fail() -> None:
        raise ZeroDivisionError

    bench.gate.set()
    with pytest.raises(ZeroDivisionError):
        await bench.executor.run(fail, "somebody")
    await bench.ask("somebody")
    assert bench.done == ["somebody"]


async def test_a_few_floods_keep_nobody_out(bench: Bench) -> None:
    """A full queue makes room for an origin that has less in it than the largest has."""
    floods = [bench.ask(f"flood {number % 2}") for number in range(11)]
    await asyncio.sleep(0)
    somebody = bench.ask("somebody")
    await asyncio.sleep(0)
    bench.gate.set()
    refused = await finished(floods)
    await somebody
    assert sum(refused) == bench.refusals == 1
    assert bench.done.index("somebody") <= 3


async def test_a_wide_network_has_turns_like_any_other(bench: Bench) -> None:
    """This holds however many narrow ones are in it; these take turns among themselves."""
    jobs = [bench.ask(name) for name in ("site.1", "site.1", "site.2", "site.3", "somebody")]
    await asyncio.sleep(0)
    bench.gate.set()
    await asyncio.gather(*jobs)
    assert bench.done == ["site.1", "site.1", "somebody", "site.2", "site.3"]


async def test_a_wide_network_fills_half_the_queue(bench: Bench) -> None:
    """This holds whichever of its narrow ones ask."""
    jobs = [bench.ask(f"site.{number}") for number in range(20)]
    await asyncio.sleep(0)
    other = bench.ask("somebody")
    bench.gate.set()
    refused = await finished(jobs)
    await other
    assert sum(refused) == 14


async def test_a_network_makes_room_for_who_has_less_in_it(bench: Bench) -> None:
    """Two sites fill the queue; within each, the larger part gives way to the smaller."""
    greedy = [bench.ask(f"site {number % 2}.1") for number in range(11)]
    await asyncio.sleep(0)
    modest = bench.ask("site 1.2")
    await asyncio.sleep(0)
    bench.gate.set()
    refused = await finished(greedy)
    await modest
    assert sum(refused) == 1


async def test_many_with_one_job_each_keep_no_known_one_out(bench: Bench) -> None:
    """Three of ten places are for known origins, which also have every other turn."""
    crowd = [bench.ask(f"origin {number}") for number in range(11)]
    await asyncio.sleep(0)
    known = [bench.ask(f"known {number}") for number in range(4)]
    await asyncio.sleep(0)
    bench.gate.set()
    assert await finished(known) == [False, False, False, True]
    assert sum(await finished(crowd)) == 3
    assert bench.done.index("known 2") <= 6


async def test_many_known_ones_keep_no_other_out(bench: Bench) -> None:
    """They may have all places as long as nobody else needs one."""
    crowd = [bench.ask(f"known {number}") for number in range(11)]
    await asyncio.sleep(0)
    others = [bench.ask(f"origin {number}") for number in range(7)]
    await asyncio.sleep(0)
    bench.gate.set()
    assert not any(await finished(others))
    assert sum(await finished(crowd)) == 7


async def test_known_ones_have_every_other_turn_and_no_more(bench: Bench) -> None:
    """This holds however many of them wait."""
    crowd = [bench.ask(f"known {number}") for number in range(8)]
    others = [bench.ask(f"origin {number}") for number in range(3)]
    await asyncio.sleep(0)
    bench.gate.set()
    await asyncio.gather(*crowd, *others)
    assert bench.done.index("origin 2") <= 6


@pytest.mark.parametrize("kind", ["known", "origin"])
async def test_who_has_had_many_turns_makes_room(bench: Bench, kind: str) -> None:
    """This decides if all have one job. So a crowd that has been there for a while does not keep
    out an origin that comes for the first time."""
    bench.gate.set()
    for first in (0, 6):
        await asyncio.gather(*(bench.ask(f"{kind} {first + number}") for number in range(6)))
    bench.gate.clear()
    crowd = [bench.ask(f"{kind} {number}") for number in range(11)]
    await asyncio.sleep(0)
    somebody = [bench.ask(f"{kind} who is new")]
    await asyncio.sleep(0)
    one_of_the_crowd = [bench.ask(f"{kind} 11")]
    await asyncio.sleep(0)
    bench.gate.set()
    assert await finished(somebody) == [False]
    assert await finished(one_of_the_crowd) == [True]
    assert sum(await finished(crowd)) == 1


async def test_turns_are_forgotten(monkeypatch: pytest.MonkeyPatch, bench: Bench) -> None:
    """They are after a while, or when there are too many to remember."""
    monkeypatch.setattr(fair_executor, "NETWORKS", 1)
    bench.gate.set()
    await asyncio.gather(*(bench.ask(f"origin {number}") for number in range(5)))
    lately = bench.executor._lately
    assert [lately.turns(f"origin {number}") for number in range(5)] == [0, 0, 0, 1, 1]
