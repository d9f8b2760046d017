"""Notes between nodes as bytes.

A packet is msgpack: the version of this format, the sender's id, and its notes, each a pair of its
kind's number and the encoded note. A node ignores packets of a version and notes of a kind that it
does not know, so that nodes of two releases can work side by side during an upgrade. A change that
an older node would misread needs a new VERSION, and a release that reads both before one
that writes it. In the place of a kind's number, a hint that is to be told has its own name.
"""

from collections.abc import Callable, Sequence

import msgspec

from chat_domain import notes
from chat_domain.hints import HINTS, Hint
from chat_domain.notes import Note, Tell

VERSION = 1

_KINDS: dict[int, type[Note]] = {
    1: notes.Handed,
    2: notes.Settled,
    3: notes.Fetch,
    4: notes.Replaced,
    5: notes.HandedOver,
    6: notes.RosterChanged,
    7: notes.RosterForgotten,
    8: notes.PresenceChanged,
    9: notes.LoggedOut,
}
_NUMBERS = {kind: number for number, kind in _KINDS.items()}


class _Told(msgspec.Struct):
    """A Tell whose hint is known by its name alone."""

    hint: msgspec.Raw
    user_ids: list[int] | None


_decode_told = msgspec.msgpack.Decoder(_Told).decode


def _decoder_of(hint: type[Hint]) -> Callable[[msgspec.Raw], Note]:
    decode_hint = msgspec.msgpack.Decoder(hint).decode

    def decode_tell(raw: msgspec.Raw) -> Note:
        told = _decode_told(raw)
        return Tell(decode_hint(told.hint), told.user_ids)

    return decode_tell


_decoders: dict[int | str, Callable[[msgspec.Raw], Note]] = {
    **{number: msgspec.msgpack.Decoder(kind).decode for number, kind in _KINDS.items()},
    **{hint.__name__: _decoder_of(hint) for hint in HINTS},
}
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[int, str, list[tuple[int | str, msgspec.Raw]]]).decode


class UnknownPacket(Exception):
    """Bytes that are no packet of this version."""


def encode(sender: str, some: Sequence[Note]) -> bytes:
    """A packet with these notes, in this order."""
    marked = [(_NUMBERS.get(type(note)) or _name_of_hint(note), note) for note in some]
    return _encode((VERSION, sender, marked))


def _name_of_hint(note: Note) -> str:
    assert isinstance(note, Tell)
    return type(note.hint).__name__


def decode(packet: bytes) -> tuple[str, list[Note]]:
    """The sender, and those of its notes that this release knows. Raises UnknownPacket."""
    try:
        version, sender, some = _decode(packet)
        if version != VERSION:
            raise UnknownPacket(f"a packet of version {version}")
        return sender, [_decoders[kind](raw) for kind, raw in some if kind in _decoders]
    except msgspec.MsgspecError as error:
        raise UnknownPacket(str(error)) from error
