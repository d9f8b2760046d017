"""Notes between nodes as bytes.

A packet is msgpack: the version of this format, the sender's id, and its notes, each a pair of its
kind's number and the encoded note. A node ignores packets of a version and notes of a kind that it
does not know, so that nodes of two releases can work side by side during an upgrade. A change that
an older node would misread needs a new VERSION, and a release that reads both before one
that writes it. In the place of a kind's number, a hint that is to be told has its own name.

What comes is judged by `received`, and bounded: whoever can write to Redis can send anything. What
goes is cut so that it passes.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import attrs
import msgspec

from adapters.redis import received
from adapters.redis.received import LISTED, Raw, Sender
from chat_domain import notes
from chat_domain.hints import HINTS, Hint
from chat_domain.notes import Note, Tell

VERSION = 1
LONGEST_PACKET = 512 * 1024  # bytes
MOST_NOTES = 1000  # in a packet

Packet = tuple[bytes, Sequence[Note]]  # with the notes that are in it

_KINDS: dict[int, tuple[type[Note], type[received.Received]]] = {
    1: (notes.Handed, received.Handed),
    2: (notes.Settled, received.Settled),
    3: (notes.Fetch, received.Fetch),
    4: (notes.Replaced, received.Replaced),
    5: (notes.Retired, received.Retired),
    6: (notes.RosterChanged, received.RosterChanged),
    7: (notes.RosterForgotten, received.RosterForgotten),
    8: (notes.PresenceChanged, received.PresenceChanged),
    9: (notes.LoggedOut, received.LoggedOut),
}
_NUMBERS = {kind: number for number, (kind, _) in _KINDS.items()}

# The list of a note, by its kind: a long one is sent in parts, which say the same as the whole.
_LISTS: dict[type[Note], str] = {
    notes.Handed: "to",
    notes.Settled: "fates",
    notes.Fetch: "user_ids",
    notes.PresenceChanged: "listed_by",
    notes.Tell: "user_ids",
}


class UnknownPacket(Exception):
    """Bytes that are no packet of this version; `str()` of it quotes nothing of them."""


def _decoder_of(form: type[received.Received]) -> Callable[[Raw], Note]:
    decode_form = msgspec.msgpack.Decoder(form).decode
    return lambda raw: decode_form(raw).note()


def _decoder_of_hint(hint: type[Hint]) -> Callable[[Raw], Note]:
    decode_told = msgspec.msgpack.Decoder(received.Told).decode
    decode_hint = msgspec.msgpack.Decoder(hint).decode

    def decode_tell(raw: Raw) -> Note:
        told = decode_told(raw)
        return Tell(received.bounded(decode_hint(told.hint)), told.user_ids)

    return decode_tell


_decoders: dict[int | str, Callable[[Raw], Note]] = {
    **{number: _decoder_of(form) for number, (_, form) in _KINDS.items()},
    **{hint.__name__: _decoder_of_hint(hint) for hint in HINTS},
}
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[int, Sender, list[tuple[int | str, Raw]]]).decode


def encode(sender: str, some: Sequence[Note]) -> bytes:
    """A packet with these notes, in this order."""
    marked = [(_NUMBERS.get(type(note)) or _name_of_hint(note), note) for note in some]
    return _encode((VERSION, sender, marked))


def _name_of_hint(note: Note) -> str:
    assert isinstance(note, Tell)
    return type(note.hint).__name__


def packets(sender: str, some: Sequence[Note]) -> list[Packet]:
    """As many packets as it takes for these notes, in order.

    Raises UnicodeEncodeError for a text that is none (half of a surrogate pair).
    """
    parts = some
    if any(map(_is_long, some)):
        parts = [part for note in some for part in _parts(note)]
    if len(parts) <= MOST_NOTES:
        return _packets(sender, parts)
    pieces = [parts[start : start + MOST_NOTES] for start in range(0, len(parts), MOST_NOTES)]
    return [packet for piece in pieces for packet in _packets(sender, piece)]


def _packets(sender: str, some: Sequence[Note]) -> list[Packet]:
    packet = encode(sender, some)
    if len(packet) <= LONGEST_PACKET or len(some) == 1:
        return [(packet, some)]
    half = len(some) // 2
    return _packets(sender, some[:half]) + _packets(sender, some[half:])


def _parts(note: Note) -> Iterator[Note]:
    """The same in notes with lists of at most LISTED each."""
    if not _is_long(note):
        yield note
        return
    field = _LISTS[type(note)]
    listed = getattr(note, field)
    for start in range(0, len(listed), LISTED):
        part: Any = {field: listed[start : start + LISTED]}
        yield attrs.evolve(note, **part)


def _is_long(note: Note) -> bool:
    field = _LISTS.get(type(note))
    return field is not None and len(getattr(note, field) or ()) > LISTED


def decode(packet: bytes) -> tuple[str, list[Note]]:
    """The sender, and those of its notes that this release knows. Raises UnknownPacket."""
    if len(packet) > LONGEST_PACKET:
        raise UnknownPacket(f"it has {len(packet)} bytes")
    try:
        version, sender, some = _decode(packet)
        if version != VERSION:
            raise UnknownPacket(f"it is of version {version}")
        if len(some) > MOST_NOTES:
            raise UnknownPacket(f"it has {len(some)} notes")
        return sender, [_decoders[kind](raw) for kind, raw in some if kind in _decoders]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UnknownPacket(_reason(error)) from error


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, msgspec.MsgspecError) else type(error).__name__
