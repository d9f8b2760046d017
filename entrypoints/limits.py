"""Fitting the configured limits into those of the system."""

import resource

import attrs
import structlog

from chat_domain.fairness.limits import Limits

log = structlog.get_logger()

FILES_OF_OUR_OWN = 100  # stores, brokers, logs, and connections being refused


def affordable(limits: Limits) -> Limits:
    """Allow no more connections than the process may have files, less those of its own.

    At the limit, connections are refused with an answer; without files they could not be accepted.
    The log says so if the settings allow more.
    """
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return limits
    most = max(1, files - FILES_OF_OUR_OWN)
    if limits.connections > most:
        log.warning("too few files for all connections", files=files, connections=most)
    return attrs.evolve(limits, connections=min(limits.connections or most, most))
