"""A connection of which all is heard that the server has sent, also when its client is gone.

A client of version 1 says nothing of what it has got: what has left the server counts. Whoever is
to judge that has to hear all of it, so such a connection leads to a node directly, and is ended so
that the server can still send what it has written.
"""

import asyncio
from contextlib import suppress

from tests.delivery.network import PIECE, Way, Wire, reset

HEARD_WITHIN = 5.0  # seconds in which a server answers that its client has ended


class HeardWire(Wire):
    """whole: whether all was heard."""

    async def _end(self) -> None:
        up, down = self._streams[Way.UP], self._streams[Way.DOWN]
        reset(down.writer)
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
