"""Failed logins, and the waiting that they cost.

Rules:
1. Every attempt is counted as failed when it begins, so that many at once gain nothing. One that
   succeeds, or that was not tried because the server is busy, is taken back.
2. A pair of account and address has some attempts free. Then each reserves a moment for itself,
   with pauses between them that double up to LONGEST_PAUSE. Who would have to wait for longer than
   LONGEST_WAIT is refused, and that counts for nothing.
3. An account has an allowance over all addresses as well. Beyond it an attempt waits, but never for
   longer than LONGEST_FOR_ACCOUNT: nobody can lock the owner out from elsewhere.
4. An account is what was asked for, a name or an id, whether there is one or not; so nothing can
   be learnt from the waiting. Failures by name and by id are counted apart for that reason: who has
   failed by every id could tell by the waiting whether a name is anybody's.
5. A record is forgotten after FORGOTTEN_AFTER without an attempt, or as the least recent one of
   REMEMBERED.
"""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

import attrs

from chat_domain.errors import TooManyFailures

FIRST_PAUSE = 0.25  # seconds
LONGEST_PAUSE = 30.0
LONGEST_WAIT = 4.0
LONGEST_FOR_ACCOUNT = 1.5
FREE_FOR_ACCOUNT = 20  # attempts
FORGOTTEN_AFTER = 15 * 60.0
REMEMBERED = 50_000  # records of each kind; some 15 MB

K = TypeVar("K", bound=Hashable)


@attrs.define
class _Record:
    failures: int = 0
    last: float = 0.0
    next: float = 0.0  # the moment from which another attempt may be made


class _Records(Generic[K]):
    """The most recent ones."""

    def __init__(self) -> None:
        self._records: OrderedDict[K, _Record] = OrderedDict()

    def get(self, key: K, now: float) -> _Record:
        record = self._records.get(key)
        if record is None or now - record.last > FORGOTTEN_AFTER:
            record = self._records[key] = _Record()
            if len(self._records) > REMEMBERED:
                self._records.popitem(last=False)
        self._records.move_to_end(key)
        record.last = now
        return record

    def forget(self, key: K) -> None:
        self._records.pop(key, None)


@attrs.frozen
class Attempt:
    """One that has begun. It is to be made after `wait` seconds."""

    who: int | str
    origin: str
    wait: float


class Attempts:
    def __init__(self, free: int) -> None:
        """`free` attempts of a pair wait for nothing; 0 means that all are free."""
        self._free = free
        self._pairs: _Records[tuple[int | str, str]] = _Records()
        self._accounts: _Records[int | str] = _Records()

    def change(self, free: int) -> None:
        """So many attempts are free from now on; what is remembered stays."""
        self._free = free

    def begin(self, who: int | str, origin: str, now: float) -> Attempt:
        """Raises TooManyFailures."""
        if not self._free:
            return Attempt(who, origin, 0.0)
        pair = self._pairs.get((who, origin), now)
        wait = max(0.0, pair.next - now)
        if wait > LONGEST_WAIT:
            raise TooManyFailures(int(wait) + 1)
        account = self._accounts.get(who, now)
        pair.failures += 1
        account.failures += 1
        pair.next = now + wait + _doubled(pair.failures - self._free, LONGEST_PAUSE)
        for_account = _doubled(account.failures - FREE_FOR_ACCOUNT, LONGEST_FOR_ACCOUNT)
        return Attempt(who, origin, max(wait, for_account))

    def succeeded(self, attempt: Attempt, now: float) -> None:
        """The pair's failures are forgotten; those of others at this account are not."""
        self._pairs.forget((attempt.who, attempt.origin))
        self._take_back(self._accounts.get(attempt.who, now))

    def not_made(self, attempt: Attempt, now: float) -> None:
        """It came to nothing, and nobody has learnt anything."""
        self._take_back(self._accounts.get(attempt.who, now))
        self._take_back(self._pairs.get((attempt.who, attempt.origin), now))

    @staticmethod
    def _take_back(record: _Record) -> None:
        record.failures = max(0, record.failures - 1)


def _doubled(beyond: int, longest: float) -> float:
    """The pause after so many attempts beyond the free ones."""
    if beyond < 0:
        return 0.0
    return min(longest, FIRST_PAUSE * 2.0 ** min(beyond, 30))
