"""What goes wrong between us and Redis. All of it is passing: what was asked can be asked again."""

import re

from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as NoAnswer

from chat_domain.errors import TryAgain

_CODE = re.compile(r"([A-Z]{2,20})\b")


class Trouble(Exception):
    """Why Redis has not done something; the cause of a TryAgain.

    code: a word or two for operators: Redis's own (NOREPLICAS, READONLY, OOM ...), or `no answer`.
    """

    def __init__(self, code: str, words: str = "") -> None:
        super().__init__(f"{code} {words}".rstrip())
        self.code = code


def trouble_of(error: Exception) -> Trouble:
    """What an exception of the driver means.

    Of the codes that it knows it makes classes of their own and keeps them out of the words.
    """
    if isinstance(error, TimeoutError | NoAnswer):
        return Trouble("no answer")
    if isinstance(error, RedisError) and error.status_code:
        return Trouble(error.status_code, str(error))
    if isinstance(error, ResponseError):
        words = str(error)
        found = _CODE.match(words)
        return Trouble(found[1], words[found.end() :].lstrip()) if found else Trouble("ERR", words)
    return Trouble("no connection", str(error) or type(error).__name__)


def try_again(trouble: Trouble) -> TryAgain:
    """Each caller gets one of their own: one that several raise gathers all their tracebacks."""
    error = TryAgain()
    error.__cause__ = trouble
    return error


def code_of(error: TryAgain) -> str:
    """The code of the trouble behind it, "" if there is none."""
    return error.__cause__.code if isinstance(error.__cause__, Trouble) else ""
