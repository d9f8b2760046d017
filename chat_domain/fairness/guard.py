"""All that keeps one client from degrading the service for others, for one node."""

from chat_domain.errors import RegistrationClosed, TooManyRegistrations
from chat_domain.fairness.attempts import Attempts
from chat_domain.fairness.buckets import try_spend_all
from chat_domain.fairness.known import Known
from chat_domain.fairness.limits import MIB, UNLIMITED, Counters, Limits
from chat_domain.fairness.meter import Meter
from chat_domain.fairness.networks import Networks
from chat_domain.fairness.origins import Origin, Origins, StrangersBudget


class Guard:
    """The limits, what counts against them, and how often they were hit."""

    def __init__(
        self,
        limits: Limits = UNLIMITED,
        *,
        networks: Networks | None = None,
        registration_open: bool = True,
    ) -> None:
        self.limits = limits
        self.counters = Counters()
        self.networks = networks or Networks()
        self.known = Known[str]()  # by the widest network
        self.origins = Origins(limits, self.counters, self.networks, self.known)
        self.attempts = Attempts(limits.failed_logins, self.networks)
        self.strangers_budget = StrangersBudget(limits.strangers_mib * MIB)
        self.registration_open = registration_open

    def set_limits(self, limits: Limits, *, registration_open: bool) -> None:
        """Use these limits from now on. (The meters of existing connections are changed
        separately.)"""
        self.limits = limits
        self.origins.set_limits(limits)
        self.attempts.free = limits.failed_logins
        self.strangers_budget.limit = limits.strangers_mib * MIB
        self.registration_open = registration_open

    def meter(self, origin: Origin) -> Meter:
        meter = Meter(origin)
        meter.set_limits(self.limits)
        return meter

    def register(self, meter: Meter, now: float) -> None:
        """A client wants to register, over the connection that this meter measures. Raises
        RegistrationClosed and TooManyRegistrations."""
        if not self.registration_open:
            self.counters.registrations_closed += 1
            raise RegistrationClosed
        if not try_spend_all(meter.registrations(), now):
            self.counters.registrations_refused += 1
            raise TooManyRegistrations

    def cancel_registration(self, meter: Meter) -> None:
        """The registration failed, and does not count."""
        for bucket in meter.registrations():
            bucket.refund(1)
