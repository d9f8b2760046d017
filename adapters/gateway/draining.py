"""Sends clients away before the end, a few at a time, so that other nodes receive them gradually.

Each client is told to go, its session is ended once it has the answers that it is owed, and its
link is closed: it sends what has no answer again elsewhere. Until its turn has come, it goes on as
usual.
"""

import asyncio
import math
import random
from collections.abc import Sequence
from typing import TypeVar

import structlog

from adapters.gateway.client_context import ClientContext
from adapters.gateway.disconnect_reasons import DisconnectReason
from adapters.gateway.tasks import BackgroundTasks

T = TypeVar("T")

log = structlog.get_logger()

BATCH_EVERY = 0.25  # seconds
LEAST_BATCH = 50  # clients; so few burden no other node


def batches(everybody: Sequence[T], seconds: float) -> list[Sequence[T]]:
    """Parts of `everybody` to be sent away one each BATCH_EVERY, all within so many seconds."""
    count = max(1, int(seconds / BATCH_EVERY))
    size = max(LEAST_BATCH, math.ceil(len(everybody) / count))
    return [everybody[start : start + size] for start in range(0, len(everybody), size)]


async def send_away(
    contexts: Sequence[ClientContext], tasks: BackgroundTasks, seconds: float
) -> None:
    """Begin to send everybody away, within about so many seconds. Slow ends go on in tasks."""
    everybody = random.sample(contexts, len(contexts))
    parts = batches(everybody, seconds)
    log.info("sending clients away", clients=len(everybody), batches=len(parts))
    for number, part in enumerate(parts):
        if number:
            await asyncio.sleep(BATCH_EVERY)
        for context in part:
            if context.client is not None:
                context.client.going_away()
        for context in part:
            tasks.start(_end(context), context.session)


async def _end(context: ClientContext) -> None:
    await context.log_out()
    if not context.disconnected:
        context.link.close(DisconnectReason.SHUTTING_DOWN)
