"""Notes between nodes as bytes."""

from contextlib import suppress
from typing import Any

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.redis import codec
from adapters.redis.received import LISTED
from chat_domain.hints import MAX_NOTICE, GroupChanged, Notice
from chat_domain.model import Message, User
from chat_domain.notes import (
    Fate,
    Fetch,
    Handed,
    LoggedOut,
    Note,
    PresenceChanged,
    Replaced,
    Retired,
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
    Retired(15, "session"),
    RosterChanged(3, 7),
    RosterForgotten(7),
    PresenceChanged(15, "李四", online=True, listed_by=[13]),
    LoggedOut(15, "session"),
    Tell(Notice("we restart at noon"), None),
    Tell(Notice("we restart at noon"), [13, 15]),
    Tell(GroupChanged(3, "walkers", User(13, "anna")), [15]),
]


def packet(kind: int | str, note: object, sender: str = "node") -> bytes:
    """As somebody else could make one."""
    return msgspec.msgpack.encode((codec.VERSION, sender, [(kind, note)]))


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
    mixed = msgspec.msgpack.encode((codec.VERSION, "node", some))
    assert codec.decode(mixed) == ("node", [Fetch([15])])


FIVE_BYTES = b"\x93\x01\xa1\xff\x90"  # of the right form, and its sender's name is no UTF-8
DEEP = b"\x93\x01\xa4node\x91\x92\x63" + b"\x91" * 100_000


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"\xc1",
        b"not a packet",
        FIVE_BYTES,
        DEEP,
        b"\x93\x01\xa1a\xdd\xff\xff\xff\xff",  # so many notes, it says
        msgspec.msgpack.encode((codec.VERSION + 1, "node", [])),
        msgspec.msgpack.encode((codec.VERSION, "node", [(3, "no fields")])),
        msgspec.msgpack.encode((codec.VERSION, "node", [("Notice", {"hint": 7, "user_ids": []})])),
        msgspec.msgpack.encode((codec.VERSION, "node", [(99, None)] * (codec.MOST_NOTES + 1))),
        packet(99, b"x" * codec.LONGEST_PACKET),
        codec.encode("", [Fetch([15])]),
        codec.encode("one|two", [Fetch([15])]),
        codec.encode("x" * 201, [Fetch([15])]),
    ],
)
def test_what_is_no_packet_is_refused(bad: bytes) -> None:
    """With one kind of error, whatever the bytes."""
    with pytest.raises(codec.UnknownPacket):
        codec.decode(bad)


@given(st.binary(max_size=200))
def test_whatever_the_bytes_there_is_one_kind_of_error(data: bytes) -> None:
    with suppress(codec.UnknownPacket):
        codec.decode(data)


@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=3), st.integers(0, 3))
def test_a_packet_that_was_bent_is_one_or_is_refused(at: int, put: bytes, out: int) -> None:
    """With the same kind of error; what passes can be sent on."""
    whole = codec.encode("node", NOTES)
    at %= len(whole)
    try:
        sender, notes = codec.decode(whole[:at] + put + whole[at + out :])
    except codec.UnknownPacket:
        return
    assert codec.decode(codec.encode(sender, notes)) is not None


def group_changed(**odd: object) -> dict[str, Any]:
    hint = {"group_id": 3, "name": "walkers", "by": {"id": 13, "name": "anna"}}
    return {"hint": hint | odd, "user_ids": None}


@pytest.mark.parametrize(
    ("kind", "note"),
    [
        (1, {"to": [(0, "session", "")]}),
        (1, {"to": [(2**31, "session", "")]}),
        (1, {"to": [(15, "s" * 101, "")]}),
        (1, {"to": [(15, "session", "m" * 65)]}),
        (1, {"to": [(15, "session", "")] * (LISTED + 1)}),
        (1, {"mid": ""}),
        (1, {"mid": "m" * 65}),
        (1, {"mid": None}),
        (1, {"cid": "c" * 65}),
        (1, {"sender_id": -1}),
        (1, {"sender_name": "n" * 51}),
        (1, {"group_id": 2**31}),
        (1, {"text": "t" * 65_536}),
        (1, {"text": b"bytes"}),
        (1, {"time_ms": -1}),
        (1, {"time_ms": 253_402_300_800_000}),
        (2, {"fates": [(15, "mid", "eaten")]}),
        (3, {"user_ids": [2**40]}),
        (3, {"user_ids": [1] * (LISTED + 1)}),
        (4, {"user_id": 15, "session_id": ""}),
        (6, {"group_id": 0, "question": 7}),
        (6, {"group_id": 1, "question": 2**60}),
        (8, {"user_id": 1, "name": "n" * 51, "online": True, "listed_by": []}),
        ("Notice", {"hint": {"text": "x" * (MAX_NOTICE + 1)}, "user_ids": None}),
        ("Notice", {"hint": {"text": None}, "user_ids": None}),
        ("Notice", {"hint": {"text": "hello"}, "user_ids": [0]}),
        ("Notice", {"hint": {"text": "hello"}, "user_ids": [1] * (LISTED + 1)}),
        ("Notice", {}),
        ("GroupChanged", group_changed(group_id=2**31)),
        ("GroupChanged", group_changed(name="x" * (MAX_NOTICE + 1))),
        ("GroupChanged", group_changed(by={"id": 0, "name": "anna"})),
    ],
)
def test_what_a_node_would_not_send_is_refused(kind: int | str, note: dict[str, Any]) -> None:
    """Ids that are none, and what is longer than anything that a client or a store has."""
    if kind == 1:
        message = attrs.asdict(MESSAGE) | {key: note[key] for key in note if key != "to"}
        note = {"message": message, "to": note.get("to", [(15, "session", "")])}
    with pytest.raises(codec.UnknownPacket):
        codec.decode(packet(kind, note))


def test_a_message_s_size_and_key_are_not_what_its_sender_says() -> None:
    """By them a node counts what it holds, and knows a second copy."""
    forged = attrs.asdict(MESSAGE) | {"size": -(10**9), "key": (1, "another's")}
    _, (note,) = codec.decode(packet(1, {"message": forged, "to": []}))
    assert isinstance(note, Handed)
    assert (note.message.size, note.message.key) == (MESSAGE.size, MESSAGE.key)


def test_a_message_without_a_cid_of_its_own_has_no_key_elsewhere_either() -> None:
    without = Message("mid", "mid", 13, "anna", 0, "hello", 1795176000123)
    without.key = None
    _, (note,) = codec.decode(codec.encode("node", [Handed(without, [])]))
    assert isinstance(note, Handed)
    assert note.message.key is None


def sent(*notes: Note) -> list[Note]:
    """What arrives of these."""
    packets = codec.packets("node", notes)
    assert all(len(data) <= codec.LONGEST_PACKET for data, _ in packets)
    arrived = [codec.decode(data)[1] for data, _ in packets]
    assert [len(notes) for notes in arrived] == [len(notes) for _, notes in packets]
    return [note for notes in arrived for note in notes]


def test_long_lists_are_sent_in_parts() -> None:
    """To each of 5,000 members, in their order."""
    to = [(user_id, "session", "") for user_id in range(1, 5001)]
    parts = sent(Handed(MESSAGE, to))
    assert len(parts) == 3
    assert [entry for part in parts if isinstance(part, Handed) for entry in part.to] == to
    fetched = sent(Fetch(list(range(1, 5001))))
    assert [n for part in fetched if isinstance(part, Fetch) for n in part.user_ids] == [
        user_id for user_id, *_ in to
    ]


def test_many_and_large_notes_are_sent_in_several_packets() -> None:
    """All of them arrive, in their order."""
    notes: list[Note] = [RosterForgotten(number) for number in range(2500)]
    assert sent(*notes) == notes
    large = [Message(f"{n}", "c", 13, "anna", 0, "x" * 16_000, 0) for n in range(100)]
    arrived = sent(*(Handed(message, [(15, "session", "")]) for message in large))
    assert [note.message.mid for note in arrived if isinstance(note, Handed)] == [
        message.mid for message in large
    ]
