"""Notes between nodes as bytes."""

import msgspec
import pytest

from adapters.redis import codec
from chat_domain.hints import Notice
from chat_domain.model import Message
from chat_domain.notes import (
    Fate,
    Fetch,
    Handed,
    HandedOver,
    LoggedOut,
    Note,
    PresenceChanged,
    Replaced,
    RosterChanged,
    RosterForgotten,
    Settled,
    Tell,
)

MESSAGE = Message("mid", "cid", 13, "张三 😀", 0, 'a "quote", a \0 and a \n', 1795176000123)

NOTES: list[Note] = [
    Handed(MESSAGE, [(15, "session", ""), (16, "other", "mid")]),
    Settled([(15, "mid", fate) for fate in Fate]),
    Fetch([15, 16]),
    Replaced(15, "session"),
    HandedOver(15, "session"),
    RosterChanged(3, 7),
    RosterForgotten(7),
    PresenceChanged(15, "李四", online=True, listed_by=[13]),
    LoggedOut(15, "session"),
    Tell(Notice("we restart at noon"), None),
    Tell(Notice("we restart at noon"), [13, 15]),
]


def fields(note: Note) -> object:
    return msgspec.to_builtins(note)


def test_notes_arrive_as_they_were_sent() -> None:
    """Every kind, in the order in which they are in the packet, with their sender."""
    sender, arrived = codec.decode(codec.encode("node", NOTES))
    assert sender == "node"
    assert [type(note) for note in arrived] == [type(note) for note in NOTES]
    assert [fields(note) for note in arrived] == [fields(note) for note in NOTES]


def test_a_note_of_an_unknown_kind_is_left_out() -> None:
    """A newer node can send one to an older node, among others that it knows."""
    some = [(99, {"new": 1}), ("New", {"hint": {}, "user_ids": None}), (3, Fetch([15]))]
    packet = msgspec.msgpack.encode((codec.VERSION, "node", some))
    assert codec.decode(packet) == ("node", [Fetch([15])])


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\xc1",
        b"not a packet",
        msgspec.msgpack.encode((codec.VERSION + 1, "node", [])),
        msgspec.msgpack.encode((codec.VERSION, "node", [(3, "no fields")])),
        msgspec.msgpack.encode((codec.VERSION, "node", [("Notice", {"hint": 7, "user_ids": []})])),
    ],
)
def test_what_is_no_packet_is_refused(packet: bytes) -> None:
    """With one kind of error, whatever the bytes."""
    with pytest.raises(codec.UnknownPacket):
        codec.decode(packet)
