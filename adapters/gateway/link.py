"""What a conversation needs from whatever carries its bytes."""

from typing import Protocol

from adapters.gateway.endings import Ending


class Link(Protocol):
    """A connection. Its methods return at once."""

    @property
    def peer(self) -> str:
        """The client's network address, as a proxy states it if there is one; never changes."""

    def write(self, data: bytes) -> None:
        """Send, together with whatever else is written in this turn of the event loop."""

    def write_alone(self, data: bytes) -> None:
        """Send in a write of its own."""

    def is_drained(self) -> bool:
        """Whether all that was written has left the process."""

    def pause_reading(self) -> None:
        """Take no more bytes from the client until `resume_reading`. Both are idempotent."""

    def resume_reading(self) -> None: ...

    def close(self, why: Ending) -> None:
        """Write what is left, then close. Of several reasons the first counts."""

    def abort(self, why: Ending) -> None:
        """Close, and lose what was not written."""


class Receiver(Protocol):
    """What a link needs from the conversation that it carries."""

    watches_drain: bool  # whether `drained` is of any use to it

    def received(self, data: bytes) -> None:
        """The client has sent these bytes."""

    def drained(self) -> None:
        """All that was written has left the process."""

    def choked(self) -> None:
        """More is waiting to be sent than should be."""

    def unchoked(self) -> None:
        """It is not any more."""

    def input_ended(self) -> None:
        """The client will send nothing more."""

    def lost(self, why: Ending) -> None:
        """The connection is gone. Nothing is called after this."""
