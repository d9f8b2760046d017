"""What a client has sent, on its way to being handled.

Frames are handled in the order in which they come, most of them at once, inside the callback that
brought their bytes. Nothing more is read from a client while something of it waits behind a request
that has to be finished (by the store, or by hashing a password), while it does not read what we
have to say, and for a moment when it sends faster than it may. Who sends much at once has it cut
into frames and handled in slices, so that others get their turn between them.
"""

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from adapters.wire.framing import MAX_CLIENT_FRAME, FrameSplitter, FrameTooLong
from chat_domain.errors import TooFast
from chat_domain.fairness.meter import QUANTUM_FRAMES

if TYPE_CHECKING:
    from adapters.gateway.conversation import Conversation

PIECE = 16 * 1024  # bytes cut into frames at a time; what waits as frames takes much more memory
DRIP = 512  # bytes; a read of less that ends no frame counts as one


class Intake:
    """heard: whether the client has said anything since this was last set to False.

    waiting: for a request to be finished. choked: the client does not read. paused: it was too
    fast.
    """

    __slots__ = (
        "_backlog",
        "_check_lease",
        "_link",
        "_meter",
        "_paused_until",
        "_resting",
        "_splitter",
        "_talk",
        "_too_long",
        "choked",
        "heard",
        "waiting",
    )

    def __init__(self, talk: "Conversation") -> None:
        self._talk = talk
        self._link = talk.link
        self._meter = talk.meter
        self._check_lease = talk.chat.node.check_lease
        self._splitter = FrameSplitter(MAX_CLIENT_FRAME)
        self._backlog: deque[bytes | memoryview] = deque()  # frames, and bytes behind them
        self._too_long: FrameTooLong | None = None
        self._resting = False  # between two slices
        self._paused_until = 0.0  # 0 if it is not
        self.heard = True
        self.waiting = False
        self.choked = False

    @property
    def terminator(self) -> bytes:
        """What ends the client's frames, and is to end ours."""
        return self._splitter.terminator

    @property
    def paused(self) -> bool:
        return bool(self._paused_until)

    @property
    def is_within_frame(self) -> bool:
        return self._splitter.is_within_frame

    @property
    def is_done(self) -> bool:
        """Whether all that came is handled."""
        return not self.waiting and not self._backlog

    def received(self, data: bytes) -> None:
        """Handle what can be handled now, and keep the rest."""
        self.heard = True
        self._check_lease()  # what was sent while this process stood still is answered so
        meter = self._meter
        meter.bytes += len(data)
        if self.waiting or self.choked or self._backlog or self._paused_until:
            self._keep(memoryview(data))
            return
        if len(data) > PIECE:
            self._backlog.append(memoryview(data))
            self._rest()
            return
        frames = self._split(data)
        if len(frames) > QUANTUM_FRAMES:
            self._backlog.extend(frames)
            self._rest()
            return
        if len(frames) == 1:  # most often; less is to be done for it
            meter.frames += 1
            if self._talk.handle(frames[0]) or self.choked:
                return
        elif not self._handle(frames):
            return
        if self._too_long is not None:
            self._talk.give_up_on_stream(self._too_long)
        elif meter.is_due():
            self._settle()

    def _handle(self, frames: list[bytes]) -> bool:
        """Whether all are handled; the rest is kept."""
        meter, handle = self._meter, self._talk.handle
        for position, frame in enumerate(frames, start=1):
            meter.frames += 1
            if handle(frame) or self.choked:
                self._keep(*frames[position:])
                return False
        return True

    def _keep(self, *rest: bytes | memoryview) -> None:
        """Handle these later, and read nothing more until then."""
        if rest:
            self._backlog.extend(rest)
            self._link.pause_reading()

    def _split(self, data: bytes) -> list[bytes]:
        """Cut what has come into frames, and count what is none."""
        splitter, meter = self._splitter, self._meter
        try:
            frames = splitter.feed(data)
        except FrameTooLong as too_long:
            frames, self._too_long = too_long.frames, too_long
        meter.frames += splitter.empty
        if not frames and len(data) < DRIP:
            meter.frames += 1
        return frames

    def _take(self) -> bytes | None:
        """The first frame of the backlog; None where its first piece has none."""
        first = self._backlog.popleft()
        if isinstance(first, bytes):
            return first
        if self._too_long is None:
            frames = self._split(bytes(first[:PIECE]))
            if len(first) > PIECE:
                self._backlog.appendleft(first[PIECE:])
            self._backlog.extendleft(reversed(frames))
        return None

    # -- what holds it up, and what lets it go on ------------------------------------------

    def wait(self) -> None:
        """A request has to be finished before the next is handled.

        Reading goes on until there is a next one, which most clients send when they have the
        answer: to pause and resume takes two calls of the kernel.
        """
        self.waiting = True

    def finished(self) -> None:
        """It is."""
        self.waiting = False
        self._go_on()

    def choke(self) -> None:
        """The client does not read what we have to say."""
        self.choked = True
        self._link.pause_reading()

    def unchoke(self) -> None:
        """It does again."""
        self.choked = False
        if not self.waiting:
            self._go_on()

    def drop(self) -> None:
        """Forget what is not handled yet."""
        self._backlog.clear()
        self._too_long = None

    def tick(self, now: float) -> None:
        """End a pause that has lasted long enough."""
        if self._paused_until and now >= self._paused_until:
            self._paused_until = 0.0
            self.heard = True
            self._rest()

    def _is_held(self) -> bool:
        return bool(self.waiting or self.choked or self._paused_until or self._talk.gone)

    def _go_on(self) -> None:
        """Handle what came while something was waited for, but not too much at once."""
        if self._is_held():
            return
        while self._backlog and not self._meter.is_due():
            frame = self._take()
            if frame is None:
                continue
            self._meter.frames += 1
            if self._talk.handle(frame) or self.choked:
                return
        if self._meter.is_due():  # with nothing left, too: each may have come and waited by itself
            self._rest()
            return
        if self._too_long is not None:
            self._talk.give_up_on_stream(self._too_long)
        self.heard = True  # it was we who did not listen
        self._link.resume_reading()
        self._talk.close_if_finished()

    def _rest(self) -> None:
        """Let others have their turn, then handle a slice."""
        if not self._resting:
            self._resting = True
            self._link.pause_reading()
            self._talk.gateway.slices.add(self._talk.origin.name, self._next_slice)

    def _next_slice(self) -> None:
        self._resting = False
        self.heard = True  # as for who waits or pauses: it is we who did not listen
        if not self._is_held():
            self._settle()
        self._go_on()

    def _settle(self) -> None:
        """Charge this client for what it sent, and let it wait if that was too much."""
        now = asyncio.get_running_loop().time()
        pause = self._meter.settle(now)
        if not pause:
            return
        counters = self._talk.guard.counters
        if self._meter.goes_on():
            counters.too_fast_cut += 1
            self._talk.part(TooFast())
        else:
            counters.reading_paused += 1
            self._paused_until = now + pause  # `tick` sees to its end
            self._link.pause_reading()
