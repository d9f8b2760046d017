"""The events that a client passes to the application."""

import attrs

from adapters.client.errors import Refused
from adapters.client.position import Position
from adapters.client.where import Where, where_of
from chat_domain.model import Preferences


@attrs.frozen
class Message:
    """Somebody has written to this user, or to a group of theirs (`group_id` is then not 0); or the
    user has, on another device.

    at: its position in the log. to_id: the recipient, 0 for a group. time_ms: UTC milliseconds.
    answers: the position of the message that it answers, 0 for none. own: written by this user; as
    an event, on another device. deleted: its text was deleted.
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
        """The conversation, which is also where to send an answer."""
        return where_of(self.to_id if self.own else self.sender_id, self.group_id)


@attrs.frozen
class Changed:
    """A change of who may see what, in a group of this user or among their own devices.

    sender_id, sender_name: who made it; 0 and empty for the operator. what, whom, new_name, detail:
    see `chat_domain.entries.ChangeKind`; a later version may have other values. own: made by this
    user. to_id: the user's own id, if it concerns only them. Other fields: as in `Message`.
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
    """A device of user `user_id` has received everything that this user sent them one-to-one, up to
    position `at`."""

    user_id: int
    at: int


@attrs.frozen
class Read:
    """User `user_id` has read a conversation up to position `at`. own: it is this user, on another
    device."""

    user_id: int
    where: Where
    at: int
    own: bool = False


@attrs.frozen
class Typing:
    """User `user_id` is typing. That ends after 6 s unless it is repeated, or with a message of
    theirs in this conversation."""

    user_id: int
    name: str
    where: Where


@attrs.frozen
class SettingsChanged:
    """The user has changed settings on another device. where: the conversation that was muted or
    unmuted; None if none was, and then `muted` means nothing."""

    preferences: Preferences
    where: Where | None = None
    muted: bool = False


@attrs.frozen
class Reset:
    """Positions have a new meaning, or too much was missed to be sent: the user goes on from
    `position`, and what came before it will not come. was: the user's position before, if too much
    was missed; `history` has what is above it."""

    position: Position
    was: Position | None = None


@attrs.frozen
class Presence:
    """A user on the list of friends has come online or gone offline."""

    id: int
    name: str
    online: bool


@attrs.frozen
class Connected:
    """The first connection is established."""


@attrs.frozen
class Disconnected:
    """The connection is lost. retrying: whether the client tries to get a new one."""

    why: str
    retrying: bool


@attrs.frozen
class Reconnected:
    """The server is there again. resumed: whether the user is logged in."""

    resumed: bool


@attrs.frozen
class SessionEnded:
    """The server refuses to let this user in again, or the session was ended elsewhere: nobody is
    logged in any more."""

    refusal: Refused


@attrs.frozen
class GoingAway:
    """The server is about to close the connection. The client reconnects by itself."""

    delay_ms: int


@attrs.frozen
class Notice:
    """A notice from the operator to everybody."""

    text: str


@attrs.frozen
class NotSent:
    """The server has refused a message that an earlier program with this local store had left
    unsent."""

    where: Where
    text: str
    cid: str
    refusal: Refused


@attrs.frozen
class ServerError:
    """An error of the server that does not answer any request of the application."""

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
    """A message is safe: it is in the log. at: its position. time_ms: UTC milliseconds."""

    at: int
    time_ms: int
