"""The receiver of a connection for which there is no room."""

import asyncio

from adapters.gateway.disconnect_reasons import DisconnectReason
from adapters.gateway.link import Link
from adapters.wire import answers, errors
from chat_domain.errors import ChatError


class TurnedAway:
    """Says why, closes, and ignores everything else."""

    def __init__(self, link: Link, error: ChatError) -> None:
        self._link = link
        link.write(answers.refusal(errors.name_of(error), str(error), None))
        loop = asyncio.get_running_loop()
        # Once the link has its receiver.
        loop.call_soon(link.close, DisconnectReason.TOO_MANY_CONNECTIONS)

    def received(self, data: bytes) -> None: ...

    def choked(self) -> None:
        self._link.abort(DisconnectReason.TOO_MANY_CONNECTIONS)

    def unchoked(self) -> None: ...

    def input_ended(self) -> None: ...

    def lost(self, reason: DisconnectReason) -> None: ...
