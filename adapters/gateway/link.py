"""What a conversation needs from whatever carries its frames, and the reverse."""

from typing import Protocol

from adapters.gateway.endings import Ending


class Incoming(Protocol):
    """What a client has sent and nobody has taken yet, in the order in which it came.

    It is kept as it came and cut into frames as it is taken, for frames take much more memory.

    blank: how many frames with nothing in them were left out last. limit: how many bytes a frame
    may have; whoever takes them sets it. piece: how many bytes `take` looks into at most. at_once:
    how many of a user's it may look into before others have their turn, and `feed` at most.
    """

    blank: int
    limit: int

    @property
    def piece(self) -> int: ...

    @property
    def at_once(self) -> int: ...

    def add(self, data: bytes) -> None:
        """This has come, and is kept."""

    def feed(self, data: bytes) -> list[bytes]:
        """This has come, and nothing waits before it: the frames that it ends. Raises as `take`
        does."""

    def held(self) -> int:
        """How many bytes wait, those of a frame that has not ended among them."""

    def is_empty(self) -> bool:
        """Whether all that came is taken."""

    def take(self) -> list[bytes]:
        """The frames of the next piece, which may have ended none.

        Raises BrokenStream, with the frames before it, where the client cannot be followed any
        more; nothing is to be taken after that.
        """

    def is_within_frame(self) -> bool:
        """Whether a frame has begun and not ended."""

    def drop(self) -> None:
        """Forget what is not taken yet."""


class Link(Protocol):
    """A connection that carries frames. Its methods return at once.

    incoming: what the client has sent. oldest_version: of the chat's protocol that is spoken here.
    peer: the client's network address, as a proxy states it if there is one; never changes.
    said: a number by which whoever writes marks how much that was so far; see `left`.
    """

    peer: str
    said: int

    @property
    def oldest_version(self) -> int: ...

    @property
    def incoming(self) -> Incoming: ...

    def takes_reads_for_frames(self) -> bool:
        """Whether the far end sees one short frame in each of its reads, like the C++ server's
        client. Known with its first frame."""

    def write(self, frame: bytes) -> None:
        """Send, together with whatever else is written in this turn of the event loop."""

    def write_alone(self, frame: bytes) -> None:
        """Send in a write of its own."""

    def left(self) -> int:
        """What `said` was when all that was written had left the process last."""

    def begin_saying(self) -> None:
        """Let `said`, and what `left` answers, be 0 again."""

    def pause_reading(self) -> None:
        """Take nothing more from the client until `resume_reading`. Both are idempotent."""

    def resume_reading(self) -> None: ...

    def close(self, why: Ending) -> None:
        """Write what is left, then close. Of several reasons the first counts."""

    def abort(self, why: Ending) -> None:
        """Close, and lose what was not written."""


class Receiver(Protocol):
    """What a link needs from the conversation that it carries."""

    def received(self, data: bytes) -> None:
        """This has come. What is not handled at once is to be added to the link's `incoming`."""

    def choked(self) -> None:
        """More is waiting to be sent than should be."""

    def unchoked(self) -> None:
        """What was waiting to be sent has left the process, or most of it."""

    def input_ended(self) -> None:
        """The client will send nothing more."""

    def lost(self, why: Ending) -> None:
        """The connection is gone. Nothing is called after this."""
