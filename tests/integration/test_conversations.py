"""Past messages, as ChatClient gets them from a real server, on every device."""

import asyncio

from adapters.client import (
    Conversation,
    InGroup,
    Message,
    Preferences,
    Read,
    SettingsChanged,
    With,
)
from tests.eventually import eventually
from tests.integration.chatter import Chatter, back, newcomer
from tests.integration.server_process import ServerProcess


async def texts(who: Chatter, where: With | InGroup, **options: int) -> list[str]:
    return [
        entry.text if isinstance(entry, Message) else entry.what
        async for entry in who.client.history(where, **options)
    ]


async def test_a_new_device_finds_what_was_said(server: ServerProcess) -> None:
    """It finds all of the user's conversations, and everything that they may see of each, back to
    its beginning and forward again."""
    async with newcomer(server.port) as ann, newcomer(server.port) as bob:
        group = InGroup((await ann.client.create_group("hikers")).id)
        for number in range(5):
            await ann.client.send(bob.id, f"to bob {number}")
        await ann.client.send(group, "nobody is here")
        await bob.client.join_group("Hikers")
        last = await ann.client.send(group, "hello")
        async with back(server.port, bob) as device:
            assert await texts(device, With(ann.id), page=2) == [
                f"to bob {number}" for number in (4, 3, 2, 1, 0)
            ]
            assert await texts(device, With(ann.id), after=0, page=2, limit=3) == [
                f"to bob {number}" for number in range(3)
            ]
            assert await texts(device, group) == ["hello", "joined"]
            first, second = [one async for one in device.client.conversations(page=1)]
        assert (first.where, first.name, first.last.at, first.unread) == (
            group,
            "hikers",
            last.at,
            1,
        )
        assert (second.where, second.name, second.unread) == (With(ann.id), ann.name, 5)
        assert isinstance(second.last, Message)
        assert second.last.text == "to bob 4"


async def test_what_one_device_reads_is_read_on_all(server: ServerProcess) -> None:
    """The user's other device and the writer are told; a device that looks later finds it."""
    async with newcomer(server.port) as ann, newcomer(server.port) as bob:
        async with back(server.port, bob) as other:
            ack = await ann.client.send(bob.id, "hello")
            await bob.hears("hello")
            await bob.client.read(ann.id, ack.at)
            await eventually(lambda: Read(bob.id, With(bob.id), ack.at) in marks_of(ann, bob))
            await eventually(lambda: Read(bob.id, With(ann.id), ack.at, own=True) in other.events)
        # A page of the history has what is stored, and marks are stored once a second.
        while (await ann.client.history_page(bob.id)).reads != {bob.id: ack.at}:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert (await first_of(ann)).peer_read == ack.at


async def first_of(who: Chatter) -> Conversation:
    return await anext(aiter(who.client.conversations()))


def marks_of(who: Chatter, other: Chatter) -> list[object]:
    return [event for event in who.events if isinstance(event, Read) and event.user_id == other.id]


async def test_settings_are_the_same_on_all_devices(server: ServerProcess) -> None:
    """A connected device is told of a change; one that comes later asks."""
    async with newcomer(server.port) as ann, newcomer(server.port) as bob:
        await ann.tells(bob, "hello")
        async with back(server.port, bob) as other:
            assert await bob.client.settings() == Preferences()
            chosen = await bob.client.settings(hide_read=True)
            assert chosen == Preferences(hide_read=True)
            await eventually(lambda: SettingsChanged(chosen) in other.events)
            await bob.client.mute(ann.id)
            await eventually(
                lambda: SettingsChanged(chosen, With(ann.id), muted=True) in other.events
            )
            assert await other.client.settings() == chosen
            assert (await first_of(other)).muted
