"""Nothing acknowledged is lost, whatever dies, hangs or is cut off; and the judge would notice."""

import sys
from pathlib import Path

import pytest

from tests.delivery.history import new_history, read_history
from tests.delivery.judge import Verdict, judge
from tests.delivery.run import run
from tests.delivery.unlucky_node import unlucky
from tests.integration.cluster import Cluster, NewCluster

SEED = 7
BROKEN = ("-m", "tests.delivery.broken_node")


async def verdict_on(
    cluster: Cluster, path: Path, seconds: float, *, cluster_faults: bool
) -> Verdict:
    """Let people talk and things break, and judge what became of it."""
    with new_history(path) as history:
        await run(cluster, history, SEED, seconds, cluster_faults=cluster_faults)
    verdict = judge(read_history(path))
    sys.stdout.write(f"{path}\n{verdict}\n")  # which pytest shows if the test fails
    return verdict


@pytest.mark.timeout(300)
async def test_a_cluster_keeps_its_promises_under_faults(
    new_cluster: NewCluster, tmp_path: Path
) -> None:
    """A minute in which nodes, Redis, MariaDB and connections die, hang and come back."""
    with new_cluster(nodes=3, nginx=True, program=unlucky) as cluster:
        verdict = await verdict_on(cluster, tmp_path / "history.jsonl", 60, cluster_faults=True)
    assert verdict.kept
    assert verdict.figures["acknowledged"] > 300


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("how", "promise"),
    [
        ("forgetful", "streams_are_the_log"),
        ("stale", "streams_are_the_log"),  # who has left hears it still
        ("doubled", "streams_are_the_log"),
    ],
)
async def test_a_broken_server_is_found_out(
    how: str, promise: str, new_cluster: NewCluster, tmp_path: Path
) -> None:
    """See `tests.delivery.broken_node` for what it does. Broken connections are enough for it."""
    with new_cluster(nodes=2, nginx=True, program=lambda _: (*BROKEN, how)) as cluster:
        verdict = await verdict_on(cluster, tmp_path / "history.jsonl", 12, cluster_faults=False)
    assert promise in verdict.breaches
