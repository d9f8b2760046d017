"""A socket connection as a link (see `adapters.gateway.link`)."""

import asyncio
import ssl
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar, cast

from adapters.gateway.disconnect_reasons import DisconnectReason
from adapters.gateway.link import Incoming, Link, Receiver
from adapters.gateway.unsent import HIGH_WATER
from adapters.tcp.outboxes import Outboxes
from adapters.wire.incoming import IncomingBytes

HARD_LIMIT = 2 * 1024 * 1024  # bytes unsent; a client that far behind is cut off
MUCH = 16  # frames; what a session that catches up is shown in a turn is more
LEAVES_WITHIN = 10.0  # seconds for unsent data to leave when the connection is closed


class _Outgoing(asyncio.Protocol):
    """The attributes that each write uses, adjacent in memory: a message to a group goes to links
    of which nothing is in the processor's cache."""

    __slots__ = (
        "_closing",
        "_end",
        "_frame",
        "_more",
        "_outboxes",
        "_sent_upto",
        "_stuck",
        "_transport",
        "written_upto",
    )


class TransportLink(_Outgoing):
    """Collects what is written in a turn of the event loop, and watches how much is unsent."""

    __slots__ = (
        "_accept",
        "_choked",
        "_reading",
        "_reason",
        "_receiver",
        "data_received",
        "incoming",
        "peer",
    )

    oldest_version: ClassVar = 1
    data_received: Callable[[bytes], None]  # type: ignore[assignment]  # saves a call for each read
    written_upto: int
    _sent_upto: int

    def __init__(
        self,
        accept: Callable[[Link], Receiver],
        outboxes: Outboxes,
        peer: str | None,
        incoming: Incoming,
    ) -> None:
        """accept: creates the receiver of this link. peer: the client's address, if the caller
        knows it better than the socket."""
        self.peer = peer or ""
        self.incoming = incoming
        self._accept = accept
        self._outboxes = outboxes
        # What was written in this turn: mostly a single frame, which needs no list.
        self._frame: bytes | None = None
        self._more: list[bytes] | None = None
        self._reading = True
        self._choked = False
        self.data_received = _too_early
        self._closing = False
        self._stuck = False  # something written is still in this process
        self._end = b""  # what ends each frame, once that is known
        self.reset_sent()
        self._reason: DisconnectReason | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        # With both at 0, asyncio calls pause_writing when something is left behind and
        # resume_writing when nothing is, so that no write has to ask.
        self._transport.set_write_buffer_limits(high=0, low=0)
        self.peer = self.peer or peer_of(transport)
        self._receiver = self._accept(self)
        self.data_received = self._input()
        self._transport.set_protocol(self)  # uvloop asks for `data_received` only here

    def _input(self) -> Callable[[bytes], None]:
        """What is to be called with the bytes that arrive."""
        return self._receiver.received

    def eof_received(self) -> bool:
        self._receiver.input_ended()
        return True  # requests that came before are still to be answered

    def connection_lost(self, exc: Exception | None) -> None:
        self._closing = True
        self._frame = self._more = None
        self._outboxes.unsent.remove(self)
        self._receiver.lost(self._reason or _reason_of(exc))

    def pause_writing(self) -> None:
        """Something written is still here, or more than before."""
        self._stuck = True
        self._check_backpressure(0)

    def resume_writing(self) -> None:
        self._stuck = False
        self._outboxes.unsent.remove(self)
        self._note_sent()
        if self._choked:
            self._choked = False
            self._receiver.unchoked()

    # -- the link ------------------------------------------------------------------------

    def takes_reads_for_frames(self) -> bool:
        return False

    @abstractmethod
    def _framed(self, frame: bytes) -> bytes:
        """This frame as it is sent over the connection."""

    def _all_framed(self, frames: Sequence[bytes]) -> bytes:
        """These frames as they are sent over the connection."""
        return b"".join(map(self._framed, frames))

    def write(self, frame: bytes) -> None:
        if self._frame is None:
            self._frame = frame
            filled = self._outboxes.items
            if filled:
                filled.append(self)  # as `filled` does, without a call for each member of a group
            else:
                self._outboxes.filled(self)
        elif self._more is None:
            self._more = [frame]
        else:
            self._more.append(frame)

    def write_alone(self, frame: bytes) -> None:
        self.flush()
        self._frame = frame
        self.flush()

    def flush(self) -> None:
        frame = self._frame
        self._frame = None
        if frame is None or self._closing:
            self._more = None
            return
        if self._more is not None:
            data = self._all_framed((frame, *self._more))
            self._more = None
        elif self._end:
            data = frame + self._end  # as `_framed`, without a call for each frame
        else:
            data = self._framed(frame)
        self._transport.write(data)
        if self._stuck:
            self._check_backpressure(len(data))
        else:
            self._sent_upto = self.written_upto

    def has_much(self) -> bool:
        return self._more is not None and len(self._more) >= MUCH

    def _check_backpressure(self, written: int) -> None:
        """`written` bytes were written just now, and not all have left. A client is cut off for a
        write while too much waits already, never for the amount written in one turn alone."""
        waiting = self._transport.get_write_buffer_size()
        unsent = self._outboxes.unsent
        unsent.update(self, waiting)
        if self._closing or waiting <= unsent.high_water():
            return
        if not self._choked:
            self._choked = True
            self._receiver.choked()
        elif waiting > HARD_LIMIT and waiting - written > HIGH_WATER:
            self.abort(DisconnectReason.TOO_SLOW)

    def sent_upto(self) -> int:
        self._note_sent()
        return self._sent_upto

    def _note_sent(self) -> None:
        if not (self._closing or self._frame is not None or self._stuck):
            self._sent_upto = self.written_upto

    def reset_sent(self) -> None:
        self.written_upto = self._sent_upto = 0

    def pause_reading(self) -> None:
        if self._reading and not self._transport.is_closing():
            self._reading = False
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        if not self._reading and not self._transport.is_closing():
            self._reading = True
            self._transport.resume_reading()

    def close(self, reason: DisconnectReason) -> None:
        self._reason = self._reason or reason
        self.flush()
        self._closing = True
        self._hang_up()

    def _hang_up(self) -> None:
        """Close. What was written may still leave, but a client that reads byte by byte does not
        keep its place."""
        if self._stuck:
            asyncio.get_running_loop().call_later(LEAVES_WITHIN, self._cut_off)
        self._transport.close()

    def _cut_off(self) -> None:
        if self._stuck:  # once all has left, asyncio's transport cannot be aborted
            self._transport.abort()

    def abort(self, reason: DisconnectReason) -> None:
        self._reason = self._reason or reason
        self._closing = True
        self._transport.abort()


class Connection(TransportLink):
    """A link over TCP, where a terminator ends each frame."""

    __slots__ = ("_cut",)

    def __init__(
        self, accept: Callable[[Link], Receiver], outboxes: Outboxes, peer: str | None = None
    ) -> None:
        self._cut = IncomingBytes()
        super().__init__(accept, outboxes, peer, self._cut)

    def takes_reads_for_frames(self) -> bool:
        return self._cut.terminator == b"\0"

    def _framed(self, frame: bytes) -> bytes:
        return frame + (self._end or self._find_end())

    def _all_framed(self, frames: Sequence[bytes]) -> bytes:
        end = self._end or self._find_end()
        return end.join(frames) + end

    def _find_end(self) -> bytes:
        if self._cut.has_ended_frame():
            self._end = self._cut.terminator
        return self._cut.terminator


def _too_early(data: bytes) -> None:
    """Never called: a link receives nothing before it is connected."""


def peer_of(transport: asyncio.BaseTransport) -> str:
    """The address at the other end of the socket; empty if the socket is already gone."""
    name = transport.get_extra_info("peername")
    return str(name[0]) if name else ""


def _reason_of(error: Exception | None) -> DisconnectReason:
    """Why a connection ended that this process did not close."""
    match error:
        case None:
            return DisconnectReason.CLIENT_CLOSED
        case ConnectionError():
            return DisconnectReason.RESET
        case ssl.SSLError():
            return DisconnectReason.TLS_FAILED
        case OSError():  # the peer's TCP did not answer
            return DisconnectReason.UNREACHABLE
        case _:
            return DisconnectReason.SERVER_ERROR
