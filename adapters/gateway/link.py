"""What a client's handler needs from the link that carries its frames, and the reverse."""

from typing import Protocol

from adapters.gateway.disconnect_reasons import DisconnectReason


class Incoming(Protocol):
    """What a client has sent that was not taken yet, in order.

    It is kept as received and cut into frames only when taken, since frames take much more memory.

    blank: how many empty frames were left out; the caller that takes frames counts them, and sets
    it back to 0. limit: how many bytes a frame may have, set by that caller. piece: how many bytes
    `take` looks into at most. at_once: how many bytes that arrive together from a user may be
    handled at once; with more, others have their turns first.
    """

    blank: int
    limit: int

    @property
    def piece(self) -> int: ...

    @property
    def at_once(self) -> int: ...

    def add(self, data: bytes) -> None:
        """Keep data that has arrived."""

    def feed(self, data: bytes) -> list[bytes]:
        """Data has arrived while nothing waits: return the frames that it completes. Raises like
        `take`."""

    def held(self) -> int:
        """How many bytes wait, including those of an incomplete frame."""

    def is_empty(self) -> bool:
        """Whether everything that arrived has been taken."""

    def take(self) -> list[bytes]:
        """The frames of the next piece, which may complete none.

        Raises BrokenStream, with the frames before it, if the stream can no longer be cut into
        frames; nothing is to be taken after that.
        """

    def is_within_frame(self) -> bool:
        """Whether a frame has begun and not ended."""

    def drop(self) -> None:
        """Discard what was not taken yet."""


class Link(Protocol):
    """A connection that carries frames. Its methods return at once.

    incoming: what the client has sent. oldest_version: of the chat's protocol that is accepted
    here. peer: the client's network address, as stated by a proxy if there is one; never changes.
    written_upto: a position that callers set, up to which they have written everything; see
    `sent_upto`.
    """

    peer: str
    written_upto: int

    @property
    def oldest_version(self) -> int: ...

    @property
    def incoming(self) -> Incoming: ...

    def takes_reads_for_frames(self) -> bool:
        """Whether the client expects one short frame in each of its reads, as the C++ server's
        does. Known from its first frame on."""

    def write(self, frame: bytes) -> None:
        """Send a frame, together with all that is written in this turn of the event loop."""

    def write_alone(self, frame: bytes) -> None:
        """Send a frame in a write of its own."""

    def sent_upto(self) -> int:
        """The value that `written_upto` had when everything written had last left the process."""

    def reset_sent(self) -> None:
        """Reset `written_upto`, and what `sent_upto` returns, to 0."""

    def pause_reading(self) -> None:
        """Read nothing more from the client until `resume_reading`. Both are idempotent."""

    def resume_reading(self) -> None: ...

    def close(self, reason: DisconnectReason) -> None:
        """Send what is left, then close. If several reasons are given, the first counts."""

    def abort(self, reason: DisconnectReason) -> None:
        """Close, and discard what was not sent."""


class Receiver(Protocol):
    """What a link needs from its handler."""

    def received(self, data: bytes) -> None:
        """Data has arrived. What is not handled at once is to be added to the link's `incoming`."""

    def choked(self) -> None:
        """More waits to be sent than may."""

    def unchoked(self) -> None:
        """All that waited to be sent, or most of it, has left the process."""

    def input_ended(self) -> None:
        """The client will send nothing more."""

    def lost(self, reason: DisconnectReason) -> None:
        """The connection has ended. No method is called after this."""
