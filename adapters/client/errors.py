"""The errors of the client."""

import attrs

from adapters.wire.errors import NUMBERS

# Refusals after which the same request may be sent again later, unchanged.
PASSING = frozenset({"try_again", "too_many_unanswered", "shutting_down"})


class ClientError(Exception):
    """The base of all errors that the client raises on purpose."""


@attrs.frozen(slots=False)
class Refused(ClientError):
    """The server refused a request. error: its stable name. errmsg: a text for people."""

    errno: int
    error: str
    errmsg: str

    @classmethod
    def named(cls, error: str, why: str) -> "Refused":
        """A refusal of the client's own, with the number that the server gives this error."""
        return cls(NUMBERS[error], error, why)

    def __str__(self) -> str:
        return f"{self.error}: {self.errmsg}" if self.errmsg else self.error

    @property
    def passing(self) -> bool:
        return self.error in PASSING


@attrs.frozen(slots=False)
class ConnectionLost(ClientError):
    """There is no connection, and this request will not get one."""

    why: str

    def __str__(self) -> str:
        return self.why


class WrongServer(ConnectionLost):
    """The peer is not a server that this client can talk to, and waiting will not change that."""


class NeedsTls(WrongServer):
    """The server requires TLS, and this client does not use it."""


class OutboxFull(ClientError):
    """More messages wait than the client keeps; `send` waits for room instead."""

    def __str__(self) -> str:
        return "too many messages are waiting to be sent"


class ProtocolViolation(ClientError):
    """The server sent something invalid, so the client gives up the connection."""


@attrs.frozen(slots=False)
class StoreError(ClientError):
    """The local store cannot be used: it belongs to another user, is damaged, cannot be written, is
    from a later version, or is in use."""

    why: str

    def __str__(self) -> str:
        return self.why
