"""How long to wait before the next attempt."""

import random

import attrs


@attrs.define
class Backoff:
    """Delays in seconds that double from `first` to `longest`, each cut at random by up to a half.

    Randomness keeps the clients of a failed server from coming back all at once.
    """

    first: float
    longest: float
    _random: random.Random
    _doublings: int = 0

    def next(self) -> float:
        full = min(self.longest, self.first * 2.0**self._doublings)
        if full < self.longest:
            self._doublings += 1
        return full * self._random.uniform(0.5, 1.0)

    def reset(self) -> None:
        self._doublings = 0
