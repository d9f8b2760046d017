"""Writing once per turn of the event loop, however much was said in it."""

import asyncio
from typing import Protocol


class Outbox(Protocol):
    def flush(self) -> None: ...


class Outboxes:
    """The outboxes that have something to write. All are flushed at the end of the turn.

    A write is a system call: with one per frame a node carries a tenth of the frames.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._filled: list[Outbox] = []

    def filled(self, outbox: Outbox) -> None:
        """Flush this one too. To be called once until it is flushed."""
        if not self._filled:
            self._loop.call_soon(self._flush)
        self._filled.append(outbox)

    def _flush(self) -> None:
        filled, self._filled = self._filled, []
        for outbox in filled:
            try:
                outbox.flush()
            except Exception as error:  # noqa: BLE001  # a defect of ours, which must cost one client
                what = {"message": "an outbox could not be flushed", "exception": error}
                self._loop.call_exception_handler(what)
