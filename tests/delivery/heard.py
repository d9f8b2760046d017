"""A connection on which everything that the server sends is heard, even after its client is gone.

A client of version 1 does not say what it has got: whatever has left the server counts. The judge
therefore has to hear all of it. So such a connection leads directly to a node, and ends in a way
that still lets the server send what it has written.
"""

import asyncio
from contextlib import suppress

from tests.delivery.network import PIECE, Way, Wire, reset

HEARD_WITHIN = 5.0  # seconds in which a server ends a connection that its client has ended


class HeardWire(Wire):
    """whole: whether everything was heard."""

    async def _end(self) -> None:
        up, down = self._streams[Way.UP], self._streams[Way.DOWN]
        reset(down.writer)
        self._listener.leaves()
        with suppress(OSError):
            up.writer.write_eof()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(HEARD_WITHIN):
                while data := await down.reader.read(PIECE):
                    down.hear(data)
                self.whole = True
        reset(up.writer)

    def reset(self) -> None:
        """Cut the client off; the server sees it end."""
        reset(self._near_end)
