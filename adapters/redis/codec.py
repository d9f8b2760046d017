"""Notes between nodes as bytes.

A packet is msgpack: the version of this format, the sender's id, and its notes, each a pair of the
number of its kind and its NoteSchema (see `note_schemas`). A node ignores packets of a version, and
notes of a kind, that it does not know, so two releases can work side by side during an upgrade. A
schema may get more fields at its end, which an older node ignores. A change that an older node
would misread needs a new VERSION, and a release that reads both before one that writes it.

Incoming packets are bounded, since a client that can write to Redis can send anything. Outgoing
ones are cut to fit these bounds.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

import attrs
import msgspec

from adapters.redis.note_schemas import LISTED, NoteSchema, Sender
from chat_domain.notes import Delivered, Note

VERSION = 2
LONGEST_PACKET = 512 * 1024  # bytes
MOST_NOTES = 1000  # in a packet
ROOM = LONGEST_PACKET - 256  # bytes for the notes in a packet; the sender's id is before them

Raw = msgspec.Raw
Encoded = tuple[int, Raw]  # the number of a kind, and the NoteSchema as bytes
_OVERHEAD = 8  # bytes at most that a note takes in a packet besides its NoteSchema

_SCHEMAS: Mapping[type[Note], type[NoteSchema[Any]]] = {
    schema.NOTE: schema for schema in NoteSchema.__subclasses__()
}
_decoders = {schema.NUMBER: msgspec.msgpack.Decoder(schema).decode for schema in _SCHEMAS.values()}
_encode = msgspec.msgpack.Encoder().encode
_Notes = Annotated[list[tuple[int, Raw]], msgspec.Meta(max_length=MOST_NOTES)]
_decode = msgspec.msgpack.Decoder(tuple[int, Sender, _Notes]).decode


class UnknownPacket(Exception):
    """Bytes that are no packet of this version; its `str()` quotes none of them."""


def heartbeat(sender: str) -> bytes:
    """A packet without a note."""
    return _encode((VERSION, sender, []))


def packet_prefix(sender: str) -> bytes:
    """The bytes with which all packets of a sender begin, and no others."""
    return heartbeat(sender)[:-1]


def packets(sender: str, some: Iterable[Encoded]) -> Iterator[bytes]:
    """As many packets as these notes need, in order; none if there are no notes."""
    taken: list[Encoded] = []
    room = ROOM
    for one in some:
        needed = len(one[1]) + _OVERHEAD
        if taken and (needed > room or len(taken) == MOST_NOTES):
            yield _encode((VERSION, sender, taken))
            taken, room = [], ROOM
        taken.append(one)
        room -= needed
    if taken:
        yield _encode((VERSION, sender, taken))


def encode(note: Note) -> list[Encoded]:
    """A note; if it is long, in several parts that together say the same.

    Raises UnicodeEncodeError for an invalid text (half of a surrogate pair).
    """
    schema = _SCHEMAS[type(note)]
    return [(schema.NUMBER, Raw(_encode(schema.from_note(part)))) for part in _parts(note)]


def _parts(note: Note) -> Iterator[Note]:
    if not isinstance(note, Delivered) or len(note.got) <= LISTED:
        yield note
        return
    marks = list(note.got.items())
    for start in range(0, len(marks), LISTED):
        yield attrs.evolve(note, got=dict(marks[start : start + LISTED]))


def decode(packet: bytes) -> Iterator[Note]:
    """The notes of a packet that this release knows, each decoded on request. Raises UnknownPacket,
    possibly after some of them; then none of them counts."""
    if len(packet) > LONGEST_PACKET:
        raise UnknownPacket(f"it has {len(packet)} bytes")
    try:
        version, _, some = _decode(packet)
        if version != VERSION:
            raise UnknownPacket(f"it is of version {version}")
        for kind, raw in some:
            if kind in _decoders:
                yield _decoders[kind](raw).to_note()
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UnknownPacket(_reason(error)) from error


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, msgspec.MsgspecError) else type(error).__name__
