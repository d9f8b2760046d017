"""Users whose messages go on while something breaks, and checks that everything recovers."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import attrs

from tests.eventually import PATIENCE, eventually
from tests.integration.chatter import Chatter, beside
from tests.integration.raw_client import RawClient

LEASE = 10.0  # seconds


def log_in(client: RawClient, who: Chatter) -> dict[str, Any]:
    """Log in with version 1; return the answer."""
    return client.ask({"msgid": 1000, "id": who.id, "password": who.password})


async def comes_back_within(seconds: float, port: int, who: Chatter) -> None:
    """Log a user in with version 1 as soon as possible. However long attempts take, none that
    begins later than this may be refused."""
    began = time.monotonic()
    with RawClient(port) as client:
        tried_after = 0.0
        while (await beside(log_in, client, who))["errno"]:
            assert tried_after < seconds, "it takes too long"
            await asyncio.sleep(0.2)
            tried_after = time.monotonic() - began


@attrs.define(eq=False)
class Traffic:
    """Messages from one user to another. Each is sent when the one before is acknowledged."""

    sender: Chatter
    recipient: Chatter
    acknowledged: list[str] = attrs.field(factory=list)

    async def run(self) -> None:
        number = 0
        while True:
            text = f"{self.sender.name}: {number}"
            await self.sender.client.send(self.recipient.id, text)
            self.acknowledged.append(text)
            number += 1
            await asyncio.sleep(0.03)

    async def arrives(self) -> None:
        """Check that everything acknowledged is received, once each and in order."""
        await eventually(lambda: set(self.acknowledged) <= set(self.recipient.texts), 40)
        heard = [text for text in self.recipient.texts if text.startswith(self.sender.name + ":")]
        assert heard[: len(self.acknowledged)] == self.acknowledged

    async def goes_on(self) -> None:
        before = len(self.acknowledged)
        await eventually(lambda: len(self.acknowledged) > before + 5)


@asynccontextmanager
async def traffic(*pairs: tuple[Chatter, Chatter]) -> AsyncGenerator[list[Traffic]]:
    """Keep messages coming; at the end, check that everything acknowledged has arrived."""
    flows = [Traffic(*pair) for pair in pairs]
    tasks = [asyncio.create_task(flow.run()) for flow in flows]
    try:
        for flow in flows:
            await flow.goes_on()
        yield flows
        for flow in flows:
            await flow.goes_on()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for flow in flows:
        await flow.arrives()


async def is_seen_online(who: Chatter) -> None:
    """Wait until the only friend on this user's list is online."""
    deadline = time.monotonic() + PATIENCE
    while [friend.online async for friend in who.client.friends()] != [True]:
        assert time.monotonic() < deadline, "it does not mend"
        await asyncio.sleep(0.2)
