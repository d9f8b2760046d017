"""Random choices that can be made again, and changed a little."""

from collections.abc import Iterable
from random import Random
from typing import Self


class Choices(Random):
    """made: the numbers behind all choices so far. They determine what is made of them.

    All methods of a Random go back to `random`, since `getrandbits` is not overridden with it.
    """

    def __init__(self, seed: int, again: Iterable[float] = ()) -> None:
        """again: the first numbers, those of other choices; what follows comes from the seed."""
        super().__init__(seed)
        self._again = list(again)
        self.made: list[float] = []

    def random(self) -> float:
        position = len(self.made)
        given = position < len(self._again)
        self.made.append(self._again[position] if given else super().random())
        return self.made[-1]

    def changed(self, seed: int) -> Self:
        """The same choices but for a few, up to where these lead somewhere else."""
        random, numbers = Random(seed), self.made.copy()
        for _ in range(random.choice([1, 1, 2, 4])):
            numbers[random.randrange(len(numbers))] = random.random()
        return type(self)(random.randrange(2**32), numbers)
