"""Messages to large groups: what they weigh, and when they are sent."""

import asyncio
from collections.abc import Awaitable

import pytest

from adapters.gateway.fan_out import AT_ONCE, COPIES_PER_FRAME
from tests.unit.gateway.server import Peer, Server, settled


async def group_of(server: Server, members: int) -> tuple[Peer, Peer, int]:
    """Ann, Bob and others who are away are a group; its id comes last."""
    ann, bob = await server.logged_in("Ann"), await server.logged_in("Bob")
    groups = server.chat.groups
    group = await groups.create(1, "hikers", "")
    others = await server.register(*(f"member {number}" for number in range(members - 2)))
    for user_id in (2, *others):
        await groups.join(user_id, group.id)
    return ann, bob, group.id


def say(peer: Peer, group_id: int, count: int) -> None:
    peer.say(*({"msgid": 1009, "groupid": group_id, "msg": f"{n}"} for n in range(count)))


def texts(peer: Peer) -> list[str]:
    return [frame["msg"] for frame in peer.heard() if frame["msgid"] == 1009]


@pytest.mark.parametrize(
    ("members", "weight"),
    [(COPIES_PER_FRAME // 2, 1.5), (10 * COPIES_PER_FRAME, 11)],
    ids=["small", "large"],
)
@pytest.mark.parametrize("known", [True, False], ids=["known", "looked up"])
async def test_a_message_weighs_what_its_copies_do(
    server: Server, members: int, weight: float, *, known: bool
) -> None:
    """A sixteenth of a frame each, however many they are."""
    ann, _, group_id = await group_of(server, members)
    if known:
        await server.chat.group_chat.rosters.members(group_id)
    before = ann.talk.meter.frames
    say(ann, group_id, 1)
    await settled()
    assert ann.talk.meter.frames == before + weight


@pytest.mark.parametrize("known", [True, False], ids=["known", "looked up"])
@pytest.mark.parametrize("members", [3, 40])
async def test_messages_to_groups_take_turns(server: Server, members: int, *, known: bool) -> None:
    """While many copies are under way, more wait, and so does what their sender says next, in small
    groups as in large ones. Everybody else does not notice."""
    ann, bob, group_id = await group_of(server, members)
    if known:
        await server.chat.group_chat.rosters.members(group_id)
    store = asyncio.Event()

    def store_much() -> Awaitable[None]:
        return wait_for(store)

    much = server.gateway.shared.fan_out.send(AT_ONCE, "somewhere", store_much)
    assert much is not None
    storing = asyncio.ensure_future(much)
    say(ann, group_id, 2)
    bob.say({"msgid": 1012, "seq": 5})
    await settled()
    heard = bob.heard()
    assert {"msgid": 1013, "seq": 5} in heard
    assert not any(frame["msgid"] == 1009 for frame in heard)
    store.set()
    await storing
    await settled()
    assert texts(bob) == ["0", "1"]


async def wait_for(event: asyncio.Event) -> None:
    await event.wait()
