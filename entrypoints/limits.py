"""What the system's own limits leave of those that are set."""

import resource

import attrs

from chat_domain.fairness.limits import Limits

FILES_OF_OUR_OWN = 100  # stores, brokers, logs, and connections that are being refused


def affordable(limits: Limits) -> Limits:
    """No more connections than there may be files, or the store could not open its own.

    Connections are refused politely at their limit; without files they could not even be accepted.
    """
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return limits
    most = max(1, files - FILES_OF_OUR_OWN)
    return attrs.evolve(limits, connections=min(limits.connections or most, most))
