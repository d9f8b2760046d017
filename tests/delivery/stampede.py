"""A node dies under all its clients: `python -m tests.delivery.stampede --clients 10000`.

They resume on the other nodes, through nginx, each after a random time. Meanwhile they write to
each other. The output says how long it takes until they are back, and whether a promise was broken.
The exit status is 0 if none was, 1 if one was, 3 if the run could not be carried out.
"""

import argparse
import asyncio
import random
import resource
import sys

import attrs
import uvloop

from chat_domain.fairness.limits import Limits
from tests.delivery.herd import Herd
from tests.delivery.outcome import say, status_of
from tests.delivery.own_cluster import own_cluster
from tests.integration.cluster import Cluster

NODES = 3
# All clients have one address, and more of them log in at once than from an office.
LIFTED = [
    word for name in attrs.fields_dict(Limits) for word in (f"--{name.replace('_', '-')}", "0")
]
SHARES = (0.5, 0.9, 0.99, 1.0)
BEFORE, AFTER = 1.0, 1.0  # seconds of talk before the node dies, and once all are back
FILES_BESIDES = 200


@attrs.frozen
class Outcome:
    """entered: seconds until all had logged in at first. back: seconds until each was back,
    ascending. acknowledged: messages in all. meanwhile: those between the kill and the return of
    the last client. broken: a sentence for each breach.
    """

    entered: float
    back: list[float]
    acknowledged: int
    meanwhile: int
    broken: list[str]

    def within(self, share: float) -> float:
        return self.back[max(0, round(share * len(self.back)) - 1)]

    def __str__(self) -> str:
        return "\n".join(
            [
                f"{len(self.back):,} came in in {self.entered:.1f} s; then their node was killed",
                *(f"{share:5.0%} back after {self.within(share):6.2f} s" for share in SHARES),
                f"{self.acknowledged:,} messages acknowledged, {self.meanwhile:,} meanwhile",
                *(self.broken[:10] or ["nothing lost, nothing out of order, all answered"]),
            ]
        )


async def stampede(cluster: Cluster, count: int, *, per_second: float = 300.0) -> Outcome:
    """Let all clients log in on the first node, and kill it. The cluster must have nginx."""
    herd = Herd(count, random.Random(count))
    try:
        herd.head_for(cluster.ports[0])
        await herd.enter()
        entered = herd.since()
        talking = asyncio.create_task(herd.talk(per_second))
        await asyncio.sleep(BEFORE)
        before = len(herd.acknowledged)
        herd.head_for(cluster.nginx.port)
        await asyncio.to_thread(cluster.nodes[0].kill)
        await herd.all_here()
        meanwhile = len(herd.acknowledged) - before
        await asyncio.sleep(AFTER)
        talking.cancel()
        await herd.settled()
        back = sorted(herd.back.values())
        return Outcome(entered, back, len(herd.acknowledged), meanwhile, herd.broken())
    finally:
        herd.leave()


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.delivery.stampede", description="Kill a node under all its clients."
    )
    parser.add_argument("--clients", type=int, default=1000, help="how many (1000)")
    parser.add_argument(
        "--per-second", type=float, default=300.0, help="messages that they write (300)"
    )
    options = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if options.clients + FILES_BESIDES > most:
        parser.error(f"this process may have {most} files only (ulimit -Hn)")

    def run_and_say() -> bool:
        with own_cluster(NODES, options=LIFTED) as cluster:
            outcome = uvloop.run(stampede(cluster, options.clients, per_second=options.per_second))
        say(str(outcome))
        return not outcome.broken

    return status_of(run_and_say)


if __name__ == "__main__":
    sys.exit(main())
