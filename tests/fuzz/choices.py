"""Random choices that can be repeated, and changed a little."""

from collections.abc import Iterable
from random import Random
from typing import Self


class Choices(Random):
    """made: the numbers behind all choices so far, which determine the result.

    All methods of a Random use `random`, since `getrandbits` is not overridden with it.
    """

    def __init__(self, seed: int, again: Iterable[float] = ()) -> None:
        """again: the first numbers, from other choices; those after them come from the seed."""
        super().__init__(seed)
        self._again = list(again)
        self.made: list[float] = []

    def random(self) -> float:
        position = len(self.made)
        given = position < len(self._again)
        self.made.append(self._again[position] if given else super().random())
        return self.made[-1]

    def changed(self, seed: int) -> Self:
        """The same choices except for a few, until these lead somewhere else."""
        random, numbers = Random(seed), self.made.copy()
        for _ in range(random.choice([1, 1, 2, 4])):
            numbers[random.randrange(len(numbers))] = random.random()
        return type(self)(random.randrange(2**32), numbers)
