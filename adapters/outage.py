"""Saying once that something we depend on does not work, and once that it does again."""

import math
import time
from collections.abc import Callable

import structlog

log = structlog.get_logger()

TOLD_APART = 10.0  # seconds at least between two beginnings; what fails in part fails every moment


class Outage:
    """What has failed since it last worked. `what` it is that fails: "the database", say."""

    def __init__(self, what: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._what = what
        self._clock = clock
        self._failures = 0
        self._since = 0.0
        self._told = -math.inf  # when the beginning of one was told the last time
        self._is_told = False  # of the one that is now

    def failed(self, why: BaseException | None) -> None:
        """Something could not be done. The first time is logged as a warning."""
        now = self._clock()
        if not self._failures:
            self._since = now
        self._failures += 1
        if not self._is_told and now - self._told >= TOLD_APART:
            self._told, self._is_told = now, True
            unsaid = "no answer in time" if isinstance(why, TimeoutError) else type(why).__name__
            reason = str(why) or unsaid
            log.warning("outage", owner=None, what=self._what, why=reason)  # not its finder's own

    def worked(self) -> None:
        """Something was done. Costs next to nothing as long as all goes well."""
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
