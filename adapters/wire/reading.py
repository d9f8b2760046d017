"""Reading a request from a frame.

The requests are tagged structs, so that one pass of the decoder finds out which one a frame is,
checks every field and makes the object: 0.2 us for a chat, where looking at `msgid` first and
decoding then took twice that.
"""

import re
from collections.abc import Callable
from typing import Any, Union

import msgspec
from msgspec import Raw, Struct

from adapters.wire.declaring import AnyRequest
from adapters.wire.requests import REQUESTS


class BadFrame(Exception):
    """A frame that is no request.

    error: its name in the protocol's table of errors. seq and msgid: as far as they can be read.
    """

    def __init__(
        self, error: str, why: str, msgid: int | None = None, seq: int | None = None
    ) -> None:
        super().__init__(why)
        self.error = error
        self.msgid = msgid
        self.seq = seq


_ANY: Any = Union[tuple(REQUESTS.values())]  # noqa: UP007  # of all that are declared
_decode: Callable[[bytes], AnyRequest] = msgspec.json.Decoder(_ANY).decode


def read_request(frame: bytes) -> AnyRequest:
    """The request that a frame is. Raises BadFrame, and nothing else whatever the bytes."""
    try:
        if not frame.isascii():
            frame.decode()  # the decoder does not look into fields that it skips
        try:
            return _decode(frame)
        except msgspec.ValidationError as error:
            raise _explain(frame, str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadFrame("bad_json", f"this is not JSON in UTF-8: {error}") from None
    except RecursionError:
        raise BadFrame("bad_json", "this is nested too deeply") from None


class _Marks(Struct, gc=False):
    """What a refusal says again of a frame, in the bytes in which it came.

    The rest of the frame is passed over. To make objects of it would cost a hundred times as much:
    65 KB of numbers like 1e308 took 100 ms.
    """

    msgid: Raw = Raw()  # it cannot be changed
    seq: Raw = Raw()


_read_marks: Callable[[bytes], _Marks] = msgspec.json.Decoder(_Marks).decode
_pass_over: Callable[[bytes], Raw] = msgspec.json.Decoder(Raw).decode
_INTEGER = re.compile(rb"-?[0-9]{1,19}")  # a longer one is not worth saying again


def _explain(frame: bytes, why: str) -> BadFrame:
    """Look again at a frame in which the decoder has gone no further than to what is wrong.

    Raises what the decoder raises where it is no JSON at all, which counts for more.
    """
    try:
        marks = _read_marks(frame)
    except msgspec.ValidationError:  # since all that it asks for is an object
        _pass_over(frame)
        return BadFrame("not_an_object", "a frame is a JSON object")
    msgid, seq = _integer(marks.msgid), _integer(marks.seq)
    if seq is not None and not 0 <= seq < 2**53:
        seq = None
    if msgid is not None and msgid not in REQUESTS:
        return BadFrame("unknown_msgid", f"msgid {msgid} is nothing to send", msgid, seq)
    return BadFrame("bad_field", why, msgid, seq)


def _integer(written: Raw) -> int | None:
    digits = _INTEGER.fullmatch(written)
    return int(digits[0]) if digits else None
