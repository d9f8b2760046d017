"""What requests are declared with: types for their fields, with limits, and their base classes.

The server checks these limits when it reads a request.
"""

import string
from typing import Annotated, Any, ClassVar, Generic, TypeVar, get_args

from msgspec import Meta, Struct

from adapters.ids import NO_ID
from adapters.wire.answers import Answer
from adapters.wire.errors import ShuttingDown
from chat_domain import errors
from chat_domain.entries import pair
from chat_domain.errors import ChatError

MAX_TEXT = 4_096  # in characters, as all lengths here
MAX_CID = 64
MAX_DEVICE = 50

Id = Annotated[int, Meta(ge=1, le=NO_ID - 1)]
AnyInteger = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Seq = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Position = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Epoch = Annotated[str, Meta(max_length=64)]
Device = Annotated[str, Meta(min_length=1, max_length=MAX_DEVICE)]
Cid = Annotated[str, Meta(min_length=1, max_length=MAX_CID)]
Text = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]
Description = Annotated[str, Meta(max_length=200)]
# Wider than what names and passwords may be, which the rules decide.
Words = Annotated[str, Meta(max_length=1024)]
NewPassword = Annotated[str, Meta(min_length=1, max_length=128)]
PageSize = Annotated[int, Meta(ge=1, le=200)]
Cursor = Annotated[int, Meta(ge=0, le=NO_ID - 1)]

_CID_LETTERS = f"{string.ascii_letters}{string.digits}_-".encode()
_OTHERS_ARE_0 = bytes(byte if byte in _CID_LETTERS else 0 for byte in range(256))

Refusals = tuple[type[ChatError], ...]
# Every request may be refused with these, besides a bad frame and a bad field.
ALWAYS: Refusals = (errors.NotLoggedIn, ShuttingDown, errors.TryAgain)

A = TypeVar("A", bound=Answer | None)


class Request(Struct, Generic[A], tag_field="msgid", omit_defaults=True, gc=False):
    """Any request. Its answer is an A; None if it has no answer.

    seq: chosen by the client, repeated in the answer. refusals: the errors besides ALWAYS.
    """

    refusals: ClassVar[Refusals] = ()

    seq: Seq | None = None


AnyRequest = Request[Any]


class Written(Request[A], kw_only=True):
    """A request that writes to the log, once under its `cid`."""

    cid: Cid | None = None

    def __post_init__(self) -> None:
        # A pattern in the field's type would do the same, but take 0.4 us a chat instead of 0.08.
        if self.cid is not None and 0 in self.cid.encode().translate(_OTHERS_ARE_0):
            raise ValueError("Expected letters, digits, `_` and `-` - at `$.cid`")


class InConversation(Request[A], kw_only=True):
    """A request about one conversation: that with the user `toid`, who may be the user themselves,
    or that of the group `groupid`."""

    toid: Id | None = None
    groupid: Id | None = None

    def __post_init__(self) -> None:
        at_least_one(self.toid, self.groupid, "`toid` or `groupid`")
        at_most_one(self.toid, self.groupid, "`toid` or `groupid`")

    def conv_of(self, user_id: int) -> int:
        """The number of the conversation, if this user sends the request."""
        return self.groupid or pair(user_id, self.toid or 0)


def answer_of(request: type[AnyRequest]) -> type[Answer] | None:
    """The type of a request's answer; None if it has no answer."""
    (answer,) = get_args(vars(request)["__orig_bases__"][-1])
    return None if answer is type(None) else answer


def at_least_one(first: object, second: object, names: str) -> None:
    if first is None and second is None:
        raise ValueError(f"Object missing required field {names}")


def at_most_one(first: object, second: object, names: str) -> None:
    if first is not None and second is not None:
        raise ValueError(f"Expected {names}, and not both")
