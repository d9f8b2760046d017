"""A node dies under many clients."""

from tests.delivery.stampede import LIFTED, stampede
from tests.integration.cluster import NewCluster


async def test_the_clients_of_a_dead_node_resume_on_the_others(new_cluster: NewCluster) -> None:
    """A hundred do so through nginx, and nothing acknowledged meanwhile is lost."""
    with new_cluster(nodes=3, nginx=True, options=LIFTED) as cluster:
        outcome = await stampede(cluster, 100)
    assert outcome.broken == []
