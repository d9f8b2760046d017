"""Fitting the configured limits into those of the system."""

import resource

import attrs

from chat_domain.fairness.limits import Limits

FILES_OF_OUR_OWN = 100  # stores, brokers, logs, and connections being refused


def affordable(limits: Limits) -> Limits:
    """Allow no more connections than the process may have files, less those of its own.

    At the limit, connections are refused with an answer; without files they could not be accepted.
    """
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return limits
    most = max(1, files - FILES_OF_OUR_OWN)
    return attrs.evolve(limits, connections=min(limits.connections or most, most))
