"""Writing once per turn of the event loop, however much was said in that turn."""

import asyncio
from typing import Protocol

from adapters.gateway.unsent import Unsent
from adapters.runtime.turn_batch import TurnBatch
from chat_domain.fairness.guard import Guard


class Outbox(Protocol):
    def flush(self) -> None: ...


class Outboxes(TurnBatch[Outbox]):
    """The outboxes that have something to write. All are flushed at the end of the turn.

    Each write is a system call: with one per frame, a node carries a tenth of the frames.

    unsent: counts the bytes that these links have not sent yet.
    """

    __slots__ = ("unsent",)

    filled = TurnBatch.add  # to be called once per outbox between flushes

    def __init__(self, unsent: Unsent | None = None) -> None:
        super().__init__(_flush)
        self.unsent = unsent or Unsent(Guard())


def _flush(filled: list[Outbox]) -> None:
    for outbox in filled:
        try:
            outbox.flush()
        except Exception as error:  # noqa: BLE001  # a defect of ours, which may cost only one client
            what = {"message": "an outbox could not be flushed", "exception": error}
            asyncio.get_running_loop().call_exception_handler(what)
