"""Writing once per turn of the event loop, however much was said in that turn."""

import asyncio
from typing import Protocol

from adapters.gateway.unsent import Unsent
from adapters.runtime.turn_batch import TurnBatch
from chat_domain.fairness.guard import Guard

AT_ONCE = 2_000  # outboxes, which takes some 20 ms; a message to a group may fill 10,000


class Outbox(Protocol):
    def flush(self) -> None: ...

    def has_much(self) -> bool:
        """Whether so much waits in it that it has to be flushed in this turn."""


class Outboxes(TurnBatch[Outbox]):
    """The outboxes that have something to write. They are flushed at the end of the turn; of very
    many, the others at the ends of the turns that follow, except for those that have much: only
    what is flushed is counted as unsent, and holds up who writes more.

    Each write is a system call: with one per frame, a node carries a tenth of the frames.

    unsent: counts the bytes that these links have not sent yet.
    """

    __slots__ = ("unsent",)

    filled = TurnBatch.add  # to be called once per outbox between flushes

    def __init__(self, unsent: Unsent | None = None) -> None:
        super().__init__(self._flush_some)
        self.unsent = unsent or Unsent(Guard())

    def _flush_some(self, filled: list[Outbox]) -> None:
        if len(filled) > AT_ONCE:
            filled = self._put_off_others(filled)
        for outbox in filled:
            try:
                outbox.flush()
            except Exception as error:  # noqa: BLE001  # our defect, which may cost only one client
                what = {"message": "an outbox could not be flushed", "exception": error}
                asyncio.get_running_loop().call_exception_handler(what)

    def _put_off_others(self, filled: list[Outbox]) -> list[Outbox]:
        """Return those that are to be flushed now; the others are filled again."""
        now = filled[:AT_ONCE]
        for outbox in filled[AT_ONCE:]:
            if outbox.has_much():
                now.append(outbox)
            else:
                self.filled(outbox)
        return now
