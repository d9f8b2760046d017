"""What is common to the adapters that keep things in a database."""


class StoreUnusable(Exception):
    """A database that cannot be opened for us; `str()` of it is one line for the operator.

    No ChatError: it is raised at the start of the server, before there is a client to tell.
    """
