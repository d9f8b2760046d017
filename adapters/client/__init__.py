"""A client of the chat server: the version 2 protocol of docs/protocol.md, kept alive for you."""

from adapters.client.chat_client import ChatClient
from adapters.client.errors import ClientError, ConnectionLost, OutboxFull, Refused
from adapters.client.events import (
    Ack,
    Changed,
    Connected,
    Disconnected,
    Event,
    GoingAway,
    Got,
    Message,
    Presence,
    Reconnected,
    Reset,
    ServerError,
    SessionEnded,
)
from adapters.client.position import Position
from adapters.client.settings import Settings
from chat_domain import hints

__all__ = [
    "Ack",
    "Changed",
    "ChatClient",
    "ClientError",
    "Connected",
    "ConnectionLost",
    "Disconnected",
    "Event",
    "GoingAway",
    "Got",
    "Message",
    "OutboxFull",
    "Position",
    "Presence",
    "Reconnected",
    "Refused",
    "Reset",
    "ServerError",
    "SessionEnded",
    "Settings",
    "hints",
]
