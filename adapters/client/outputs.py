"""The outputs of ClientProtocol, and its states."""

import enum

import attrs

from adapters.client import events
from adapters.client.errors import ConnectionLost, Refused
from adapters.wire.answers import Answer


class State(enum.Enum):
    CLOSED = "no connection"
    OPEN = "connected, nobody logged in"
    READY = "logged in"
    LEAVING = "logged in, the server is about to close"


LOGGED_IN = frozenset({State.READY, State.LEAVING})
ENDED_ELSEWHERE = Refused.named("bad_token", "the session was ended elsewhere")


@attrs.frozen
class Answered:
    """The answer to a request other than a chat."""

    seq: int
    answer: Answer


@attrs.frozen
class Settled:
    """The answer to a chat."""

    cid: str
    outcome: events.Ack | Refused


@attrs.frozen
class Broken:
    """The connection cannot be used any more."""

    trouble: ConnectionLost


Output = Answered | Settled | Broken | events.Event
