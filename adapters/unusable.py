"""What a server cannot be started with.

No ChatErrors: they are raised before there is a client to tell.
"""


class StoreUnusable(Exception):
    """A database that cannot be opened for us; `str()` of it is one line for the operator."""


class BrokerUnusable(Exception):
    """A Redis that cannot be used; `str()` of it is one line for the operator."""
