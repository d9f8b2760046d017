"""Why connections end. docs/operations.md says what each of these words in the log means."""

from collections.abc import Callable
from enum import StrEnum, auto


class DisconnectReason(StrEnum):
    CLIENT_CLOSED = auto()
    RESET = auto()
    UNREACHABLE = auto()
    SILENT = auto()
    NOT_READING = auto()
    TOO_SLOW = auto()
    TOO_FAST = auto()
    FRAME_TOO_LONG = auto()
    HTTP_REQUEST = auto()
    BAD_WEBSOCKET = auto()
    BAD_REQUEST = auto()
    TOO_OLD = auto()
    LOGIN_TIMEOUT = auto()
    REPLACED = auto()
    MOVED = auto()
    LOGGED_OUT = auto()
    SHUTTING_DOWN = auto()
    TOO_MANY_CONNECTIONS = auto()
    TLS_FAILED = auto()
    TLS_UNFINISHED = auto()
    BAD_PROXY_HEADER = auto()
    SERVER_ERROR = auto()


# Called for a connection that has ended before it had a handler: the reason, its address, and
# any detail (or "").
ReportDisconnect = Callable[[DisconnectReason, str, str], None]
