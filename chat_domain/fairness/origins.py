"""Where connections come from: what the clients of one address do together.

An origin is a counted network (see `networks`): an IPv4 address, or an IPv6 /64 with the wider ones
around it, each an origin as well. What a client does counts for its own and for those around.

An origin is remembered while it has connections, and afterwards among the last REMEMBERED; an hour
after its last connection it owes nothing any more. Those widest ones from which somebody has
registered are a kind of their own: so a client in many networks, such as the narrow ones of a wide
one, cannot push them out and then register anew.

Room for connections:
1. An address may have `connections_per_address`; those on which nobody is logged in may be no more
   than a tenth of what is free. So the fuller a node is, the fewer each gets to hold for nothing.
2. Of the room for connections on which nobody is logged in, `known_share` percent is reserved for
   addresses from which somebody has logged in before. A login makes room again: users that another
   node has lost fill this one to the last connection, whether it knows them or not.
3. For a wider network, both limits of rule 1 are multiplied by its factor.
"""

import math

import attrs

from chat_domain.errors import TooManyConnections
from chat_domain.fairness.buckets import Bucket, Pace, try_spend_all
from chat_domain.fairness.known import Known
from chat_domain.fairness.limits import Counters, Limits
from chat_domain.fairness.networks import Networks
from chat_domain.fairness.recent import Recent

REMEMBERED = 10_000  # of each of two kinds
CROWD = 20  # connections of one address that are not logged in and may take their time
CROWDED = 4  # with more than a fourth of all connections not logged in, unknown ones are a crowd
STRANGERS_OF_FREE = 0.1
BURST = 3  # seconds' worth of frames and bytes that may come at once from all of an address
ARRIVE_IN = 10.0  # seconds in which an address may open all the connections that it may have
HOUR = 3600.0


@attrs.define(eq=False)
class Origin:
    """wider: the network around it, if one is counted. factor: it may do this many times what an
    address may. known: whether somebody has logged in from there before (see `known`)."""

    name: str
    factor: int
    wider: "Origin | None" = None
    pace: Pace = attrs.field(factory=lambda: Pace(BURST))
    arrivals: Bucket = attrs.field(factory=Bucket)
    registrations: Bucket = attrs.field(factory=Bucket)
    known: bool = False
    connections: int = 0
    strangers: int = 0  # connections on which nobody is logged in
    held: int = 0  # bytes, see `StrangersBudget`

    def set_limits(self, limits: Limits) -> None:
        share = limits.address_share * self.factor
        at_once = limits.connections_per_address * self.factor
        per_hour = limits.registrations_per_hour * self.factor
        self.pace.set_rates(limits.frames_per_second * share, limits.bytes_per_second * share)
        self.arrivals.set_rate(at_once / ARRIVE_IN, at_once)
        self.registrations.set_rate(per_hour / HOUR, per_hour)

    def lineage(self) -> "list[Origin]":
        """Itself and the networks around it, the widest last."""
        return [self] if self.wider is None else [self, *self.wider.lineage()]

    def spend(self, frames: float, data: int, now: float) -> float:
        """Charge what its clients have sent, in frames and bytes; return the seconds until that is
        made up for."""
        return max(origin.pace.spend(frames, data, now) for origin in self.lineage())

    def refund_arrival(self) -> None:
        """A connection that has entered for its handshake will enter again as a client's: let it
        count once."""
        for origin in self.lineage():
            origin.arrivals.refund(1)


class Origins:
    """known: the widest networks that are."""

    def __init__(
        self, limits: Limits, counters: Counters, networks: Networks, known: Known[str]
    ) -> None:
        self.connections = 0
        self.strangers = 0
        self._unknown = 0  # of the strangers, those at addresses that are not known
        self._networks = networks
        self._known = known
        self._limits = limits
        self._counters = counters
        self._connected: dict[str, Origin] = {}
        self._remembered: Recent[str, Origin] = Recent(REMEMBERED)  # those without connections

    def set_limits(self, limits: Limits) -> None:
        """Use these limits from now on, also for origins that are remembered."""
        self._limits = limits
        for origin in (*self._connected.values(), *self._remembered):
            origin.set_limits(limits)

    # -- connections ---------------------------------------------------------------------

    def enter(self, peer: str, now: float = 0.0) -> Origin:
        """A connection begins, a stranger's. Raises TooManyConnections."""
        origin = self._find(peer)
        self._set_known(origin, known=self._known.is_known(origin.lineage()[-1].name, now))
        free = self._free_for(origin)
        if free <= 0:
            self._counters.connections_refused += 1
            raise TooManyConnections
        arrivals = [one.arrivals for one in origin.lineage()]
        if not self._may_have_one_more(origin, free) or not try_spend_all(arrivals, now):
            self._counters.connections_refused_by_address += 1
            raise TooManyConnections
        for one in origin.lineage():
            self._remembered.forget(one.name)
            self._connected[one.name] = one
            one.connections += 1
        self.connections += 1
        self._count_stranger(origin, 1)
        return origin

    def leave(self, origin: Origin, *, stranger: bool) -> None:
        """A connection has ended."""
        if stranger:
            self._count_stranger(origin, -1)
        self.connections -= 1
        for one in origin.lineage():
            one.connections -= 1
            if not one.connections:
                del self._connected[one.name]
                registered = one.wider is None and one.registrations.owes
                self._remembered.keep(one.name, one, weighty=registered)

    def logged_in(self, origin: Origin, now: float) -> None:
        self._count_stranger(origin, -1)
        self._known.logged_in(origin.lineage()[-1].name, now)
        self._set_known(origin, known=True)

    def logged_out(self, origin: Origin) -> None:
        self._count_stranger(origin, 1)

    def _count_stranger(self, origin: Origin, count: int) -> None:
        self.strangers += count
        if not origin.known:
            self._unknown += count
        for one in origin.lineage():
            one.strangers += count

    def _set_known(self, origin: Origin, *, known: bool) -> None:
        if known != origin.known:
            self._unknown += -origin.strangers if known else origin.strangers
            origin.known = known

    def _free_for(self, origin: Origin) -> float:
        """How many more connections are left for all origins that are known, or not, like this."""
        limits = self._limits
        if not limits.connections:
            return math.inf
        room = limits.connections - (self.connections - self.strangers)
        free = room - self.strangers
        if origin.known or not limits.connections_per_address:
            return free
        return min(free, room - room * limits.known_share // 100 - self._unknown)

    def _may_have_one_more(self, origin: Origin, free: float) -> bool:
        limit = self._limits.connections_per_address
        return not limit or all(
            one.connections < limit * one.factor
            and one.strangers < free * STRANGERS_OF_FREE * one.factor
            for one in origin.lineage()
        )

    def _find(self, peer: str) -> Origin:
        """The origin of a network address; a new one is not stored."""
        line = self._networks.lineage_of(self._networks.name_of(peer))
        wider: Origin | None = None
        for name, factor in zip(line, self._networks.factors_of(line), strict=True):
            origin = (
                self._connected.get(name) or self._remembered.get(name) or self._new(name, factor)
            )
            origin.wider = wider  # again: what was around it may have been forgotten meanwhile
            wider = origin
        return origin

    def _new(self, name: str, factor: int) -> Origin:
        origin = Origin(name, factor)
        origin.set_limits(self._limits)
        return origin

    # -- strangers -----------------------------------------------------------------------

    def outstayed(self, origin: Origin, seconds: float, dawdling: float = 0.0) -> bool:
        """Whether a stranger has been here for too long.

        The C++ server's client waits at a menu before it sends anything, and so do people with nc.
        While they are few they may; a crowd has to hurry, and so has a client that has begun a
        frame. dawdling: for how many seconds a frame has been incomplete.
        """
        longest, menu = self._limits.login_seconds, self._limits.menu_seconds
        if not longest or seconds < longest:
            return False
        if dawdling >= longest or self._is_crowded(origin):
            return True
        return bool(menu) and seconds >= menu

    def _is_crowded(self, origin: Origin) -> bool:
        limit = self._limits.connections
        if limit and self.strangers * CROWDED > limit and not origin.known:
            return True
        return any(one.strangers > CROWD * one.factor for one in origin.lineage())


class StrangersBudget:
    """Counts the bytes that are held for all strangers together, and bounds them.

    An address may have a tenth of what is free (a wider network: times its factor), so that a
    client whose frame comes in two pieces can still log in.
    """

    def __init__(self, limit: int) -> None:
        """limit: in bytes; 0 for none."""
        self.limit = limit
        self.held = 0

    def reserve(self, origin: Origin, size: int) -> bool:
        """Count these bytes as held for this origin; return False, and count none, beyond the
        bound."""
        free = self.limit - self.held
        line = origin.lineage()
        if self.limit and any(
            one.held + size > free * STRANGERS_OF_FREE * one.factor for one in line
        ):
            return False
        self.held += size
        for one in line:
            one.held += size
        return True

    def release(self, origin: Origin, size: int) -> None:
        """These bytes are no longer held."""
        self.held -= size
        for one in origin.lineage():
            one.held -= size
