"""What is remembered of failures: a bounded table that cheap failures do not empty."""

import attrs

from chat_domain.fairness.recent import Recent

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
        """How many failures there are more than are free; negative where there are fewer."""
        return self.failures - self.free


class Records(Recent[bytes, Record]):
    """The most recent records that have any failures.

    Those at their free failures or beyond are weighty, as it is they that cost the one who guesses
    something.
    """

    def __init__(self) -> None:
        super().__init__(REMEMBERED)

    def find(self, key: bytes, free: int, now: float) -> Record:
        """What is remembered, or a record without failures, which is not remembered by that."""
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
