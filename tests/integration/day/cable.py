"""One device's way to the server, which can be cut and can swallow what is sent through it."""

from collections.abc import Callable

from tests.delivery.network import Gate, Way


class Cable(Gate):
    """behind: returns the port that it leads to, for each connection."""

    def __init__(self, behind: Callable[[], int]) -> None:
        super().__init__(self._way_through)
        self._far_end = behind
        self._is_cut = False

    def _way_through(self) -> int:
        if self._is_cut:
            raise ConnectionRefusedError
        return self._far_end()

    async def cut(self) -> None:
        """Tell both sides by RST, and let no connection through until it is mended."""
        self._is_cut = True
        await self.break_off()

    async def mend(self) -> None:
        self._is_cut = False

    async def break_off(self) -> None:
        """Cut it for a moment."""
        for wire in self.wires:
            wire.reset()

    async def swallow(self, way: Way) -> None:
        """Let nothing more through in this direction of the existing connections, without telling
        either side."""
        for wire in self.wires:
            wire.lose(way)
