"""Nothing acknowledged is lost, whatever dies, hangs or is cut off; and the judge would notice."""

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.delivery.history import new_history, read_history
from tests.delivery.judge import Verdict, judge
from tests.delivery.run import run
from tests.delivery.schedule import LOSS
from tests.delivery.unlucky_node import unlucky
from tests.integration.cluster import Cluster, NewCluster

SEED = 7
SECONDS = 45
WEAK = {"cluster_faults": False, "quiet_within": 3.0}  # what is broken never becomes quiet
BROKEN = ("-m", "tests.delivery.broken_node")


async def verdict_on(cluster: Cluster, path: Path, seconds: float, **how: Any) -> Verdict:
    """Let people talk and things break, and judge what became of it. how: see `run`."""
    with new_history(path) as history:
        await run(cluster, history, SEED, seconds, **how)
    verdict = judge(read_history(path))
    sys.stdout.write(f"{path}\n{verdict}\n")  # which pytest shows if the test fails
    return verdict


@pytest.mark.timeout(300)
async def test_a_cluster_keeps_its_promises_under_faults(
    new_cluster: NewCluster, tmp_path: Path
) -> None:
    """Nodes, Redis, MariaDB and connections die, hang and come back, MariaDB once without its end;
    notes come as they may, and one clock is off."""
    with new_cluster(nodes=3, nginx=True, program=unlucky) as cluster:
        verdict = await verdict_on(
            cluster, tmp_path / "history.jsonl", SECONDS, cluster_faults=True
        )
    assert verdict.kept
    assert verdict.figures["acknowledged"] > 100
    assert verdict.figures[f"fault: {LOSS}"] == 1


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("how", "promise"),
    [
        ("forgetful", "streams_are_the_log"),
        ("stale", "streams_are_the_log"),  # who has left hears it still
        ("doubled", "streams_are_the_log"),
        ("repeating", "streams_are_the_log"),  # to version 1, whenever it comes
    ],
)
async def test_a_broken_server_is_found_out(
    how: str, promise: str, new_cluster: NewCluster, tmp_path: Path
) -> None:
    """See `tests.delivery.broken_node` for what it does. Broken connections are enough for it."""
    with new_cluster(nodes=2, nginx=True, program=lambda _: (*BROKEN, how)) as cluster:
        verdict = await verdict_on(cluster, tmp_path / "history.jsonl", 8, **WEAK)
    assert promise in verdict.breaches
