"""Tasks that a process repeats for as long as it lives."""

import asyncio
from collections.abc import Awaitable, Callable

from adapters.faults.incidents import INCIDENTS
from adapters.faults.outage import Outage
from chat_domain.errors import TryAgain

FIRST_WAIT, LONGEST_WAIT = 0.5, 2.0  # seconds, after a failure


async def repeat_forever(
    task: str, once: Callable[[], Awaitable[object]], *, pause: float = 0.0
) -> None:
    """Repeat something, `pause` seconds apart, until this is cancelled.

    No exception ends the loop. TryAgain is an outage: its beginning and end are logged. Any other
    exception is a defect of ours: counted and logged. Either way the next try follows after
    FIRST_WAIT; with each further failure the wait doubles, up to LONGEST_WAIT.

    task: its name in the log and in the metric.
    """
    INCIDENTS.watch(task)
    trouble, wait = Outage(task), 0.0
    while True:
        try:
            await once()
        except TryAgain as error:
            trouble.failed(error.__cause__ or error)
        except asyncio.CancelledError as error:
            if _is_ending():
                raise
            INCIDENTS.defect(task, error)  # not ours: what it waited for was cancelled
        except Exception as error:  # noqa: BLE001  # the process needs this task, whatever was raised
            INCIDENTS.defect(task, error)
        else:
            trouble.worked()
            wait = 0.0
            await asyncio.sleep(pause)
            continue
        wait = min(max(2 * wait, FIRST_WAIT), LONGEST_WAIT)
        await asyncio.sleep(wait)


def _is_ending() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
