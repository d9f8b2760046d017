"""A client of the chat server: the version 2 protocol of docs/protocol.md, kept alive for you."""

from adapters.client.chat_client import ChatClient
from adapters.client.errors import ClientError, ConnectionLost, OutboxFull, Refused
from adapters.client.events import (
    Ack,
    Connected,
    Disconnected,
    Event,
    GoingAway,
    Message,
    Presence,
    Reconnected,
    Replaced,
    ServerError,
    SessionEnded,
)
from adapters.client.settings import Settings
from chat_domain import hints

__all__ = [
    "Ack",
    "ChatClient",
    "ClientError",
    "Connected",
    "ConnectionLost",
    "Disconnected",
    "Event",
    "GoingAway",
    "Message",
    "OutboxFull",
    "Presence",
    "Reconnected",
    "Refused",
    "Replaced",
    "ServerError",
    "SessionEnded",
    "Settings",
    "hints",
]
