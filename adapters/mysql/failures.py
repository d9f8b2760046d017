"""What can go wrong between a node and the database, sorted by what can be done about it."""

import os
import re
from ssl import SSLError
from typing import Any

from pymysql.err import InterfaceError, InternalError, OperationalError

# What the driver raises if the server or the connection to it fails. The other errors
# (ProgrammingError, DataError, IntegrityError) are about the statement, and pass unchanged.
DRIVER_ERRORS = (OperationalError, InternalError, InterfaceError, OSError)

_CONFLICTS = {
    1205,  # waited too long for a lock
    1213,  # deadlock; Galera's answer, too, if another node's transaction came first
    3101,  # the same in MySQL's Group Replication
}
_COMMIT_FAILED = 1180
_DEADLOCK = re.compile(r"\b149\b")  # why, in the message: Group Replication again
_LOST = {
    1047,  # a Galera cluster goes on without this member; the address may lead to another one
    1053,  # the server is shutting down
    1927,  # the connection was killed (MariaDB)
    2006,  # the server has gone away
    2013,  # the connection was lost during the query
    2055,  # the same, with the system's reason
    4031,  # the connection was idle for too long (MySQL)
}


class Failure(Exception):
    """The database cannot do it now. Becomes TryAgain."""


class ConnectionLost(Failure):
    """The connection was dead, or died. An open transaction on it is rolled back."""


class InDoubt(Failure):
    """The connection died during a COMMIT, which may have been done or not."""


class Conflict(Failure):
    """Another transaction was in the way. Doing this one again, from its start, may succeed."""


def reason(error: Exception) -> str:
    """The reason in one line. The driver hides the system's reason behind its own message."""
    cause = error.__cause__
    if isinstance(cause, OSError) and str(cause):
        number = cause.errno or 0  # negative if the host's name is at fault
        if number <= 0 or isinstance(cause, SSLError):  # OpenSSL's numbers are its own
            return cause.strerror or str(cause)
        return os.strerror(number)
    return str(error.args[-1] if error.args else error)


def classified(error: Exception, *, closed: bool) -> Failure:
    """The Failure that one of DRIVER_ERRORS means."""
    code: Any = error.args[0] if error.args else None
    if code in _CONFLICTS or (code == _COMMIT_FAILED and _DEADLOCK.search(reason(error))):
        return Conflict(reason(error))
    if closed or code in _LOST:
        return ConnectionLost(reason(error))
    return Failure(reason(error))
