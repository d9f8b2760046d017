"""What is asked for within one turn of the loop is done together."""

from collections.abc import Awaitable, Sequence

import pytest

from chat_domain.delivery.gathering import ENOUGH, Gathering
from tests.unit.fakes import ManualTasks, Ticket


class Hands:
    """Does what was gathered once a test lets it."""

    def __init__(self) -> None:
        self.tasks = ManualTasks()
        self.gathering = Gathering(self.do, self.tasks)
        self.begun: list[Sequence[int]] = []
        self.may_end: Ticket[None] = Ticket()
        self.waited_for: list[str] = []

    async def do(self, things: Sequence[int]) -> None:
        self.begun.append(things)
        await self.may_end

    def add_and_wait(self, who: str, *things: int) -> None:
        self.tasks.start(self._wait(who, self.gathering.add(things)))

    async def _wait(self, who: str, done: Awaitable[None]) -> None:
        await done
        self.waited_for.append(who)

    def end(self) -> None:
        self.may_end.settle(lambda: None)
        self.tasks.drain()


@pytest.fixture
def hands() -> Hands:
    return Hands()


def test_what_is_added_in_one_turn_is_done_at_once_in_its_order(hands: Hands) -> None:
    hands.add_and_wait("Ann", 1, 2)
    hands.add_and_wait("Bob", 3)
    hands.tasks.drain()
    assert hands.begun == [[1, 2, 3]]


def test_everybody_waits_until_it_is_done(hands: Hands) -> None:
    hands.add_and_wait("Ann", 1)
    hands.add_and_wait("Bob", 2)
    hands.tasks.drain()
    assert not hands.waited_for
    hands.end()
    assert hands.waited_for == ["Ann", "Bob"]


def test_what_comes_later_is_not_waited_for(hands: Hands) -> None:
    """It is begun beside what is under way."""
    hands.add_and_wait("Ann", 1)
    hands.tasks.drain()
    hands.add_and_wait("Bob", 2)
    hands.tasks.drain()
    assert hands.begun == [[1], [2]]


def test_so_much_is_not_done_at_once_that_the_first_would_wait_long(hands: Hands) -> None:
    for number in range(ENOUGH + 1):
        hands.add_and_wait("Ann", number)
    hands.tasks.drain()
    assert [len(things) for things in hands.begun] == [ENOUGH, 1]
    assert hands.begun[1] == [ENOUGH]
