"""What a cluster does when its database hangs or is down."""

import asyncio

import pytest

from tests.integration.chatter import back, newcomer
from tests.integration.cluster import NewCluster
from tests.integration.traffic import traffic
from tests.integration.trouble import Trouble, hangs, is_down

LONGER_THAN_PATIENCE = 7.0  # seconds: longer than a node or a client waits for an answer


@pytest.mark.parametrize("trouble", [hangs, is_down])
async def test_the_database_can_be_away(new_cluster: NewCluster, trouble: Trouble) -> None:
    """Nothing is acknowledged that is not in it. Clients are told to try again, and what they wrote
    arrives in order when it is back."""
    with new_cluster(nodes=2) as cluster:
        async with (
            newcomer(cluster.ports[0]) as anna,
            newcomer(cluster.ports[1]) as bert,
            newcomer(cluster.ports[1]) as away,
        ):
            await away.client.logout()
            async with traffic((anna, bert), (bert, anna)):
                async with trouble(cluster.database_server):
                    acknowledged = asyncio.ensure_future(anna.client.send(away.id, "for later"))
                    await asyncio.sleep(LONGER_THAN_PATIENCE)
                    assert not acknowledged.done()
                await acknowledged  # this takes several attempts
            async with back(cluster.ports[0], away) as returned:
                await returned.hears("for later")
