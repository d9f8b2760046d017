"""Reading a request from a frame.

The requests are tagged structs, so that a single pass of the decoder identifies the request, checks
every field and creates the object. A chat takes 0.2 us; to look at `msgid` first and decode then
took twice that.
"""

import re
from collections.abc import Callable
from typing import Any, Union

import msgspec
from msgspec import Raw, Struct

from adapters.wire.declaring import AnyRequest
from adapters.wire.requests import REQUESTS


class BadFrame(Exception):
    """A frame that is not a request.

    error: its name in the protocol's table of errors. seq and msgid: None if unreadable.
    """

    def __init__(
        self, error: str, why: str, msgid: int | None = None, seq: int | None = None
    ) -> None:
        super().__init__(why)
        self.error = error
        self.msgid = msgid
        self.seq = seq


_ANY: Any = Union[tuple(REQUESTS.values())]  # noqa: UP007  # of all declared requests
_decode: Callable[[bytes], AnyRequest] = msgspec.json.Decoder(_ANY).decode


def read_request(frame: bytes) -> AnyRequest:
    """Decode a request. Raises BadFrame, and nothing else whatever the bytes."""
    try:
        if not frame.isascii():
            frame.decode()  # the decoder does not check fields that it skips
        try:
            return _decode(frame)
        except msgspec.ValidationError as error:
            raise _explain(frame, str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadFrame("bad_json", f"not valid JSON in UTF-8: {error}") from None
    except RecursionError:
        raise BadFrame("bad_json", "nested too deeply") from None


class _Marks(Struct, gc=False):
    """What a refusal repeats of a frame, as raw bytes.

    The rest of the frame is skipped, since to create objects of it would cost a hundred times as
    much: 65 KB of numbers like 1e308 took 100 ms.
    """

    msgid: Raw = Raw()  # immutable, so that it may be shared
    seq: Raw = Raw()


_read_marks: Callable[[bytes], _Marks] = msgspec.json.Decoder(_Marks).decode
_pass_over: Callable[[bytes], Raw] = msgspec.json.Decoder(Raw).decode
_INTEGER = re.compile(rb"-?[0-9]{1,19}")  # a longer one is not repeated


def _explain(frame: bytes, why: str) -> BadFrame:
    """Read a frame a second time, since the decoder stopped at its first error.

    Raises what the decoder raises if the frame is not JSON, which takes precedence.
    """
    try:
        marks = _read_marks(frame)
    except msgspec.ValidationError:  # its only demand on valid JSON is an object
        _pass_over(frame)
        return BadFrame("not_an_object", "a frame must be a JSON object")
    msgid, seq = _integer(marks.msgid), _integer(marks.seq)
    if seq is not None and not 0 <= seq < 2**53:
        seq = None
    if msgid is not None and msgid not in REQUESTS:
        return BadFrame("unknown_msgid", f"msgid {msgid} is not a request", msgid, seq)
    return BadFrame("bad_field", why, msgid, seq)


def _integer(written: Raw) -> int | None:
    digits = _INTEGER.fullmatch(written)
    return int(digits[0]) if digits else None
