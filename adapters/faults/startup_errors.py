"""Why a server cannot start.

Not ChatErrors, since they are raised before there are any clients.
"""


class StoreUnusable(Exception):
    """We cannot open a database; `str()` of it is one line for the operator."""


class BrokerUnusable(Exception):
    """We cannot use a Redis; `str()` of it is one line for the operator."""
