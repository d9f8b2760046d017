"""Where connections come from: what the clients of one address do together.

An origin is an IPv4 address or an IPv6 network of 64 bits, which is what one customer gets. It is
remembered while it has connections; of the others the REMEMBERED most recent are, and an hour
after its last connection none owes anything any more.
"""

import ipaddress
from collections import OrderedDict

import attrs

from chat_domain.errors import TooManyConnections, TooManyRegistrations
from chat_domain.fairness.buckets import Bucket
from chat_domain.fairness.limits import Counters, Limits

REMEMBERED = 10_000
CROWD = 20  # connections of one address that are not logged in, which may take their time
CROWDED = 4  # the part of all connections (a fourth) from which on everybody is in a crowd
BURST = 3  # seconds' worth of frames and bytes that may come at once from all of an address
ARRIVE_IN = 10.0  # seconds in which all the connections may come that an address may have
HOUR = 3600.0


def name_of(peer: str) -> str:
    """The origin of a network address. What is no address is an origin of its own."""
    if ":" not in peer:
        return peer
    try:
        return str(ipaddress.ip_network((peer.partition("%")[0], 64), strict=False))
    except ValueError:
        return peer


def _unlimited() -> Bucket:
    return Bucket(0, 0)


@attrs.define(eq=False)
class Origin:
    name: str
    frames: Bucket = attrs.field(factory=_unlimited)
    bytes: Bucket = attrs.field(factory=_unlimited)
    arrivals: Bucket = attrs.field(factory=_unlimited)
    registrations: Bucket = attrs.field(factory=_unlimited)
    connections: int = 0
    strangers: int = 0  # connections on which nobody is logged in


class Origins:
    def __init__(self, limits: Limits, counters: Counters) -> None:
        self.connections = 0
        self.strangers = 0
        self._limits = limits
        self._counters = counters
        self._here: dict[str, Origin] = {}
        self._gone: OrderedDict[str, Origin] = OrderedDict()

    def change(self, limits: Limits) -> None:
        """From now on these count, also for whoever is known already."""
        self._limits = limits
        for origin in (*self._here.values(), *self._gone.values()):
            self._allow(origin)

    # -- connections ---------------------------------------------------------------------

    def enter(self, peer: str, now: float = 0.0) -> Origin:
        """A connection begins, a stranger's. Raises TooManyConnections."""
        limits = self._limits
        if limits.connections and self.connections >= limits.connections:
            self._counters.connections_refused += 1
            raise TooManyConnections
        name = name_of(peer)
        here = self._here.get(name)
        most = limits.connections_per_address
        if here is not None and most and here.connections >= most:
            self._counters.connections_refused_by_address += 1
            raise TooManyConnections
        origin = here or self._gone.get(name) or self._new(name)
        if not origin.arrivals.afford(1, now):
            self._counters.connections_refused_by_address += 1
            raise TooManyConnections
        self._gone.pop(name, None)
        self._here[name] = origin
        origin.connections += 1
        self.connections += 1
        self._count_stranger(origin, 1)
        return origin

    def leave(self, origin: Origin, *, stranger: bool) -> None:
        """A connection has ended."""
        if stranger:
            self._count_stranger(origin, -1)
        origin.connections -= 1
        self.connections -= 1
        if not origin.connections:
            self._gone[origin.name] = self._here.pop(origin.name)
            if len(self._gone) > REMEMBERED:
                self._gone.popitem(last=False)

    def logged_in(self, origin: Origin) -> None:
        self._count_stranger(origin, -1)

    def logged_out(self, origin: Origin) -> None:
        self._count_stranger(origin, 1)

    def _count_stranger(self, origin: Origin, one: int) -> None:
        origin.strangers += one
        self.strangers += one

    def _new(self, name: str) -> Origin:
        origin = Origin(name)
        self._allow(origin)
        return origin

    def _allow(self, origin: Origin) -> None:
        limits = self._limits
        frames = limits.frames_per_second * limits.address_share
        data = limits.bytes_per_second * limits.address_share
        at_once, per_hour = limits.connections_per_address, limits.registrations_per_hour
        origin.frames.change(frames, frames * BURST)
        origin.bytes.change(data, data * BURST)
        origin.arrivals.change(at_once / ARRIVE_IN, at_once)
        origin.registrations.change(per_hour / HOUR, per_hour)

    # -- strangers -----------------------------------------------------------------------

    def outstayed(self, origin: Origin, seconds: float, dawdling: float = 0.0) -> bool:
        """Whether a stranger has been here for too long.

        The C++ server's client sits at a menu before it says anything, and so do people with nc.
        While there are few of them they may; a crowd has to hurry, and who has begun a frame.
        dawdling: for how many seconds a frame has been under way that has no end yet.
        """
        longest, menu = self._limits.login_seconds, self._limits.menu_seconds
        if not longest or seconds < longest:
            return False
        if dawdling >= longest or self._is_crowded(origin):
            return True
        return bool(menu) and seconds >= menu

    def _is_crowded(self, origin: Origin) -> bool:
        most = self._limits.connections
        return origin.strangers > CROWD or bool(most and self.strangers * CROWDED > most)

    # -- registrations -------------------------------------------------------------------

    def register(self, origin: Origin, now: float) -> None:
        """Somebody is about to register. Raises TooManyRegistrations."""
        if not origin.registrations.afford(1, now):
            self._counters.registrations_refused += 1
            raise TooManyRegistrations
