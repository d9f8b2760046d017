"""Sending clients away before the end, a few at a time, so that other nodes get them so.

Each one is told to go, its session is ended (what it had not taken over is stored, its claim is
given up), and it is hung up on when it has the answers that it is owed, or after ANSWERS_TAKE: what
it has no answer to it sends again elsewhere. Until its turn has come, it goes on as ever.
"""

import asyncio
import math
import random
from collections.abc import Sequence
from typing import TypeVar

import structlog

from adapters.gateway.endings import Ending
from adapters.gateway.talk import Talk
from adapters.gateway.tasks import BackgroundTasks
from chat_domain.delivery.session import Session

T = TypeVar("T")

log = structlog.get_logger()

BATCH_EVERY = 0.25  # seconds
LEAST_BATCH = 50  # clients; as few as that hurt nobody
RECONNECT_WITHIN_MS = 1000  # told to clients, who come back at random times within
ANSWERS_TAKE = 2.0  # seconds
LOOKED_AT_EVERY = 0.02  # seconds


def batches(everybody: Sequence[T], seconds: float) -> list[Sequence[T]]:
    """Parts that can be dealt with within so many seconds, one each BATCH_EVERY."""
    most = max(1, int(seconds / BATCH_EVERY))
    size = max(LEAST_BATCH, math.ceil(len(everybody) / most))
    return [everybody[start : start + size] for start in range(0, len(everybody), size)]


async def send_away(talks: Sequence[Talk], tasks: BackgroundTasks, seconds: float) -> None:
    """Begin to send everybody away, within about so many seconds. Who is slow is so in a task."""
    everybody = random.sample(talks, len(talks))
    parts = batches(everybody, seconds)
    log.info("sending clients away", clients=len(everybody), batches=len(parts))
    for number, part in enumerate(parts):
        if number:
            await asyncio.sleep(BATCH_EVERY)
        for talk in part:
            if talk.client is not None:
                talk.client.going_away(RECONNECT_WITHIN_MS)
        for talk in part:
            tasks.start(_end(talk), talk.session)


async def _end(talk: Talk) -> None:
    session = talk.session
    await talk.log_out()
    if session is not None:
        await _answers(session)
    if not talk.gone:
        talk.link.close(Ending.SHUTTING_DOWN)


async def _answers(session: Session) -> None:
    """Wait until a client has the answers that it is owed, but not for long."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + ANSWERS_TAKE
    while session.awaits_answers() and loop.time() < deadline:  # noqa: ASYNC110  # no event: the hot path
        await asyncio.sleep(LOOKED_AT_EVERY)
