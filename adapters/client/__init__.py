"""A client of the chat server, by version 2 of docs/protocol.md. It reconnects by itself."""

from adapters.client.chat_client import ChatClient
from adapters.client.conversation import Conversation, Page
from adapters.client.errors import (
    ClientError,
    ConnectionLost,
    NeedsTls,
    OutboxFull,
    Refused,
    StoreError,
    WrongServer,
)
from adapters.client.events import (
    Ack,
    Changed,
    Connected,
    Disconnected,
    Event,
    GoingAway,
    Got,
    Message,
    Notice,
    NotSent,
    Presence,
    Read,
    Reconnected,
    Reset,
    ServerError,
    SessionEnded,
    SettingsChanged,
    Typing,
)
from adapters.client.position import Position
from adapters.client.settings import Settings
from adapters.client.where import InGroup, Where, With
from chat_domain.model import Preferences

__all__ = [
    "Ack",
    "Changed",
    "ChatClient",
    "ClientError",
    "Connected",
    "ConnectionLost",
    "Conversation",
    "Disconnected",
    "Event",
    "GoingAway",
    "Got",
    "InGroup",
    "Message",
    "NeedsTls",
    "NotSent",
    "Notice",
    "OutboxFull",
    "Page",
    "Position",
    "Preferences",
    "Presence",
    "Read",
    "Reconnected",
    "Refused",
    "Reset",
    "ServerError",
    "SessionEnded",
    "Settings",
    "SettingsChanged",
    "StoreError",
    "Typing",
    "Where",
    "With",
    "WrongServer",
]
