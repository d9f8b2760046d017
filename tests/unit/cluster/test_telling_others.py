"""What users read, type and choose reaches users on other nodes."""

import asyncio

import pytest

from chat_domain.entries import pair
from chat_domain.model import Muting, Preferences
from tests.unit.world import Terminal, World

Nodes = tuple[World, World]


@pytest.fixture
def nodes() -> Nodes:
    first = World()
    return first, World(beside=first)


@pytest.fixture
def ann(nodes: Nodes) -> Terminal:
    """Ann, on the first node, with one device."""
    return nodes[0].newcomer("Ann")


@pytest.fixture
async def bob(nodes: Nodes, ann: Terminal) -> Terminal:
    """Bob, on the second node. He has written to Ann, at 1."""
    bob = nodes[1].newcomer("Bob")
    bob.says(ann.user, "hello")
    await carried(nodes)
    return bob


@pytest.fixture
def phone(nodes: Nodes, ann: Terminal) -> Terminal:
    """Ann's other device, on the second node."""
    return nodes[1].log_in(ann.user)


async def carried(nodes: Nodes) -> None:
    """Let notes arrive and have their effects."""
    for _ in range(3):
        await asyncio.sleep(0)
        for node in nodes:
            node.tasks.drain()


async def ticked(nodes: Nodes) -> None:
    for node in nodes:
        node.passes(0.5)
    await carried(nodes)


def conv_of(ann: Terminal, bob: Terminal) -> int:
    return pair(ann.user.id, bob.user.id)


def reads(who: Terminal, conv: int, at: int) -> None:
    who.world.tasks.run(who.world.chat.read_marks.read(who.session, conv, at))


def types(who: Terminal, conv: int) -> None:
    async def finish() -> None:
        unfinished = who.world.chat.typing.report(who.session, conv)
        assert unfinished is not None
        await unfinished

    who.world.tasks.run(finish())


async def test_what_was_read_is_told_everywhere(
    nodes: Nodes, ann: Terminal, bob: Terminal, phone: Terminal
) -> None:
    """It is told once to the other user and to the reader's own devices."""
    conv = conv_of(ann, bob)
    reads(ann, conv, 1)
    await ticked(nodes)
    await ticked(nodes)
    assert bob.client.reads == phone.client.reads == [(ann.user.id, conv, 1)]
    assert ann.client.reads == []


async def test_a_device_that_is_behind_tells_nothing(
    nodes: Nodes, ann: Terminal, bob: Terminal, phone: Terminal
) -> None:
    """Its node already knows how far the user has read."""
    conv = conv_of(ann, bob)
    bob.says(ann.user, "and more")
    await carried(nodes)
    reads(phone, conv, 1)
    await ticked(nodes)
    reads(ann, conv, 2)
    await ticked(nodes)
    reads(phone, conv, 2)
    await ticked(nodes)
    assert bob.client.reads == [(ann.user.id, conv, 1), (ann.user.id, conv, 2)]


async def test_who_is_typing_is_told_everywhere(
    nodes: Nodes, ann: Terminal, bob: Terminal, phone: Terminal
) -> None:
    """Only the writer's own devices are not told."""
    types(ann, conv_of(ann, bob))
    await carried(nodes)
    assert bob.client.typing == [("Ann", conv_of(ann, bob))]
    assert phone.client.typing == ann.client.typing == []


async def test_the_members_of_a_group_are_told_everywhere(
    nodes: Nodes, ann: Terminal, bob: Terminal, phone: Terminal
) -> None:
    """All members are told, wherever they are."""
    first, second = nodes
    cid, dan = second.newcomer("Cid"), second.newcomer("Dan")
    group = first.group(ann, cid)
    await carried(nodes)
    reads(ann, group, 2)
    types(cid, group)
    await ticked(nodes)
    assert cid.client.reads == phone.client.reads == [(ann.user.id, group, 2)]
    assert ann.client.typing == phone.client.typing == [("Cid", group)]
    assert dan.client.reads == bob.client.reads == []
    assert dan.client.typing == []


async def test_what_was_chosen_holds_everywhere(
    nodes: Nodes, ann: Terminal, bob: Terminal, phone: Terminal
) -> None:
    """Actions on another node's device are hidden, even if that node had other settings."""
    first, conv = nodes[0], conv_of(ann, bob)
    reads(phone, conv, 0)
    types(phone, conv)
    await carried(nodes)
    bob.client.typing.clear()
    hidden = Preferences(hide_read=True, hide_typing=True)
    change = first.chat.settings.change(ann.session, hide_read=True, hide_typing=True)
    assert first.tasks.run(change) == hidden
    first.tasks.run(first.chat.settings.mute(ann.session, conv, muted=True))
    for node in nodes:
        node.passes(3.0)
    await carried(nodes)
    assert phone.client.settings == [(hidden, None), (hidden, Muting(conv, muted=True))]
    assert ann.client.settings == bob.client.settings == []
    reads(phone, conv, 1)
    types(phone, conv)
    await ticked(nodes)
    assert ann.client.reads == [(ann.user.id, conv, 1)]
    assert bob.client.reads == []
    assert bob.client.typing == []


@pytest.mark.parametrize(("hears", "seconds"), [(True, 1.0), (False, 0.1)])
async def test_a_node_looks_at_the_log_by_itself(
    nodes: Nodes, ann: Terminal, monkeypatch: pytest.MonkeyPatch, hears: bool, seconds: float
) -> None:
    """It looks once a second, in case a note was lost, and ten times if it does not hear others."""
    node = nodes[1]
    monkeypatch.setattr(nodes[0].chat.node.broker, "broadcast", lambda note: None)
    monkeypatch.setattr(node.chat.node.broker, "is_receiving", lambda: hears)
    node.tasks.start(node.chat.node.poll_head())
    node.tasks.drain()
    ann.says(ann.user, "hello")
    node.passes(seconds - 0.01)
    assert node.chat.follower.applied == 0
    node.passes(0.02)
    node.passes(0.02)  # it may wait a little before it reads
    assert node.chat.follower.applied == 1
