"""An event loop whose clock jumps to the next timer when there is nothing else to do."""

import asyncio
import selectors


class _Jumping(selectors.SelectSelector):
    """Never waits. It adds the time that it would wait for to the loop's time instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout == 0:  # something is to be done: who writes meanwhile is heard after it
            return []
        ready = super().select(0)
        if timeout is None:
            assert ready, "everything waits, and nothing will ever happen"
        elif not ready:
            self.now += max(0.0, timeout)
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now

    def is_busy(self) -> bool:
        """Whether work is left that needs no time."""
        return bool(self._ready)  # type: ignore[attr-defined]  # there is no public way to ask

    def pass_time(self, seconds: float) -> None:
        """Let the present work take this long."""
        self._jumping.now += seconds
