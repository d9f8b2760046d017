"""What the system's terminal driver does with keys."""

import termios
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without(flags: int, terminal: int) -> Iterator[None]:
    """Turn off some of the terminal's local modes inside the block (termios(3))."""
    before = termios.tcgetattr(terminal)
    changed = before.copy()
    changed[3] &= ~flags
    termios.tcsetattr(terminal, termios.TCSADRAIN, changed)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
