"""What is common to the adapters that keep things in a database."""


class StoreUnusable(Exception):
    """A database that cannot be opened for us; `str()` of it is one line for the operator.

    No ChatError: it is raised at the start of the server, before there is a client to tell.
    """


def reserve(capacity: int) -> int:
    """How many messages more than its capacity a mailbox takes from people on its owner's list.

    Strangers who have filled it (they may be as many as they like) must not keep friends out.
    """
    return max(1, capacity // 4)
