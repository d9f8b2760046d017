"""Notes between nodes as bytes."""

from collections.abc import Sequence
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.redis import codec
from adapters.redis.note_schemas import LISTED
from chat_domain.entries import CHANGE, DELETED, TEXT, Entry, pair
from chat_domain.notes import (
    MAX_NOTICE,
    MOST_LISTED,
    MOST_READ,
    Appended,
    Delivered,
    Note,
    Notice,
    Replaced,
)
from tests.contract.nodes import NOTES, fields


def whole(*some: Note) -> bytes:
    """The single packet with all of these notes."""
    (packet,) = sent(*some)
    return packet


def sent(*some: Note) -> list[bytes]:
    encoded = [part for note in some for part in codec.encode(note)]
    return list(codec.packets("node", encoded))


def packet(kind: int, note: object, sender: str = "node") -> bytes:
    """A packet as somebody else could make it."""
    return msgspec.msgpack.encode((codec.VERSION, sender, [(kind, note)]))


def decoded(packet: bytes) -> list[Note]:
    return list(codec.decode(packet))


def arrived(packets: Sequence[bytes]) -> list[Note]:
    assert all(len(packet) <= codec.LONGEST_PACKET for packet in packets)
    return [note for packet in packets for note in decoded(packet)]


def test_notes_arrive_as_they_were_sent() -> None:
    """This holds for every kind, in the order of the packet."""
    found = decoded(whole(*NOTES))
    assert [fields(note) for note in found] == [fields(note) for note in NOTES]


def test_an_entry_s_kind_is_what_it_has() -> None:
    """Nothing else than texts and changes is ever appended."""
    (note, *_) = decoded(whole(NOTES[0]))
    assert isinstance(note, Appended)
    assert [entry.kind for entry in note.entries] == [TEXT, TEXT, CHANGE, CHANGE]
    assert DELETED not in {TEXT, CHANGE}


def test_a_note_of_an_unknown_kind_is_left_out() -> None:
    """A newer node can send one to an older node, among known ones."""
    some = [(99, {"new": 1}), (3, (15, "session"))]
    mixed = msgspec.msgpack.encode((codec.VERSION, "node", some))
    assert decoded(mixed) == [Replaced(15, "session")]


def test_a_field_that_a_newer_node_has_added_is_not_looked_at() -> None:
    """Such a field is at the end of a note."""
    assert decoded(packet(3, (15, "session", "more"))) == [Replaced(15, "session")]


def test_a_node_s_own_packets_are_known_by_their_beginning() -> None:
    """Those of another node never match, whatever its name."""
    for packet in (*sent(*NOTES), codec.heartbeat("node")):
        assert packet.startswith(codec.packet_prefix("node"))
        for other in ("nod", "nodes", "Node", "n" * 40):
            assert not packet.startswith(codec.packet_prefix(other))


FIVE_BYTES = b"\x93\x02\xa1\xff\x90"  # the right form, but the sender's name is not UTF-8
DEEP = b"\x93\x02\xa4node\x91\x92\x63" + b"\x91" * 100_000


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"\xc1",
        b"not a packet",
        FIVE_BYTES,
        DEEP,
        b"\x93\x02\xa1a\xdd\xff\xff\xff\xff",  # it claims to have so many notes
        msgspec.msgpack.encode((codec.VERSION + 1, "node", [])),
        msgspec.msgpack.encode((codec.VERSION - 1, "node", [])),
        msgspec.msgpack.encode((codec.VERSION, "node", [(3, "no fields")])),
        msgspec.msgpack.encode((codec.VERSION, "node", [("Notice", [])])),
        msgspec.msgpack.encode((codec.VERSION, "node", [(99, None)] * (codec.MOST_NOTES + 1))),
        packet(99, b"x" * codec.LONGEST_PACKET),
        packet(1, ("epoch", 1, LISTED + 1, [(1, 1, "", "c", 0, "")] * (LISTED + 1))),
        packet(3, (15, "session"), ""),
        packet(3, (15, "session"), "one|two"),
        packet(3, (15, "session"), "x" * 201),
    ],
)
def test_what_is_no_packet_is_refused(bad: bytes) -> None:
    """There is one kind of error, whatever the bytes."""
    with pytest.raises(codec.UnknownPacket):
        decoded(bad)


@given(st.binary(max_size=200))
def test_whatever_the_bytes_there_is_one_kind_of_error(data: bytes) -> None:
    with suppress(codec.UnknownPacket):
        decoded(data)


@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=3), st.integers(0, 3))
def test_a_packet_that_was_bent_is_one_or_is_refused(at: int, put: bytes, out: int) -> None:
    """The error is of the same kind. What passes can be encoded again."""
    bent = whole(*NOTES)
    at %= len(bent)
    try:
        notes = decoded(bent[:at] + put + bent[at + out :])
    except codec.UnknownPacket:
        return
    assert len(arrived(sent(*notes))) == len(notes)


def entry(**odd: object) -> list[object]:
    """The fields of anna's text to bert at 7, except for the given ones, in their order."""
    good: dict[str, object] = {
        "conv": pair(13, 15),
        "sender_id": 13,
        "sender_name": "anna",
        "cid": "c1",
        "time_ms": 1_795,
        "text": "hello",
        "answers": 0,
        "change": None,
    }
    assert odd.keys() <= good.keys()
    return list((good | odd).values())


def appended(**odd: object) -> list[object]:
    good: dict[str, object] = {"epoch": "epoch", "first": 7, "upto": 7, "entries": [entry()]}
    assert odd.keys() <= good.keys()
    return list((good | odd).values())


def test_what_the_bad_ones_are_made_of_is_good() -> None:
    """Otherwise, they would be refused for another reason."""
    for good in (
        appended(),
        appended(first=2**63 - 1, upto=2**63 - 1),
        appended(first=7, upto=8, entries=[entry(), entry()]),
        appended(upto=2**63 - 1, entries=[]),
        appended(entries=[entry(conv=pair(13, 13))]),
        appended(entries=[entry(conv=2**31 - 1)]),
        appended(entries=[entry(answers=6)]),
        appended(entries=[entry(answers=2**63 - 1)]),  # as a client may say
        appended(entries=[entry(conv=3, sender_id=0, change=("ended", 0, "", ""))]),
    ):
        assert len(decoded(packet(1, good))) == 1


IDS = list(range(1, LISTED + 2))


@pytest.mark.parametrize(
    ("kind", "note"),
    [
        (1, appended(first=0, upto=0)),
        (1, appended(first=-1, upto=-1)),
        (1, appended(first=2**63, upto=2**63)),
        (1, appended(upto=8)),
        (1, appended(upto=6)),
        (1, appended(entries=[entry(), entry()])),
        (1, appended(first=8, upto=7, entries=[])),
        (1, appended(first=2**63 - 1, upto=2**63, entries=[entry(), entry()])),
        (1, appended(first="7")),
        (1, appended(epoch="")),
        (1, appended(epoch="e" * 65)),
        (1, appended(entries=None)),
        (2, (0, {13: 7})),
        (2, (15, {0: 7})),
        (2, (15, {2**31: 7})),
        (2, (15, {13: 0})),
        (2, (15, {13: 2**63})),
        (2, (15, {"13": 7})),
        (2, (15, dict.fromkeys(IDS, 7))),
        (3, (15, "")),
        (3, (15, "s" * 101)),
        (3, (2**31, "session")),
        (3, (15,)),
        (4, (0, "anna", True, [])),
        (4, (1, "n" * 51, True, [])),
        (4, (1, "anna", 1, [])),
        (4, (1, "anna", True, [0])),
        (4, (1, "anna", True, IDS[: MOST_LISTED + 1])),
        (6, ("", 15, {3: 7}, False)),
        (6, ("epoch", 0, {3: 7}, False)),
        (6, ("epoch", 15, {0: 7}, False)),
        (6, ("epoch", 15, {3: 0}, False)),
        (6, ("epoch", 15, {3: 2**63}, False)),
        (6, ("epoch", 15, {2**31: 7}, False)),
        (6, ("epoch", 15, {pair(13, 14): 7}, False)),  # not the reader's
        (6, ("epoch", 15, {15 << 32 | 13: 7}, False)),
        (6, ("epoch", 15, {3: 7}, 1)),
        (6, ("epoch", 15, dict.fromkeys(range(1, MOST_READ + 2), 7), False)),
        (7, (0, "anna", 3)),
        (7, (15, "n" * 51, 3)),
        (7, (15, "bert", 0)),
        (7, (15, "bert", 2**31)),
        (7, (15, "bert", pair(13, 14))),  # not the writer's
        (8, (0, True, True, 0, False)),
        (8, (15, 1, True, 0, False)),
        (8, (15, True, None, 0, False)),
        (8, (15, True, True, -1, False)),
        (8, (15, True, True, pair(13, 14), False)),
        (8, (15, True, True, 3)),
        (5, ("x" * (MAX_NOTICE + 1),)),
        (5, (None,)),
        (5, ()),
    ],
)
def test_what_a_node_would_not_send_is_refused(kind: int, note: object) -> None:
    """These are bad ids and positions, and texts that are longer than a client can send."""
    with pytest.raises(codec.UnknownPacket):
        decoded(packet(kind, note))


@pytest.mark.parametrize(
    "bad",
    [
        {"conv": 0},
        {"conv": 2**31},  # no group's
        {"conv": 2**63},
        {"conv": 15 << 32 | 13},  # the higher id first
        {"conv": 13 << 32},
        {"conv": 13 << 32 | 2**31},
        {"conv": pair(14, 15)},  # not the sender's
        {"sender_id": 0},
        {"sender_id": 2**31},
        {"conv": 3, "sender_id": 0},  # a text of nobody's
        {"sender_id": 0, "change": ("ended", 0, "", "")},  # only in groups
        {"sender_name": "n" * 51},
        {"cid": ""},
        {"cid": "c" * 65},
        {"time_ms": -1},
        {"time_ms": 253_402_300_800_000},
        {"text": "t" * 65_536},
        {"text": b"bytes"},
        {"text": None},
        {"answers": -1},
        {"answers": 2**63},
        {"change": ("", 0, "", "")},
        {"change": ("w" * 51, 0, "", "")},
        {"change": ("left", -1, "", "")},
        {"change": ("left", 2**31, "", "")},
        {"change": ("renamed", 0, "n" * 51, "")},
        {"change": ("created", 0, "go", "d" * 65_536)},
        {"change": ("created", 0)},
    ],
)
def test_an_entry_that_no_log_has_is_refused(bad: dict[str, object]) -> None:
    """Its conversation is bad or not the sender's, or no store can hold it."""
    with pytest.raises(codec.UnknownPacket):
        decoded(packet(1, appended(entries=[entry(**bad)])))


def test_an_entry_s_position_and_size_are_not_what_its_sender_says() -> None:
    """They follow from the note. By sizes, a node counts what it holds."""
    entries = tuple(Entry(3, TEXT, 13, "anna", f"c{n}", "x" * n, at=n) for n in (5, 6))
    for one in entries:
        one.at, one.size = 99, -(10**9)
    (note,) = decoded(whole(Appended("epoch", 5, 6, entries)))
    assert isinstance(note, Appended)
    assert [one.at for one in note.entries] == [5, 6]
    assert [one.size for one in note.entries] == [
        Entry(3, TEXT, 13, "anna", f"c{n}", "x" * n).size for n in (5, 6)
    ]


def test_long_marks_are_sent_in_parts() -> None:
    """These are marks for 5,000 writers."""
    got = {writer: 10 * writer for writer in range(1, 5001)}
    parts = arrived(sent(Delivered("epoch", 15, got)))
    assert len(parts) == 3
    found: dict[int, int] = {}
    for part in parts:
        assert isinstance(part, Delivered)
        assert part.user_id == 15
        found |= part.got
    assert found == got


def test_many_and_large_notes_are_sent_in_several_packets() -> None:
    """All of them arrive, in order, with as many in each packet as it has room for."""
    many: list[Note] = [Replaced(number, "session") for number in range(1, 2501)]
    packets = sent(*many)
    assert len(packets) == 3
    assert arrived(packets) == many
    large = [
        Appended("epoch", at, at, (Entry(3, TEXT, 13, "anna", "c", "x" * 16_000, at=at),))
        for at in range(1, 101)
    ]
    packets = sent(*large)
    assert len(packets) == 4
    assert [note.first for note in arrived(packets) if isinstance(note, Appended)] == [
        note.first for note in large
    ]


def raw(size: int) -> codec.Encoded:
    """A note of this many bytes."""
    return 99, msgspec.Raw(b"\xc6" + (size - 5).to_bytes(4, "big") + b"x" * (size - 5))


@pytest.mark.parametrize("sender", ["n", "n" * 200])
def test_a_packet_is_never_longer_than_others_take(sender: str) -> None:
    """A packet that is as full as possible is accepted; what exceeds it goes into the next."""
    some = codec.ROOM - 2 * 8 - 100  # the room beside a note of 100 bytes
    (full,) = codec.packets(sender, [raw(some), raw(100)])
    assert len(full) <= codec.LONGEST_PACKET
    assert decoded(full) == []
    assert len(list(codec.packets(sender, [raw(some + 1), raw(100)]))) == 2


def test_no_note_is_no_packet() -> None:
    assert list(codec.packets("node", [])) == []


def test_a_text_that_is_none_is_not_encoded() -> None:
    """An example is half of a surrogate pair."""
    with pytest.raises(UnicodeEncodeError):
        codec.encode(Notice("\ud800"))
