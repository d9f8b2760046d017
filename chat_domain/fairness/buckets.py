"""Spending at a rate: the leaky bucket under every limit per second or per hour."""

from collections.abc import Sequence

import attrs


@attrs.define(eq=False, weakref_slot=False)
class Bucket:
    """Lets `rate` per second be spent, and up to `burst` at once. A rate of 0 is no limit.

    It has no timer: what has been paid off meanwhile is computed when something is spent.
    """

    _rate: float = 0
    _burst: float = 0
    _owed: float = attrs.field(default=0.0, init=False)
    _since: float = attrs.field(default=0.0, init=False)

    def set_rate(self, rate: float, burst: float) -> None:
        """Use these from now on. What is owed stays owed."""
        self._rate = rate
        self._burst = burst

    def spend(self, amount: float, now: float) -> float:
        """Spend in any case; return the seconds until what is owed is within the burst again."""
        if not self._rate:
            return 0.0
        self._pay_off(now)
        self._owed += amount
        return max(0.0, self._owed - self._burst) / self._rate

    def try_spend(self, amount: float, now: float) -> bool:
        """Spend if that is within the burst; return whether it was."""
        if not self._rate:
            return True
        self._pay_off(now)
        if self._owed + amount > self._burst:
            return False
        self._owed += amount
        return True

    @property
    def owes(self) -> bool:
        """Whether anything was still owed after the last spending."""
        return self._owed > 0

    def refund(self, amount: float) -> None:
        self._owed = max(0.0, self._owed - amount)

    def _pay_off(self, now: float) -> None:
        self._owed = max(0.0, self._owed - (now - self._since) * self._rate)
        self._since = now


@attrs.define(eq=False, weakref_slot=False)
class Pace:
    """Limits frames and bytes per second; `burst` seconds' worth may be sent at once."""

    _burst: float
    _frames: Bucket = attrs.field(factory=Bucket, init=False)
    _bytes: Bucket = attrs.field(factory=Bucket, init=False)

    def set_rates(self, frames: float, data: float) -> None:
        """Use these rates from now on. data: bytes."""
        self._frames.set_rate(frames, frames * self._burst)
        self._bytes.set_rate(data, data * self._burst)

    def spend(self, frames: float, data: int, now: float) -> float:
        """Spend in any case; return the seconds until that is made up for."""
        return max(self._frames.spend(frames, now), self._bytes.spend(data, now))


def try_spend_all(buckets: Sequence[Bucket], now: float) -> bool:
    """Spend 1 in each bucket, if all can afford it; return whether they could."""
    for position, bucket in enumerate(buckets):
        if not bucket.try_spend(1, now):
            for spent in buckets[:position]:
                spent.refund(1)
            return False
    return True
