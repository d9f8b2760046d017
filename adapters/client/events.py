"""What a client tells the program that uses it."""

import attrs

from adapters.client.errors import Refused
from adapters.client.position import Position
from adapters.client.where import Where, where_of
from chat_domain.model import Preferences


@attrs.frozen
class Message:
    """Somebody has written to this user, or to a group of theirs (`group_id` is then not 0); or
    the user has written themselves, with another device.

    at: its position in the log. to_id: to whom, 0 if to a group. answers: the position of what it
    answers, 0 for nothing. own: the user has written it; as an event, with another device.
    deleted: there was a text, which is no more.
    """

    at: int
    cid: str
    sender_id: int
    sender_name: str
    text: str
    time_ms: int
    to_id: int = 0
    group_id: int = 0
    answers: int = 0
    own: bool = False
    deleted: bool = False

    @property
    def where(self) -> Where:
        """The conversation, which is also where an answer goes to."""
        return where_of(self.to_id if self.own else self.sender_id, self.group_id)


@attrs.frozen
class Changed:
    """Who may see what has changed, in a group of this user's or among their own devices.

    sender_id, sender_name: whose doing it is, 0 and empty for the operator's. what, whom, new_name,
    detail: see `chat_domain.entries.What`; a later version may have others. own: the user has done
    it. to_id: the user's own id, where it concerns them alone. The others as of `Message`.
    """

    at: int
    cid: str
    sender_id: int
    sender_name: str
    time_ms: int
    what: str
    group_id: int = 0
    whom: int = 0
    new_name: str = ""
    detail: str = ""
    own: bool = False
    to_id: int = 0

    @property
    def where(self) -> Where:
        return where_of(self.to_id, self.group_id)


@attrs.frozen
class Got:
    """Everything that this user has written to this one alone, up to `at`, is with a device of
    theirs."""

    user_id: int
    at: int


@attrs.frozen
class Read:
    """User `user_id` has read a conversation up to `at`. own: it is this user, who has done so with
    another device."""

    user_id: int
    where: Where
    at: int
    own: bool = False


@attrs.frozen
class Typing:
    """Somebody is writing something. It is over after 6 s, if it is not said again, or with a
    message of theirs in this conversation."""

    user_id: int
    name: str
    where: Where


@attrs.frozen
class SettingsChanged:
    """The user has changed these with another device. where: which conversation is muted, or not
    any more; None if none is meant, and then `muted` means nothing."""

    preferences: Preferences
    where: Where | None = None
    muted: bool = False


@attrs.frozen
class Reset:
    """Positions mean something else from now on, or too much was missed to be sent: this user goes
    on from here, and what is between comes no more. was: where they were, if it is that too much
    was missed; history has the rest, from there on."""

    position: Position
    was: Position | None = None


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
    """The server does not let this user in again, or the session was ended elsewhere: nobody is
    logged in any more."""

    refusal: Refused


@attrs.frozen
class GoingAway:
    """The server is about to close the connection. The client moves by itself."""

    delay_ms: int


@attrs.frozen
class Notice:
    """The operator says this to everybody."""

    text: str


@attrs.frozen
class NotSent:
    """A message that an earlier program of this local store had not sent is refused. cid, where:
    its own."""

    where: Where
    text: str
    cid: str
    refusal: Refused


@attrs.frozen
class ServerError:
    """The server complains about something that was not a request of the application."""

    refusal: Refused


Event = (
    Message
    | Changed
    | Got
    | Read
    | Typing
    | SettingsChanged
    | Reset
    | Presence
    | Connected
    | Disconnected
    | Reconnected
    | SessionEnded
    | GoingAway
    | Notice
    | NotSent
    | ServerError
)


@attrs.frozen
class Ack:
    """A message is safe: it is in the log, at this position."""

    at: int
    time_ms: int
