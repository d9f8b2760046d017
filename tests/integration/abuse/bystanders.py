"""Two people who talk while somebody attacks the server."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import attrs

from tests.integration.chatter import Chatter, newcomer
from tests.integration.server_process import ServerProcess

PAUSE = 0.02  # seconds between two messages
AT_MOST = 8.0  # seconds for one of them, on a machine that is busy with attacking


@attrs.define
class Conversation:
    """Anna writes to Bert, one message after the other; each has to be delivered, and at once."""

    anna: Chatter
    bert: Chatter
    texts: list[str] = attrs.field(factory=list)
    slowest: float = 0.0

    async def go_on(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            text = f"message {len(self.texts)}"
            begun = clock()
            ack = await self.anna.client.send(self.bert.id, text)
            self.slowest = max(self.slowest, clock() - begun)
            assert ack.delivered, "Bert is not there any more"
            self.texts.append(text)
            await asyncio.sleep(PAUSE)


@asynccontextmanager
async def undisturbed(server: ServerProcess) -> AsyncGenerator[Conversation]:
    """While this lasts, and afterwards, two people talk without noticing anything."""
    async with newcomer(server.port) as anna, newcomer(server.port) as bert:
        talk = Conversation(anna, bert)
        going_on = asyncio.create_task(talk.go_on())
        try:
            yield talk
        finally:
            before = len(talk.texts)
            async with asyncio.timeout(AT_MOST):
                while len(talk.texts) < before + 5 and not going_on.done():  # noqa: ASYNC110  # both go on by themselves
                    await asyncio.sleep(PAUSE)
            going_on.cancel()
            await asyncio.wait({going_on})
        if not going_on.cancelled():
            going_on.result()
        assert [text for text in bert.texts if text.startswith("message")][: len(talk.texts)] == (
            talk.texts
        )
        assert talk.slowest < AT_MOST


def memory_of(server: ServerProcess) -> int:
    """Bytes that the server has in memory."""
    lines = Path(f"/proc/{server.pid}/status").read_text().splitlines()
    (resident,) = (line.split()[1] for line in lines if line.startswith("VmRSS"))
    return 1024 * int(resident)
