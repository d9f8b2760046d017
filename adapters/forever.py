"""What a process does again and again as long as it lives."""

import asyncio
from collections.abc import Awaitable, Callable

from adapters.incidents import INCIDENTS
from adapters.outage import Outage
from chat_domain.errors import TryAgain

FIRST_WAIT, LONGEST_WAIT = 0.5, 2.0  # seconds, after what has failed


async def forever(task: str, once: Callable[[], Awaitable[object]], *, pause: float = 0.0) -> None:
    """Do something again and again, `pause` seconds apart, until this is cancelled.

    Nothing that it raises ends it. TryAgain is passing trouble: told at its beginning and at its
    end. Anything else is a defect of ours: told, counted. Either way it is done again after
    FIRST_WAIT, and while it keeps failing after twice that, up to LONGEST_WAIT.

    task: what the log and the metric call it.
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
            INCIDENTS.defect(task, error)  # somebody else's: what it waited for was cancelled
        except Exception as error:  # noqa: BLE001  # whatever it is, the process needs this task
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
