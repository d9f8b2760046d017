"""What can go wrong for a program that uses the client."""

import attrs

# Errors after which the same request may be sent again later, unchanged.
PASSING = frozenset({"try_again", "too_many_unanswered", "shutting_down"})


class ClientError(Exception):
    """Base of all errors that the client raises on purpose."""


@attrs.frozen(slots=False)
class Refused(ClientError):
    """The request was not accepted. `error` is the stable name, `errmsg` is for people."""

    errno: int
    error: str
    errmsg: str

    def __str__(self) -> str:
        return f"{self.error}: {self.errmsg}" if self.errmsg else self.error

    @property
    def passing(self) -> bool:
        return self.error in PASSING


@attrs.frozen(slots=False)
class ConnectionLost(ClientError):
    """There is no connection, and for this request there will be none."""

    why: str

    def __str__(self) -> str:
        return self.why


class WrongServer(ConnectionLost):
    """What listens there is nothing that this client can talk to, and will not be by waiting."""


class NeedsTls(WrongServer):
    """The server wants TLS, and this client does not speak it."""


class OutboxFull(ClientError):
    """More messages wait to be sent than the client keeps; `send` waits for room instead."""

    def __str__(self) -> str:
        return "too many messages are waiting to be sent"


class ProtocolViolation(ClientError):
    """The server said something that cannot be understood, so the connection is given up."""


@attrs.frozen(slots=False)
class StoreError(ClientError):
    """The local store cannot be used: it belongs to somebody else, is damaged, cannot be written,
    was written by a later version, or is in use."""

    why: str

    def __str__(self) -> str:
        return self.why
