"""ChatClient against a real server that dies again and again."""

import asyncio
from contextlib import AsyncExitStack

from adapters.client import ChatClient, Message, Settings
from tests.integration.server_process import ServerProcess

MESSAGES = 1_500
KILLS = 3
HASTY = Settings(first_delay=0.02, longest_delay=0.2)


async def test_every_message_arrives_once_and_in_order(server: ServerProcess) -> None:
    """Two senders keep posting while the server is killed and started again, three times."""
    async with AsyncExitStack() as stack:
        reader, zhang, li = [
            await stack.enter_async_context(
                ChatClient.connect("127.0.0.1", server.port, settings=HASTY)
            )
            for _ in range(3)
        ]
        for client, name in ((reader, "reader"), (zhang, "zhang"), (li, "li")):
            await client.register(name, "secret")
            await client.login(name, "secret")
        reading = asyncio.create_task(_read(reader, 2 * MESSAGES))
        sending = [asyncio.create_task(_write(client)) for client in (zhang, li)]
        for _ in range(KILLS):
            await asyncio.sleep(0.3)
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
        await asyncio.gather(*sending)
        had = await reading
    expected = [str(number) for number in range(MESSAGES)]
    assert had == {"zhang": expected, "li": expected}


async def _write(client: ChatClient) -> None:
    futures = []
    for number in range(MESSAGES):
        futures.append(client.post(1, str(number)))
        await asyncio.sleep(0.001)
    await asyncio.gather(*futures)


async def _read(client: ChatClient, count: int) -> dict[str, list[str]]:
    had: dict[str, list[str]] = {}
    async with asyncio.timeout(60):
        async for event in client.events():
            if isinstance(event, Message):
                had.setdefault(event.sender_name, []).append(event.text)
                count -= 1
            if not count:
                break
    return had
