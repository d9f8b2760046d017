"""Saying once that something we depend on does not work, and once that it does again."""

import time

import structlog

log = structlog.get_logger()


class Outage:
    """What has failed since it last worked. `what` it is that fails: "the database", say."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._failures = 0
        self._since = 0.0

    def failed(self, why: BaseException | None) -> None:
        """Something could not be done. The first time is logged as a warning."""
        if not self._failures:
            self._since = time.monotonic()
            reason = str(why) or type(why).__name__
            log.warning("outage", owner=None, what=self._what, why=reason)  # not its finder's own
        self._failures += 1

    def worked(self) -> None:
        """Something was done. Costs next to nothing as long as all goes well."""
        if self._failures:
            lasted = round(time.monotonic() - self._since, 3)
            log.warning(
                "outage over",
                owner=None,
                what=self._what,
                seconds=lasted,
                failures=self._failures,
            )
            self._failures = 0
