"""How fast one connection sends, against what it and its address may.

Rules:
1. The hot path adds to `frames`, `bytes` and `free`. They are charged once they pass a quantum;
   only then is the clock read.
2. TAKEN, PING and PONG of a user are `free`, as long as they are not a flood themselves.
3. A request that asks the store for something weighs STORE_WEIGHT frames. A group's message weighs
   one more for each READERS_PER_FRAME of its copies; so does a one-to-one message, if it has more
   copies than that.
4. The bytes of an invalid frame weigh BAD_FRAME_WEIGHT times more: it is decoded twice, and can be
   made so that this takes long. Empty frames count as frames, so that nothing is free.
5. A connection that has sent too much has to pause, for LONGEST_PAUSE at most; then it may send
   something in any case. So does, without its fault, one that sends much while its address, or a
   network around it, has sent too much, until that is made up for.
6. A connection on which nobody is logged in may send a tenth of what a user's may, and each request
   that only users may make costs it STRAY_WEIGHT frames. Neither login nor logout clears an excess.
7. A connection that itself sends too much again and again for FLOOD_SECONDS is to be cut off.
"""

import math
from collections.abc import Sequence

import attrs

from chat_domain.fairness.buckets import Bucket, Pace
from chat_domain.fairness.limits import STRANGERS_PART, Limits
from chat_domain.fairness.origins import HOUR, Origin

QUANTUM_FRAMES = 64
QUANTUM_BYTES = 64 * 1024
STORE_WEIGHT = 4
READERS_PER_FRAME = 16
STRAY_WEIGHT = 10
BAD_FRAME_WEIGHT = 3
LONGEST_PAUSE = 1.5  # seconds; with the clock that ends it (twice a second) no more than 2
FLOOD_SECONDS = 30.0
CALM_AFTER = 5.0  # seconds without excess, after which earlier excess is forgotten
FREE_PER_SECOND = 2_000
BURST = 10  # seconds' worth of frames and bytes that may come at once


@attrs.define(eq=False, repr=False, weakref_slot=False)
class Meter:
    """Measures one connection, which begins as a stranger's. To be given its limits by
    `set_limits`."""

    _origin: Origin
    frames: float = 0  # whole as long as no copies are added, which is faster
    bytes: int = 0
    free: int = 0
    _as_user: Pace = attrs.field(factory=lambda: Pace(BURST))
    _as_stranger: Pace = attrs.field(factory=lambda: Pace(BURST))
    _pace: Pace = attrs.Factory(lambda self: self._as_stranger, takes_self=True)
    _registrations: Bucket = attrs.field(factory=Bucket)
    _free_bucket: Bucket = attrs.field(
        factory=lambda: Bucket(FREE_PER_SECOND, FREE_PER_SECOND * BURST)
    )
    _over_since: float = -math.inf
    _over_last: float = -math.inf

    def set_limits(self, limits: Limits) -> None:
        frames, data = limits.frames_per_second, limits.bytes_per_second
        self._as_user.set_rates(frames, data)
        self._as_stranger.set_rates(frames * STRANGERS_PART, data * STRANGERS_PART)
        registrations = limits.registrations_per_hour * STRANGERS_PART
        self._registrations.set_rate(registrations / HOUR, max(1, registrations))

    def logged_in(self) -> None:
        """From now on it is a user's."""
        self._pace = self._as_user

    def logged_out(self) -> None:
        """It is a stranger's again."""
        self._pace = self._as_stranger

    def penalize_stray_request(self) -> None:
        """Nobody is logged in on it, and it has made a request that only users may make."""
        self.frames += STRAY_WEIGHT - 1

    def is_due(self) -> bool:
        """Whether it is time to charge for it."""
        return self.frames > QUANTUM_FRAMES or self.bytes > QUANTUM_BYTES

    def registrations(self) -> Sequence[Bucket]:
        """The buckets that count registrations: this connection's, its address's, and those of the
        networks around it."""
        return [self._registrations, *(one.registrations for one in self._origin.lineage())]

    def charge(self, now: float) -> float:
        """Charge what was sent; return the seconds for which this client has to pause."""
        frames, data, free = self.frames, self.bytes, self.free
        self.frames = self.bytes = self.free = 0
        pause = 0.0
        if frames or data:
            pause = self._pace.spend(self._counted(frames, free, now), data, now)
        if pause:
            self._note_excess(now)
        return min(LONGEST_PAUSE, max(pause, self._origin.spend(frames, data, now)))

    def is_flooding(self) -> bool:
        """Whether it has been too fast for so long that it is to be cut off."""
        return self._over_last - self._over_since >= FLOOD_SECONDS

    def _counted(self, frames: float, free: int, now: float) -> float:
        if self._pace is self._as_stranger or self._free_bucket.spend(free, now):
            return frames
        return max(0, frames - free)

    def _note_excess(self, now: float) -> None:
        if now - self._over_last > CALM_AFTER:
            self._over_since = now
        self._over_last = now
