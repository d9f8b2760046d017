"""ChatClient against a real server that dies repeatedly."""

import asyncio
from contextlib import AsyncExitStack

from adapters.client import Ack, ChatClient, Message, Settings
from tests.eventually import PATIENCE, eventually
from tests.integration.server_process import ServerProcess

MESSAGES = 1_500
KILLS = 3
HASTY = Settings(first_delay=0.02, longest_delay=0.2)


async def test_every_message_arrives_once_and_in_order(server: ServerProcess) -> None:
    """Two senders post while the server is killed and started again three times. Both devices of
    their reader see the same."""
    async with AsyncExitStack() as stack:
        reader, twin, zhang, li = [
            await stack.enter_async_context(
                ChatClient.connect("127.0.0.1", server.port, settings=HASTY)
            )
            for _ in range(4)
        ]
        for client, name in ((reader, "reader"), (zhang, "zhang"), (li, "li")):
            await client.register(name, "secret")
            await client.login(name, "secret")
        await twin.login("reader", "secret")
        for name in ("zhang", "li"):  # unlisted senders may not leave so much unread
            await reader.add_friend(name)
        readings = [asyncio.create_task(_read(device, 2 * MESSAGES)) for device in (reader, twin)]
        answers: list[asyncio.Future[Ack]] = []
        sending = [asyncio.create_task(_write(client, answers)) for client in (zhang, li)]
        for kill in range(1, KILLS + 1):
            await _answered(answers, kill * 2 * MESSAGES // (KILLS + 1))
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
        await asyncio.gather(*sending)
        await asyncio.gather(*answers)
        one, other = await asyncio.gather(*readings)
    assert one == other
    expected = [str(number) for number in range(MESSAGES)]
    for name in ("zhang", "li"):
        assert [text for sender, text in one if sender == name] == expected
    assert len(one) == 2 * MESSAGES


async def _write(client: ChatClient, answers: list[asyncio.Future[Ack]]) -> None:
    for number in range(MESSAGES):
        answers.append(client.post(1, str(number)))
        await asyncio.sleep(0.001)


async def _answered(answers: list[asyncio.Future[Ack]], count: int) -> None:
    await eventually(lambda: sum(one.done() for one in answers) >= count)


async def _read(client: ChatClient, count: int) -> list[tuple[str, str]]:
    """Who wrote what, in the order of the log."""
    had = []
    async with asyncio.timeout(PATIENCE):
        async for event in client.events():
            if isinstance(event, Message):
                had.append((event.sender_name, event.text))
                if len(had) == count:
                    break
    return had
