"""Logging once that a service we depend on has failed, and once that it works again."""

import math
import time
from collections.abc import Callable

import structlog

log = structlog.get_logger()

TOLD_APART = 10.0  # seconds at least between two beginnings; a half-broken service fails often


class Outage:
    """The failures of a service since it last worked. what: its name, such as "the database"."""

    def __init__(self, what: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._what = what
        self._clock = clock
        self._failures = 0
        self._since = 0.0
        self._told = -math.inf  # when a beginning was last logged
        self._is_told = False  # whether the beginning of the present outage was logged

    def failed(self, why: BaseException | None) -> None:
        """The service has failed. The first failure is logged as a warning."""
        now = self._clock()
        if not self._failures:
            self._since = now
        self._failures += 1
        if not self._is_told and now - self._told >= TOLD_APART:
            self._told, self._is_told = now, True
            otherwise = "no answer in time" if isinstance(why, TimeoutError) else type(why).__name__
            reason = str(why) or otherwise
            log.warning("outage", owner=None, what=self._what, why=reason)  # not just this owner's

    def worked(self) -> None:
        """The service has worked. Costs next to nothing if it worked before, too."""
        if not self._failures:
            return
        if self._is_told:
            log.warning(
                "outage over",
                owner=None,
                what=self._what,
                seconds=round(self._clock() - self._since, 3),
                failures=self._failures,
            )
        self._failures, self._is_told = 0, False
