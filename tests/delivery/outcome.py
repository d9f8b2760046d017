"""How a command that runs a cluster ends: with a verdict, or without one."""

import sys
import traceback
from collections.abc import Callable

KEPT, BROKEN, NO_VERDICT = 0, 1, 3  # exit statuses; 2 is what argparse ends with


class CannotGoOn(Exception):
    """The run itself has failed: for example, one of its processes does not start."""


def say(text: str) -> None:
    """Print on the terminal, even while stdout is redirected."""
    print(text, flush=True, file=sys.__stdout__)


def status_of(run: Callable[[], bool]) -> int:
    """The exit status of a command. run: carries it out and returns whether all promises were
    kept. If it raises an exception, there is no verdict, and the output says so."""
    try:
        return KEPT if run() else BROKEN
    except Exception as error:  # noqa: BLE001  # whatever it is, it is no verdict
        say(traceback.format_exc())
        why = next(iter(str(error).splitlines()), "") or type(error).__name__
        say(f"NO VERDICT: the run could not be carried out to its end, and was not judged: {why}")
        return NO_VERDICT
