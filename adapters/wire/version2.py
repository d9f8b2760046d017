"""Messages as version 2 clients get them, and what else many get at once."""

from adapters.wire.answers import Ack
from adapters.wire.frames import GroupChatFrame, OneChatFrame, PresenceFrame, encode
from adapters.wire.version1 import OnceForAll, chat_for_terminal, short_chats
from chat_domain.model import Friend, Message
from chat_domain.ports.client import Answer

_HEAD_LENGTH = len('{"msgid":1009,"push":0,')


class MessageEncoder:
    """Encodes messages, a group's once for all of its members.

    What differs between the members is the number of the push. It is put in front of the rest,
    and the rest of the last message is kept for the next member's turn.

    short_chats, chat_for_terminal: the same for the C++ server's client and for people, where
    nothing differs. PRESENCE is encoded once for all who are told of it.
    """

    def __init__(self) -> None:
        self._message: Message | None = None
        self._stored = False
        self._rest = b""
        self.short_chats = OnceForAll(short_chats)
        self.chat_for_terminal = OnceForAll(chat_for_terminal)
        self._friend: Friend | None = None
        self._presence = b""

    def encode(self, number: int, message: Message, recipient_id: int, *, stored: bool) -> bytes:
        """A message's frame, without its terminator."""
        if not message.group_id:
            return encode(
                OneChatFrame(
                    number,
                    message.mid,
                    message.cid,
                    message.sender_id,
                    message.sender_name,
                    recipient_id,
                    message.text,
                    message.time_ms,
                    stored,
                )
            )
        if message is not self._message or stored is not self._stored:
            self._message, self._stored = message, stored
            self._rest = _group(message, stored=stored)[_HEAD_LENGTH:]
        return b'{"msgid":1009,"push":%d,%b' % (number, self._rest)

    def presence(self, who: Friend) -> bytes:
        """PRESENCE, without its terminator."""
        if who is not self._friend:
            self._friend, self._presence = who, encode(PresenceFrame.of(who))
        return self._presence


def _group(message: Message, *, stored: bool) -> bytes:
    return encode(
        GroupChatFrame(
            0,  # cut off again
            message.mid,
            message.cid,
            message.sender_id,
            message.sender_name,
            message.group_id,
            message.text,
            message.time_ms,
            stored,
        )
    )


def chat_ack(answer: Answer, seq: int) -> bytes:
    """The answer to a chat that was accepted, without its terminator."""
    message = answer.message
    status = "stored" if answer.stored else "delivered"
    return encode(Ack(seq, message.mid, message.time_ms, status, answer.refused))
