"""What was said before the devices come."""

import asyncio

from adapters.client import ChatClient, Event, Message
from tests.eventually import eventually
from tests.integration.day.day import HIKERS, ROBOT, SECRET, ZHANG, ZHANG_SAN
from tests.integration.day.robot import NAME, PASSWORD

TEXTS = 2_400  # those with the bot alone are more than a line client keeps of a conversation
UNREAD = 40
EACH = 50_000  # milliseconds between any two of them, which makes a day and a half

SPREAD = f"UPDATE Entry SET time_ms = time_ms - ((SELECT head FROM Log) - at) * {EACH}"  # noqa: S608
"""As if it had taken that long, with the last of it now."""


async def write(port: int) -> int:
    """Write everything, and read most of what the bot has said; return up to which position."""
    connect, had = ChatClient.connect, list[Event]()
    async with (
        connect("127.0.0.1", port, on_event=lambda _: None) as robot,
        connect("127.0.0.1", port, on_event=had.append) as zhang,
    ):
        assert await robot.register(NAME, PASSWORD) == ROBOT.user_id
        assert await zhang.register(ZHANG, SECRET) == ZHANG_SAN.user_id
        await robot.login(NAME, PASSWORD)
        await zhang.login(ZHANG, SECRET, device="phone")
        await zhang.add_friend(NAME)
        await zhang.create_group("hikers", "on Sundays")
        await robot.join_group("hikers")
        for number in range(TEXTS):
            _say(number, robot, zhang)
            if number % 300 == 299:  # so that neither is far ahead of the other
                await asyncio.gather(robot.drain(60), zhang.drain(60))
        read = (await robot.send(ZHANG_SAN, "before: this was read")).at
        last = (await robot.send(HIKERS, "before: this was read, too")).at
        await eventually(lambda: any(isinstance(one, Message) and one.at == last for one in had))
        await zhang.read(ROBOT, read)
        await zhang.read(HIKERS, last)
        await zhang.logout()
        for number in range(UNREAD):
            robot.post(ZHANG_SAN, f"before: this was not read {number}")
        await robot.drain(60)
        await robot.logout()
        return read


def _say(number: int, robot: ChatClient, zhang: ChatClient) -> None:
    """Send one text. Some are longer than a row."""
    text = f"before: {number}{' and so on' * 6 if number % 9 == 0 else ''}"
    match number % 10:
        case 0:
            robot.post(HIKERS, text)
        case 3 | 6 | 7:
            zhang.post(ROBOT, text)
        case _:
            robot.post(ZHANG_SAN, text)
