"""Nothing acknowledged is lost, whatever dies, hangs or is cut off; otherwise the judge notices."""

import asyncio
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.delivery.history import new_history, read_history
from tests.delivery.judge import Verdict, judge
from tests.delivery.run import run
from tests.delivery.schedule import LOSS
from tests.delivery.unlucky_node import unlucky
from tests.integration.chatter import beside
from tests.integration.cluster import Cluster, NewCluster, Services

SEED = 7
SECONDS = 45
WEAK = {"cluster_faults": False, "quiet_within": 3.0}  # a broken server never becomes quiet
BROKEN = ("forgetful", "stale", "doubled", "repeating")


async def verdict_on(cluster: Cluster, path: Path, seconds: float, **how: Any) -> Verdict:
    """Let people talk while things break, and judge the result. how: see `run`."""
    with new_history(path) as history:
        await run(cluster, history, SEED, seconds, **how)
    verdict = judge(read_history(path))
    sys.stdout.write(f"{path}\n{verdict}\n")  # pytest shows it if the test fails
    return verdict


async def test_a_cluster_keeps_its_promises_under_faults(
    new_cluster: NewCluster, tmp_path: Path
) -> None:
    """Nodes, Redis, the database and connections die, hang and come back, the database once without
    its end. Notes are lost, doubled, swapped and late, and one clock is off."""
    with new_cluster(nodes=3, nginx=True, program=unlucky) as cluster:
        verdict = await verdict_on(
            cluster, tmp_path / "history.jsonl", SECONDS, cluster_faults=True
        )
    assert verdict.kept
    assert verdict.figures["acknowledged"] > 100
    assert verdict.figures[f"fault: {LOSS}"] == 1


async def test_a_broken_server_is_found_out(cluster_services: Services, tmp_path: Path) -> None:
    """See `tests.delivery.broken_node` for what each does. Broken connections are enough to show
    it, so that these clusters can run beside each other."""
    with ExitStack() as stack:
        judging = [verdict_on_broken(how, stack, cluster_services, tmp_path) for how in BROKEN]
        verdicts = await asyncio.gather(*judging)
    for how, verdict in zip(BROKEN, verdicts, strict=True):
        assert "streams_are_the_log" in verdict.breaches, how


async def verdict_on_broken(
    how: str, stack: ExitStack, services: Services, directory: Path
) -> Verdict:
    (directory / how).mkdir()
    program = "-m", "tests.delivery.broken_node", how
    cluster = Cluster(services, directory / how, nginx=True, program=lambda _: program)
    await beside(stack.enter_context, cluster)
    return await verdict_on(cluster, directory / f"{how}.jsonl", 8, **WEAK)
