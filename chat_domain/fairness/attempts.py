"""Failed logins, and the waiting that they cost.

Rules:
1. Every attempt counts as failed from its beginning, so that many at once gain nothing. One that
   succeeds is taken back, and so is one that reveals nothing: it was not made, since the server was
   busy or the client gone, or the password could be nobody's.
2. A pair of account and address has some free attempts. After those, each attempt reserves a moment
   for itself, with pauses between them that double up to LONGEST_PAUSE. One that would have to wait
   for longer than LONGEST_WAIT is refused, and does not count. The IPv6 networks around an address
   are counted in the same way, with their factor times as many free attempts.
3. An account has an allowance over all addresses as well. Beyond it an attempt waits, but never for
   longer than LONGEST_FOR_ACCOUNT: nobody can lock the owner out from elsewhere.
4. At an address from which somebody has logged in to the account by password in the last KNOWN_FOR,
   only failures of this account and this very address count. So owners at their usual address never
   wait for what others do in their name, elsewhere or next door.
5. An account is what the client asked for, a name or an id, whether or not it exists; so the
   waiting reveals nothing. For the same reason, failures by name and by id are counted apart:
   otherwise a client that has failed by every id could tell by the waiting whether a name exists.
6. A record is forgotten FORGOTTEN_AFTER its last failure. Before that, only REMEMBERED more recent
   ones of its kind push it out (see `Records`).
"""

from collections.abc import Sequence
from hashlib import blake2b

import attrs

from chat_domain.errors import TooManyFailures
from chat_domain.fairness.known import Known
from chat_domain.fairness.networks import Networks
from chat_domain.fairness.recent import Recent

FIRST_PAUSE = 0.25  # seconds
LONGEST_PAUSE = 30.0
LONGEST_WAIT = 4.0
LONGEST_FOR_ACCOUNT = 1.5
FREE_FOR_ACCOUNT = 20  # attempts
FORGOTTEN_AFTER = 15 * 60.0  # seconds without another one
REMEMBERED = 50_000  # of each of two kinds in each table; two full tables are some 48 MB


@attrs.define
class Record:
    """free: how many failures cost nothing. next: the moment from which one more may be tried."""

    free: int
    failures: int = 0
    last: float = 0.0
    next: float = 0.0

    @property
    def beyond(self) -> int:
        """How many failures exceed the free ones; negative if some of these are left."""
        return self.failures - self.free


class Records(Recent[bytes, Record]):
    """The most recent records that have any failures.

    Those that have used up their free failures are weighty, since they are what slows a guesser
    down.
    """

    def __init__(self) -> None:
        super().__init__(REMEMBERED)

    def find(self, key: bytes, free: int, now: float) -> Record:
        """The record of this key, or a new one without failures, which is not stored."""
        record = self.get(key)
        if record is None or now - record.last > FORGOTTEN_AFTER:
            return Record(free)
        record.free = free  # which may have changed
        return record

    def add(self, key: bytes, record: Record, now: float) -> None:
        """One failure more."""
        record.failures += 1
        record.last = now
        self._note(key, record)

    def take_back(self, key: bytes) -> None:
        """One failure less, if there is any."""
        record = self.get(key)
        if record is not None:
            record.failures -= 1
            self._note(key, record)

    def _note(self, key: bytes, record: Record) -> None:
        if record.failures:
            self.keep(key, record, weighty=record.beyond >= 0)
        else:
            self.forget(key)


@attrs.frozen
class Attempt:
    """An attempt that has begun. It is to be made after `wait` seconds.

    account, pairs: the keys for which it was counted; the last pair is that of the address itself.
    """

    wait: float
    account: bytes = b""
    pairs: Sequence[bytes] = ()


class Attempts:
    def __init__(self, free: int, networks: Networks | None = None) -> None:
        """free: how many attempts of a pair cost no waiting; 0 means that all are free."""
        self.free = free
        self._networks = networks or Networks()
        self._pairs = Records()
        self._accounts = Records()
        self._usual = Known[bytes]()  # pairs

    def begin(self, who: int | str, origin: str, now: float) -> Attempt:
        """A client is about to try a password. Raises TooManyFailures.

        who: the account, by its id or by the key of its name. origin: as `Networks` names it.
        """
        if not self.free:
            return Attempt(0.0)
        usual = self._usual.is_known(_key(who, origin), now)
        pairs = self._pairs_of(who, [origin] if usual else self._networks.lineage_of(origin), now)
        wait = max(0.0, *(pair.next - now for pair in pairs.values()))
        if wait > LONGEST_WAIT:
            raise TooManyFailures(int(wait) + 1)
        for key, pair in pairs.items():
            self._pairs.add(key, pair, now)
            pair.next = now + wait + _doubled(pair.beyond, LONGEST_PAUSE)
        account = self._accounts.find(_key(who), FREE_FOR_ACCOUNT, now)
        self._accounts.add(_key(who), account, now)
        if not usual:
            wait = max(wait, _doubled(account.beyond, LONGEST_FOR_ACCOUNT))
        return Attempt(wait, _key(who), tuple(pairs))

    def succeeded(self, attempt: Attempt, now: float) -> None:
        """The failures of this address are forgotten; those of others at this account are not."""
        if attempt.pairs:
            self.cancel(attempt)
            self._pairs.forget(attempt.pairs[-1])
            self._usual.logged_in(attempt.pairs[-1], now)

    def cancel(self, attempt: Attempt) -> None:
        """It was not made, or revealed nothing: it does not count."""
        self._accounts.take_back(attempt.account)
        for pair in attempt.pairs:
            self._pairs.take_back(pair)

    def _pairs_of(self, who: int | str, line: Sequence[str], now: float) -> dict[bytes, Record]:
        factors = self._networks.factors_of(line)
        found = {}
        for name, factor in zip(line, factors, strict=True):
            key = _key(who, name)
            found[key] = self._pairs.find(key, self.free * factor, now)
        return found


def _key(*what: int | str) -> bytes:
    """Short, whatever it is of: a client can ask for a name of a thousand characters."""
    return blake2b(repr(what).encode(), digest_size=16).digest()


def _doubled(beyond: int, longest: float) -> float:
    """The pause after so many attempts beyond the free ones."""
    if beyond < 0:
        return 0.0
    return min(longest, FIRST_PAUSE * 2.0 ** min(beyond, 30))
