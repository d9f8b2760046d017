"""Marks that others are still to be told."""

from collections.abc import Mapping

import pytest

from chat_domain.log.untold import Untold
from tests.unit.world import World


class Teller:
    """Tells marks, each of which weighs 1, and remembers the conversations."""

    def __init__(self, world: World) -> None:
        self.untold = Untold[str](world.tasks, lambda _whose, _conv: 1, self.tell)
        self.told: list[list[int]] = []
        self.failing = False

    def tell(self, _whose: str, marks: Mapping[int, int]) -> None:
        if self.failing:
            self.failing = False
            raise ZeroDivisionError
        self.told.append([*marks])

    def marks(self, *convs: int) -> None:
        self.untold.marks["ann"] |= dict.fromkeys(convs, 9)


@pytest.fixture
def teller(world: World) -> Teller:
    return Teller(world)


def test_while_some_wait_no_more_are_told_in_a_turn(world: World, teller: Teller) -> None:
    """The clock may tick again before all of them are told."""
    teller.marks(1, 2, 3, 4, 5)
    for _ in range(3):
        teller.untold.tell_all(2)
    assert teller.told == [[1, 2]]
    world.tasks.turn()
    assert teller.told == [[1, 2], [3, 4]]
    world.tasks.drain()
    assert teller.told == [[1, 2], [3, 4], [5]]


def test_what_is_told_elsewhere_meanwhile_is_not_told_again(world: World, teller: Teller) -> None:
    """Nobody is told of nothing, either."""
    teller.marks(1, 2, 3)
    teller.untold.tell_all(2)
    del teller.untold.marks["ann"]
    world.tasks.drain()
    assert teller.told == [[1, 2]]


def test_a_defect_while_marks_are_told_keeps_the_others_from_nobody(
    world: World, teller: Teller
) -> None:
    """Otherwise nobody would be told anything any more."""
    teller.marks(1, 2, 3)
    teller.failing = True
    with pytest.raises(ZeroDivisionError):
        teller.untold.tell_all(2)
    world.tasks.drain()
    assert teller.told == [[3]]
