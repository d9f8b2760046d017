"""Encoding requests, decoding the server's frames, and checking what the client checks itself.

Both sides' frames are declared in `adapters.wire`.
"""

from collections.abc import Callable
from typing import Any, Union

import msgspec

from adapters.client.errors import ProtocolViolation, Refused
from adapters.wire.answers import Answer, Error, Verdict
from adapters.wire.declaring import MAX_CID, MAX_TEXT, AnyRequest
from adapters.wire.frames import ServerFrame, declared, number_of
from adapters.wire.framing import MAX_CLIENT_FRAME
from adapters.wire.requests import REQUESTS, OneChat

VERSION = 2


class _Kind(msgspec.Struct):
    msgid: int


FRAMES = tuple(declared(ServerFrame))
_ANY: Any = Union[FRAMES]  # noqa: UP007  # of all declared frames
_decode: Callable[[bytes], ServerFrame] = msgspec.json.Decoder(_ANY).decode
_decode_kind = msgspec.json.Decoder(_Kind).decode
_encode = msgspec.json.Encoder().encode
_KNOWN = REQUESTS.keys() | {number_of(frame) for frame in FRAMES}


def decode(frame: bytes) -> ServerFrame | None:
    """Decode a frame of the server; None for a type that a later version has added. Raises
    ProtocolViolation."""
    try:
        return _decode(frame)
    except msgspec.DecodeError as exc:
        if _is_of_a_later_version(frame):
            return None
        raise ProtocolViolation(f"the server sent an invalid frame: {exc}") from exc


def _is_of_a_later_version(frame: bytes) -> bool:
    try:
        return _decode_kind(frame).msgid not in _KNOWN
    except msgspec.DecodeError:
        return False


def encode(request: AnyRequest) -> bytes:
    """Encode a request. Raises Refused if the server would close the connection over it."""
    try:
        frame = _encode(request)
    except UnicodeEncodeError as exc:
        raise Refused.named("bad_field", "this is not valid text") from exc
    if len(frame) > MAX_CLIENT_FRAME:
        raise Refused.named("frame_too_long", "this is too long for the server")
    return frame + b"\n"


def check_text(text: str) -> None:
    """Raise Refused for a text that no server accepts, before it is queued."""
    if not 1 <= len(text) <= MAX_TEXT:
        raise Refused.named("bad_field", f"a message must have 1 to {MAX_TEXT:,} characters")
    try:
        text.encode()
    except UnicodeEncodeError as exc:
        raise Refused.named("bad_field", "this is not valid text") from exc


def check_cid(cid: str) -> None:
    """Raise Refused for an invalid cid."""
    try:
        OneChat(toid=1, msg="x", cid=cid)
    except ValueError as exc:
        raise Refused.named(
            "bad_field", "a cid can only have letters, digits, `_` and `-`"
        ) from exc
    if not 1 <= len(cid) <= MAX_CID:
        raise Refused.named("bad_field", f"a cid must have 1 to {MAX_CID} characters")


def refusal(answer: Answer) -> Refused | None:
    """The refusal that an answer carries, None if it is not one."""
    if not isinstance(answer, Verdict) or not (answer.errno or isinstance(answer, Error)):
        return None
    return Refused(answer.errno, answer.error or f"errno_{answer.errno}", answer.errmsg)
