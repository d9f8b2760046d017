"""TLS between a socket and a connection.

This uses OpenSSL without a socket of its own (`SSLObject`), not asyncio's `start_tls`: data in the
same packet as a proxy's header already belongs to the handshake, and a client that does not finish
its handshake must count as a connection.
"""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol, cast

from adapters.gateway.disconnect_reasons import DisconnectReason
from adapters.tcp.certificate import Certificate
from adapters.tcp.client_hello import ClientHello
from adapters.tcp.connection import peer_of
from adapters.tcp.records import Records

HANDSHAKE_WITHIN = 10.0  # seconds
# Each read of a handshake takes a turn. In reads of 100 bytes, a handshake may have 6 KiB.
MOST_READS = 64
_PLAIN_HTTP = "HTTP_REQUEST"  # OpenSSL's name for what it received
_RECORD = 16 * 1024  # bytes of data in a record, at most

# All connections read into this buffer: its content is taken out before the next read. Data not yet
# decrypted is counted nowhere, so the buffer is no larger than this.
_READ_BUFFER = memoryview(bytearray(_RECORD + 1024))


class Door(Protocol):
    """Counts and schedules handshakes."""

    def handshake_begins(self, peer: str) -> "Leave | None":
        """None if there is no room for another; otherwise what to call when it ends."""

    def in_turn(self, peer: str, work: Callable[[], None], *, answered: bool) -> None:
        """Do a step of a handshake, which may take a millisecond, in turn with other work.

        answered: whether the server has answered the client. What follows takes much less, and does
        not wait behind handshakes that begin, or in a storm of these no handshake would be done
        before all have begun.
        """


# Called with None if the handshake succeeded; otherwise with why it failed, and a detail.
Leave = Callable[[DisconnectReason | None, str], None]


class TlsTransport(asyncio.BufferedProtocol):
    """To the socket, a protocol; to the connection behind it, a transport."""

    def __init__(
        self,
        certificate: Certificate,
        connect: Callable[[str], asyncio.Protocol],
        door: Door,
        peer: str | None = None,
        *,
        within: float = HANDSHAKE_WITHIN,
        to_plain_http: bytes = b"",
    ) -> None:
        """connect: creates the connection's protocol for a client's address. peer: see
        `Connection`. to_plain_http: the answer to a client that speaks HTTP without TLS."""
        self._connect = connect
        self._door = door
        self._peer = peer or ""
        self._within = within
        self._to_plain_http = to_plain_http
        self._records = Records()
        self._hello = ClientHello()
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = certificate.context.wrap_bio(self._in, self._out, server_side=True)
        self._inner: asyncio.Protocol | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._leave: Leave | None = None
        self._broken: ssl.SSLError | None = None
        self._reads = 0  # in the handshake
        self._answered = False
        self._paused = self._ended = False
        self._stuck = False  # something written is still in this process

    # -- the handshake -------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._peer = self._peer or peer_of(transport)
        self._leave = self._door.handshake_begins(self._peer)
        if self._leave is None:
            self._transport.abort()
            return
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._within, self._on_timeout)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002  # asyncio's
        return _READ_BUFFER

    def buffer_updated(self, nbytes: int) -> None:
        self.data_received(bytes(_READ_BUFFER[:nbytes]))

    def data_received(self, data: bytes) -> None:
        """Also called by an `Arrival`, with what came after the header."""
        if self._ended:
            return
        self._records.add(data)
        if self._inner is None:
            self._reads += 1
            if self._reads > MOST_READS:
                self._end_handshake(DisconnectReason.TLS_FAILED, "it comes in too many pieces")
                self._transport.abort()
                return
            self._transport.pause_reading()
            self._door.in_turn(self._peer, self._shake_hands, answered=self._answered)
        elif not self._read() and self._may_read():
            self._inner.data_received(b"")  # a read that completes nothing is charged, too

    def _shake_hands(self) -> None:
        if self._transport.is_closing():
            return
        self._transport.resume_reading()
        try:
            while (record := self._records.take()) is not None:
                self._hello.check(record)
                self._in.write(record)
                if self._handshake_is_done():
                    self._begin()
                    return
                answer = self._out.read()
                self._hello.answered(answer)
                self._answered = self._answered or bool(answer)
                self._send(answer)
        except ssl.SSLError as error:
            self._say_why_not(error)
            self._end_handshake(DisconnectReason.TLS_FAILED, error.reason or "not TLS")
            self._transport.close()

    def _handshake_is_done(self) -> bool:
        """Whether the handshake is complete. Raises ssl.SSLError."""
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def _say_why_not(self, error: ssl.SSLError) -> None:
        if error.reason == _PLAIN_HTTP and self._to_plain_http:
            self._out.read()  # drop the alert, which an HTTP client cannot read
            self._transport.write(self._to_plain_http)
        else:
            self._flush()  # the alert

    def _on_timeout(self) -> None:
        self._end_handshake(DisconnectReason.TLS_FAILED, "it takes too long")
        self._transport.abort()

    def _begin(self) -> None:
        self._end_handshake()
        self._flush()
        self._inner = self._connect(self._peer)
        self._inner.connection_made(cast("asyncio.BaseTransport", self))
        self._read()

    def _end_handshake(self, trouble: DisconnectReason | None = None, detail: str = "") -> None:
        """Report the end; only the first call counts."""
        if self._timer is not None:
            self._timer.cancel()
        if self._leave is not None:
            leave, self._leave = self._leave, None
            leave(trouble, detail)

    # -- the socket ------------------------------------------------------------------------

    def _read(self) -> bool:
        """Pass on all data that can be decrypted; return whether there was any."""
        heard = False
        while self._inner is not None and self._may_read():
            try:
                record = self._records.take()
                data = None if record is None else self._data_in(record)
            except ssl.SSLError as error:
                self._break(error)
                return True
            if record is None:
                break
            if data is None:
                continue
            heard = True
            if not data:
                self._end_input()
                break
            self._inner.data_received(data)
        self._flush()  # OpenSSL may have an answer of its own
        if self._stuck:
            self.pause_writing()
        return heard

    def _data_in(self, record: bytes) -> bytes | None:
        """The record's data: None if it has none, empty for a close_notify. Raises ssl.SSLError."""
        self._in.write(record)
        try:
            data = self._tls.read(_RECORD)
        except ssl.SSLWantReadError:
            return None
        except ssl.SSLZeroReturnError:
            return b""
        self._records.had_data()
        return data

    def _break(self, error: ssl.SSLError) -> None:
        """The peer violated the protocol: neither direction is usable any more."""
        self._broken = error
        self._flush()  # the alert that says so
        self._transport.close()

    def _may_read(self) -> bool:
        return not (self._paused or self._ended or self._transport.is_closing())

    def _end_input(self) -> None:
        self._ended = True
        if self._inner is not None:
            self._inner.eof_received()

    def eof_received(self) -> bool:
        if self._inner is None:
            return False
        if not self._ended:
            self._end_input()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_handshake(DisconnectReason.TLS_UNFINISHED)
        if self._inner is not None:
            inner, self._inner = self._inner, None
            inner.connection_lost(exc or self._broken)

    def pause_writing(self) -> None:
        self._stuck = True
        if self._inner is not None:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._stuck = False
        if self._inner is not None:
            self._inner.resume_writing()

    def _flush(self) -> None:
        self._send(self._out.read())

    def _send(self, data: bytes) -> None:
        if data and not self._transport.is_closing():
            self._transport.write(data)

    # -- the transport -----------------------------------------------------------------------

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Replace the connection's protocol; only while there is one."""
        self._inner = cast("asyncio.Protocol", protocol)

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        sealed: list[bytes] = []
        try:
            while view:  # record by record, since OpenSSL's buffer never shrinks
                view = view[self._tls.write(view[:_RECORD]) :]
                sealed.append(self._out.read())
        except ssl.SSLError as error:
            self._broken = error
            self.abort()
            return
        self._send(b"".join(sealed))

    def pause_reading(self) -> None:
        self._paused = True
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Pass on what has already come before reading more, or the backlog would grow each
        time."""
        self._paused = False
        asyncio.get_running_loop().call_soon(self._read_on)

    def _read_on(self) -> None:
        self._read()
        if not (self._paused or self._transport.is_closing()):
            self._transport.resume_reading()

    def close(self) -> None:
        if not self._transport.is_closing():
            with suppress(ssl.SSLError):  # it would wait for the peer's close_notify; we do not
                self._tls.unwrap()
            self._flush()
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def get_write_buffer_size(self) -> int:
        return self._transport.get_write_buffer_size()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._transport.set_write_buffer_limits(high=high, low=low)

    def get_extra_info(self, name: str, default: object = None) -> object:
        return self._transport.get_extra_info(name, default)
