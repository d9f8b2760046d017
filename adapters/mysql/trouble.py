"""What can go wrong between us and the database, sorted by what can be done about it."""

from typing import Any

from pymysql.err import InterfaceError, InternalError, OperationalError

# What the driver raises when it is the server or the way to it that fails. The other errors
# (ProgrammingError, DataError, IntegrityError) are about what we asked for, and pass untouched.
FAILURES = (OperationalError, InternalError, InterfaceError, OSError)

_CONFLICTS = {
    1205,  # waited too long for a lock
    1213,  # deadlock; Galera says so, too, when another node's transaction came first
    3101,  # the same in MySQL's Group Replication
}
_LOST = {
    1047,  # a Galera cluster goes on without this member; perhaps the address leads to another
    1053,  # the server is shutting down
    1927,  # somebody killed the connection (MariaDB)
    2006,  # it has gone away
    2013,  # it was lost during the query
    2055,  # the same, with the system's reason
    4031,  # it was idle for too long (MySQL)
}


class Trouble(Exception):
    """The database cannot do it now. Becomes TryAgain."""


class Lost(Trouble):
    """The connection was dead, or died. A transaction that was open on it is rolled back."""


class InDoubt(Trouble):
    """The connection died during a COMMIT: what it was about may have been done, or not."""


class Conflict(Trouble):
    """Another transaction stood in the way. Doing this one again, from its start, may help."""


def why(failure: Exception) -> str:
    """One line. The driver hides the system's reason behind a sentence of its own."""
    cause = failure.__cause__
    if isinstance(cause, OSError) and str(cause):
        return str(cause)
    return str(failure.args[-1] if failure.args else failure)


def sorted_out(failure: Exception, *, closed: bool) -> Trouble:
    """What one of FAILURES means."""
    code: Any = failure.args[0] if failure.args else None
    if code in _CONFLICTS:
        return Conflict(why(failure))
    if closed or code in _LOST:
        return Lost(why(failure))
    return Trouble(why(failure))
