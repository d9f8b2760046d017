"""Messages to groups weigh as much as they make the node write."""

import pytest

from adapters.gateway.commands import READERS_PER_FRAME
from tests.unit.gateway.server import Server, settled


@pytest.mark.parametrize("readers", [READERS_PER_FRAME // 2, 3 * READERS_PER_FRAME])
async def test_a_message_weighs_what_its_readers_do(server: Server, readers: int) -> None:
    """A sixteenth of a frame for each connection that it is pushed to; who is away weighs
    nothing."""
    ann = await server.logged_in("Ann")
    away = await server.register(*(f"away {number}" for number in range(9)))
    here = await server.register(*(f"here {number}" for number in range(readers - 1)))
    for user_id in here:
        await server.log_in(user_id)
    group_id = await server.group(1, *here, *away)
    before = ann.talk.meter.frames
    ann.say({"msgid": 1009, "groupid": group_id, "msg": "hello"})
    await settled()
    assert ann.talk.meter.frames == before + 1 + readers / READERS_PER_FRAME
