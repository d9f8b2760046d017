"""A message weighs as much as it makes the node write."""

import pytest

from adapters.gateway.disconnect_reasons import DisconnectReason
from chat_domain.fairness.limits import Limits
from chat_domain.fairness.meter import (
    BURST,
    QUANTUM_FRAMES,
    READERS_PER_FRAME,
    STORE_WEIGHT,
)
from chat_domain.notes import CrowdsThere
from tests.unit.gateway.server import Server, settled


@pytest.mark.parametrize("readers", [READERS_PER_FRAME // 2, 3 * READERS_PER_FRAME])
async def test_a_message_weighs_what_its_readers_do(server: Server, readers: int) -> None:
    """Each connection that it is pushed to weighs a sixteenth of a frame; those who are away weigh
    nothing."""
    ann = await server.logged_in("Ann")
    away = await server.register(*(f"away {number}" for number in range(9)))
    here = await server.register(*(f"here {number}" for number in range(readers - 1)))
    for user_id in here:
        await server.log_in(user_id)
    group_id = await server.group(1, *here, *away)
    before = ann.context.meter.frames
    ann.say({"msgid": 1009, "groupid": group_id, "msg": "hello"})
    await settled()
    assert ann.context.meter.frames == before + 1 + readers / READERS_PER_FRAME


@pytest.mark.parametrize("hides", [False, True])
async def test_what_members_are_told_of_somebody_weighs_so_as_well(
    server: Server, hides: bool
) -> None:
    """That they are typing, and how far they have read: a small group can have a thousand
    connections. What nobody is told weighs nothing more."""
    ann = await server.logged_in("Ann")
    here = await server.register(*(f"here {number}" for number in range(2 * READERS_PER_FRAME - 1)))
    for user_id in here:
        await server.log_in(user_id)
    group_id = await server.group(1, *here)
    await ann.ask(1045, hide_read=hides, hide_typing=hides)
    for request, weight in ({"msgid": 1044}, 1), ({"msgid": 1043, "at": 1}, STORE_WEIGHT):
        before = ann.context.meter.frames
        ann.say(request | {"groupid": group_id})
        await settled()
        assert ann.context.meter.frames == before + weight + (0 if hides else 2)


async def test_readers_on_another_node_weigh_as_much(server: Server) -> None:
    """They cost that node what they would cost this one, and it cannot slow the sender down."""
    ann = await server.logged_in("Ann")
    group_id = await server.group(1)
    server.chat.node.receive(CrowdsThere({group_id: 10 * READERS_PER_FRAME}))
    before = ann.context.meter.frames
    ann.say({"msgid": 1009, "groupid": group_id, "msg": "hello"})
    await settled()
    assert ann.context.meter.frames == before + 1 + 10


@pytest.mark.parametrize("readers", [READERS_PER_FRAME, READERS_PER_FRAME + 1])
async def test_messages_between_two_weigh_so_if_they_have_many_connections(readers: int) -> None:
    """They do once they have been shown. Messages to as few connections as one frame covers weigh
    one each."""
    server = Server(Limits(frames_per_second=QUANTUM_FRAMES))
    ann = await server.logged_in("Ann")
    await server.register("Bob")
    for user_id in [*[1] * 7, *[2] * (readers - 8)]:
        await server.log_in(user_id)
    chats = [{"msgid": 1005, "toid": 2, "msg": "hello"}] * QUANTUM_FRAMES
    for _ in range(BURST // 2 + 1):
        ann.say(*chats)
        await settled()
    assert ann.handler.held_up() is (
        DisconnectReason.TOO_FAST if readers > READERS_PER_FRAME else None
    )
