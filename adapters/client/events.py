"""What a client tells the program that uses it."""

import attrs

from adapters.client.errors import Refused
from chat_domain.hints import Hint


@attrs.frozen
class Message:
    """Somebody has written to this user, or to a group of theirs (`group_id` is then not 0).

    stored: it waited in the mailbox.
    """

    mid: str
    cid: str
    sender_id: int
    sender_name: str
    text: str
    time_ms: int
    group_id: int = 0
    stored: bool = False


@attrs.frozen
class Presence:
    """Somebody on the user's list has come or gone."""

    id: int
    name: str
    online: bool


@attrs.frozen
class Connected:
    """The first connection stands."""


@attrs.frozen
class Disconnected:
    """The connection has broken. `retrying` says whether the client is at work on a new one."""

    why: str
    retrying: bool


@attrs.frozen
class Reconnected:
    """There is a connection again; `resumed` when the user is logged in on it."""

    resumed: bool


@attrs.frozen
class SessionEnded:
    """The server does not let this user in again, so nobody is logged in any more."""

    refusal: Refused


@attrs.frozen
class Replaced:
    """Another connection has taken this session over. The client does not come back by itself."""


@attrs.frozen
class GoingAway:
    """The server is about to close the connection. The client moves by itself."""

    delay_ms: int


@attrs.frozen
class ServerError:
    """The server complains about something that was not a request of the application."""

    refusal: Refused


Event = (
    Message
    | Presence
    | Connected
    | Disconnected
    | Reconnected
    | SessionEnded
    | Replaced
    | GoingAway
    | Hint
    | ServerError
)


@attrs.frozen
class Ack:
    """A message is safe: with all its recipients, or with some of them and stored for the others.

    refused: members of the group for whom it could be neither delivered nor stored.
    """

    mid: str
    time_ms: int
    delivered: bool
    refused: tuple[int, ...] = ()
