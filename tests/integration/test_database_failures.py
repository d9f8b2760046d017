"""What a cluster does when MariaDB hangs or is down."""

import asyncio

import pytest

from tests.integration.chatter import back, newcomer
from tests.integration.cluster import NewCluster
from tests.integration.traffic import traffic
from tests.integration.trouble import Trouble, hangs, is_down


@pytest.mark.parametrize("trouble", [hangs, is_down])
async def test_the_database_can_be_away(new_cluster: NewCluster, trouble: Trouble) -> None:
    """Nothing is acknowledged that is not in it: clients are told to try again, and what they have
    written arrives in its order when it is back."""
    with new_cluster(nodes=2) as cluster:
        async with (
            newcomer(cluster.ports[0]) as anna,
            newcomer(cluster.ports[1]) as bert,
            newcomer(cluster.ports[1]) as away,
        ):
            await away.client.logout()
            async with traffic((anna, bert), (bert, anna)):
                outage = asyncio.ensure_future(trouble(cluster.mariadb, 8))
                await asyncio.sleep(1)
                await anna.client.send(away.id, "for later")  # as often as it takes
                assert outage.done()
            async with back(cluster.ports[0], away) as returned:
                await returned.hears("for later")
