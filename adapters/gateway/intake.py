"""What a client has sent, on its way to being handled.

Frames are handled in order, most of them at once, in the callback that brought them. Reading from a
client pauses while a frame waits behind a request that has to be finished (by the store, or by
hashing a password), while the client does not read what is sent to it, and for a moment if it sends
too fast. Data that arrives in large amounts is cut into frames and handled in slices, so that other
clients get their turn between them.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from adapters.gateway.client_context import ClientContext
from adapters.gateway.held_input import HeldInput
from adapters.wire.errors import TooFast
from adapters.wire.framing import BrokenStream
from chat_domain.errors import ChatError
from chat_domain.fairness.limits import STRANGERS_UNREAD
from chat_domain.fairness.meter import QUANTUM_BYTES, QUANTUM_FRAMES, READERS_PER_FRAME

LOOK_FIRST = -1  # even nothing, which a link with TLS may deliver, is more


class Intake:
    """active: whether the client has sent anything since this was last set to False. waiting: for a
    request to be finished. choked: the client does not read."""

    __slots__ = (
        "_at_once",
        "_backlog",
        "_broken",
        "_context",
        "_handle",
        "_held",
        "_idle",
        "_incoming",
        "_link",
        "_meter",
        "_paused_until",
        "_slice_pending",
        "active",
        "choked",
        "waiting",
    )

    def __init__(
        self, context: ClientContext, handle: Callable[[bytes], bool], idle: Callable[[], None]
    ) -> None:
        """handle: carries a frame out, and returns whether it is unfinished; then `finished` is to
        be called. idle: called when nothing is left that had to wait."""
        self._context = context
        self._handle = handle
        self._idle = idle
        self._link = context.link
        self._incoming = context.link.incoming
        # How many bytes that arrive together are handled without further checks. LOOK_FIRST for
        # strangers, and from when anything is held up until the next bytes have been checked.
        self._at_once = LOOK_FIRST
        self._meter = context.meter
        self._backlog: deque[bytes] = deque()  # frames that were taken before what is in `incoming`
        self._broken: BrokenStream | None = None  # what follows cannot be cut into frames
        self._held = HeldInput(context, self._backlog, self.cut_off)
        self._slice_pending = False  # between two slices
        self._paused_until = 0.0  # 0 if it is not
        self.active = True
        self.waiting = False
        self.choked = False

    def is_paused(self) -> bool:
        """Whether the client has sent too fast and has to wait."""
        return bool(self._paused_until)

    def is_within_frame(self) -> bool:
        return self._incoming.is_within_frame()

    def is_done(self) -> bool:
        """Whether everything that arrived has been handled."""
        return self._incoming.is_empty() and not (self.waiting or self._backlog)

    def received(self, data: bytes) -> None:
        """Handle what can be handled now of what has arrived, and keep the rest."""
        self.active = True
        meter, size = self._meter, len(data)
        meter.bytes += size
        if size > self._at_once:
            self._received_with_checks(data, size)
            return
        try:
            frames = self._incoming.feed(data)
        except BrokenStream as broken:
            if self._handle_all(self._break_off(broken)):
                self._context.hang_up(broken)
            return
        if len(frames) == 1:  # most often, and cheaper
            meter.frames += 1
            if self._handle(frames[0]) or self.choked:
                return
        elif not self._handle_all(frames):
            return
        if meter.frames > QUANTUM_FRAMES or meter.bytes > QUANTUM_BYTES:  # as `is_due`
            self._charge()

    def _received_with_checks(self, data: bytes, size: int) -> None:
        """Handle what has arrived, unless something has to be done before."""
        self._incoming.add(data)
        if (
            self.waiting
            or self.choked
            or self._slice_pending
            or self._paused_until
            or self._backlog
        ):
            self._link.pause_reading()
            self._held.count()
            return
        if self._is_deferred(size) or not self._handle_all(self._take()):
            return
        if self._broken is not None:
            self._context.hang_up(self._broken)
        elif size > self._at_once:
            self._yield_turn()
            self._held.count()
        elif self._meter.is_due():
            self._charge()

    def _is_deferred(self, size: int) -> bool:
        """Whether others have their turn before this: if it is long; or if it is a stranger's and
        may wait, since thousands of strangers can send at the same moment."""
        if self._context.session is None:
            if size > STRANGERS_UNREAD:
                return False
            self._schedule_slice()
            self._held.count()
            return True
        self._at_once = self._incoming.at_once
        if size <= self._at_once:
            return False
        if size <= self._incoming.piece:
            self._schedule_slice()
        else:
            self._yield_turn()
        return True

    def _handle_all(self, frames: list[bytes]) -> bool:
        """Return whether all are handled; the rest is kept, and all of them if they are many."""
        if len(frames) > QUANTUM_FRAMES:
            self._backlog.extend(frames)
            self._yield_turn()
            self._held.count()
            return False
        meter, handle = self._meter, self._handle
        for position, frame in enumerate(frames, start=1):
            meter.frames += 1
            if handle(frame) or self.choked:
                if position < len(frames):
                    self._backlog.extend(frames[position:])
                    self._link.pause_reading()
                    self._held.count()
                return False
        if not frames:
            meter.frames += 1
            self._count_blank()
            self._held.count()
        return True

    def _take(self) -> list[bytes]:
        """The next frames of what waits."""
        try:
            frames = self._incoming.take()
        except BrokenStream as broken:
            frames = self._break_off(broken)
        self._count_blank()
        return frames

    def _break_off(self, broken: BrokenStream) -> list[bytes]:
        """Nothing that follows can be cut into frames. Return those before it."""
        self._broken = broken
        self._incoming.drop()
        return broken.frames

    def _count_blank(self) -> None:
        """Count the frames that were left out, so that nothing is free."""
        self._meter.frames += self._incoming.blank
        self._incoming.blank = 0

    def _next_frame(self) -> bytes | None:
        """The first frame that waits, None if none does."""
        while not (self._backlog or self._incoming.is_empty() or self._meter.is_due()):
            frames = self._take()
            self._meter.frames += not frames
            self._backlog.extend(frames)
        return self._backlog.popleft() if self._backlog else None

    # -- what holds it up, and what lets it go on ------------------------------------------

    def wait(self) -> None:
        """A request has to be finished before the next is handled. Reading goes on until the next
        one arrives, which most clients send only after the answer: pausing and resuming takes two
        system calls."""
        self.waiting = True
        self._at_once = LOOK_FIRST

    def finished(self) -> None:
        """The request is finished: handle what arrived behind it."""
        self.waiting = False
        self._handle_backlog()

    def choke(self) -> None:
        """The client does not read what is sent to it."""
        self.choked = True
        self._at_once = LOOK_FIRST
        self._link.pause_reading()

    def unchoke(self) -> None:
        """The client has read enough: handle its frames again."""
        self.choked = False
        if not self.waiting:
            self._handle_backlog()

    def drop(self) -> None:
        """Discard what is not handled yet."""
        self._backlog.clear()
        self._incoming.drop()
        self._broken = None
        self._held.forget()

    def cut_off(self, why: ChatError) -> None:
        """Handle nothing more, and disconnect the client."""
        self.drop()
        self._context.hang_up(why)

    def tick(self, now: float) -> None:
        """End a pause that has lasted long enough, and count what still waits."""
        if self._context.session is None or not self.is_done():
            self._held.count()
        if self._paused_until and now >= self._paused_until:
            self._paused_until = 0.0
            self.active = True
            self._yield_turn()

    def _is_held(self) -> bool:
        return bool(self.waiting or self.choked or self._paused_until or self._context.disconnected)

    def _handle_backlog(self) -> None:
        """Handle what arrived while something was waited for, but not too much at once."""
        if self._is_held():
            return
        meter = self._meter
        while not meter.is_due() and (frame := self._next_frame()) is not None:
            meter.frames += 1
            if self._handle(frame) or self.choked:
                if self._backlog or not self._incoming.is_empty():
                    self._link.pause_reading()
                self._held.count()
                return
        self._held.count()
        if self.choked:  # by answers given while frames were cut, such as to a browser's PINGs
            return
        if meter.is_due():  # also if nothing is left: each frame may have come and waited alone
            self._yield_turn()
            return
        if self._broken is not None:
            self._context.hang_up(self._broken)
        self.active = True  # it was this node that did not listen
        self._link.resume_reading()
        self._idle()

    def _yield_turn(self) -> None:
        """Let others have their turn, then handle a slice."""
        self._link.pause_reading()
        self._schedule_slice()

    def _schedule_slice(self) -> None:
        if not self._slice_pending:
            self._slice_pending = True
            self._at_once = LOOK_FIRST
            self._context.shared.slices.add(self._context.origin.name, self._next_slice)

    def _next_slice(self) -> None:
        self._slice_pending = False
        self.active = True  # as after a wait or a pause, it was this node that did not listen
        if not self._is_held():
            self._charge()
        self._handle_backlog()

    def _charge(self) -> None:
        """Charge this client for what it sent, and pause it if that was too much."""
        now = asyncio.get_running_loop().time()
        self._count_blank()
        session = self._context.session
        if session is not None and session.copies:
            self._meter.frames += session.copies / READERS_PER_FRAME
            session.copies = 0
        pause = self._meter.charge(now)
        if not pause:
            return
        counters = self._context.guard.counters
        if self._meter.is_flooding():
            counters.too_fast_cut += 1
            self.cut_off(TooFast())
        else:
            counters.reading_paused += 1
            self._paused_until = now + pause  # `tick` ends it
            self._at_once = LOOK_FIRST
            self._link.pause_reading()
