"""One run: people talk while things break; then everything works again and becomes quiet."""

import asyncio
import random

from tests.delivery.crowd import gathered
from tests.delivery.damage import Inspector
from tests.delivery.ending import QUIET_WITHIN, become_quiet, look_around
from tests.delivery.faults import Faults
from tests.delivery.history import History
from tests.delivery.past import Past
from tests.delivery.records import Records
from tests.delivery.schedule import plan
from tests.integration.cluster import Cluster


async def run(
    cluster: Cluster,
    history: History,
    seed: int,
    seconds: float,
    *,
    cluster_faults: bool = True,
    quiet_within: float = QUIET_WITHIN,
) -> None:
    """Fill a history. The cluster must have nginx and, for `cluster_faults`, nodes that are
    `tests.delivery.unlucky_node`; all of them run afterwards. quiet_within: seconds after everybody
    has settled."""
    past = Past()
    history.listener = past.take
    records = Records(cluster.store, history)
    async with gathered(cluster, history, seed) as crowd:
        users = [user.id for user in crowd.users]
        watch = asyncio.create_task(records.watch(users))
        faults = Faults(cluster, crowd.doors, records)
        planned = plan(seed, seconds, len(cluster.nodes), len(crowd.doors), cluster=cluster_faults)
        until = history.now + seconds
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(faults.carry_out(planned))
                for device in crowd.devices:
                    group.create_task(device.live(until))
            await asyncio.gather(*(device.settle() for device in crowd.devices))
        finally:
            watch.cancel()
        await Inspector(cluster.database_server, records).look()
        await become_quiet(records, past, users, quiet_within)
        await look_around(cluster, history, crowd, random.Random(f"end {seed}"))
