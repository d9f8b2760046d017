"""What can go wrong between a node and Redis. Every request can be repeated."""

import re
import ssl

from redis.exceptions import AuthenticationError, InvalidResponse, RedisError, ResponseError
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import TimeoutError as NoAnswer

from chat_domain.errors import TryAgain

_CODE = re.compile(r"([A-Z]{2,20})\b")
NO_CONNECTION, NO_ANSWER, NO_REDIS, TLS = "no connection", "no answer", "no Redis", "TLS"
CLUSTER = "CLUSTER"
# The codes of a mistake in the address or in Redis's configuration, which waiting does not mend.
MISCONFIGURATIONS = {"NOAUTH", "WRONGPASS", "NOPERM", "ERR", NO_REDIS, TLS, CLUSTER}
# What reading certificates raises, and what only means that a connection has ended.
_FILES = (FileNotFoundError, PermissionError)
_CUT_OFF = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)


class Failure(Exception):
    """Why Redis has not done something; the cause of a TryAgain.

    code: a word or two for operators: Redis's own (NOREPLICAS, READONLY, OOM ...), `no answer`, `no
    connection`, `no Redis` (something else has answered), `TLS` or CLUSTER.
    """

    def __init__(self, code: str, words: str = "") -> None:
        super().__init__(f"{code} {words}".rstrip())
        self.code = code

    def is_misconfiguration(self) -> bool:
        """Whether it lasts until an operator corrects our settings, or Redis's."""
        return self.code in MISCONFIGURATIONS


def failure_of(error: Exception) -> Failure:
    """The Failure that an exception of the driver means.

    The driver has classes for the codes that it knows, and removes these codes from the message.
    """
    if isinstance(error, TimeoutError | NoAnswer):
        return Failure(NO_ANSWER)
    if isinstance(error, InvalidResponse):
        return Failure(NO_REDIS, str(error))
    if isinstance(error, RedisError) and error.status_code and not _has_no_room(error):
        return Failure(error.status_code, str(error))
    if isinstance(error, ResponseError):
        words = str(error)
        found = _CODE.match(words)
        return Failure(found[1], words[found.end() :].lstrip()) if found else Failure("ERR", words)
    code = TLS if _is_about_tls(error.__cause__ or error.__context__) else NO_CONNECTION
    return Failure(code, str(error) or type(error).__name__)


def _has_no_room(error: RedisError) -> bool:
    """Whether Redis has refused the connection itself: with its ERR, this is the only case."""
    about_us = isinstance(error, AuthenticationError)
    return isinstance(error, NoConnection) and error.status_code == "ERR" and not about_us


def _is_about_tls(cause: BaseException | None) -> bool:
    """Whether the server's certificate, or a file for checking it, is not as it has to be."""
    return isinstance(cause, (ssl.SSLError, *_FILES)) and not isinstance(cause, _CUT_OFF)


def try_again(failure: Failure) -> TryAgain:
    """A new error for each caller: one that several raise would collect all their tracebacks."""
    error = TryAgain()
    error.__cause__ = failure
    return error


def code_of(error: TryAgain) -> str:
    """The code of the failure behind an error, "" if there is none."""
    return error.__cause__.code if isinstance(error.__cause__, Failure) else ""
