"""Runs for as long as you like: `python -m tests.delivery.soak --minutes 30 --seed 7`.

If a promise was broken, or the database is damaged, the run's history is kept, with the nodes' logs
and the database's data beside it. The same is done if the run could not be carried out to its end;
then there is no verdict. The exit status is 0 if all promises were kept, 1 if one was broken or the
database is damaged, 3 if there is no verdict.
"""

import argparse
import asyncio
import random
import sys
import tempfile
from pathlib import Path

from tests.delivery.damage import keep_data
from tests.delivery.history import History, new_history, read_history
from tests.delivery.judge import Verdict, judge
from tests.delivery.outcome import say, status_of
from tests.delivery.own_cluster import own_cluster
from tests.delivery.run import run
from tests.delivery.schedule import describe, plan
from tests.delivery.unlucky_node import unlucky
from tests.integration.cluster import Cluster

NODES = 3
LONGEST = 24 * 60  # minutes
REPORTED_EVERY = 30.0  # seconds
_SHOWN = ("send", "ack", "fail", "received", "login", "fault")


def soak(seconds: float, seed: int, keep: Path) -> Verdict:
    """One run; `keep` gets its history and logs unless all promises were kept."""
    with (
        tempfile.TemporaryDirectory(prefix="chat-soak-") as directory,
        own_cluster(NODES, program=unlucky) as cluster,
    ):
        path = Path(directory) / f"history-{seed}.jsonl"
        try:
            with new_history(path) as history:
                asyncio.run(_run(cluster, history, seconds, seed))
        except BaseException:
            _keep(path, cluster, keep)
            raise
        verdict = judge(read_history(path))
        if not verdict.kept:
            _keep(path, cluster, keep)
        return verdict


async def _run(cluster: Cluster, history: History, seconds: float, seed: int) -> None:
    reporting = asyncio.create_task(_report(history))
    try:
        await run(cluster, history, seed, seconds)
    finally:
        reporting.cancel()


async def _report(history: History) -> None:
    while True:
        await asyncio.sleep(REPORTED_EVERY)
        counts = ", ".join(f"{kind} {history.counts.get(kind, 0):,}" for kind in _SHOWN)
        say(f"{history.now:7.0f} s: {counts}")


def _keep(path: Path, cluster: Cluster, keep: Path) -> None:
    keep.mkdir(parents=True, exist_ok=True)
    kept = keep / path.name
    kept.write_bytes(path.read_bytes())
    for number, node in enumerate(cluster.nodes):
        (keep / f"{path.stem}-node-{number}.log").write_text(node.log)
    keep_data(cluster.database_server, keep / path.stem)
    say(f"the history is in {kept}: python -m tests.delivery.judge {kept}")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.delivery.soak", description="Show that nothing acknowledged is lost."
    )
    parser.add_argument("--minutes", type=float, default=10.0, help="how long (10)")
    parser.add_argument("--seed", type=int, default=None, help="decides who does and suffers what")
    parser.add_argument(
        "--keep", type=Path, default=Path("build/soak"), help="where to keep failures (build/soak)"
    )
    options = parser.parse_args()
    if not 0 < options.minutes <= LONGEST:
        parser.error(f"--minutes: more than 0, {LONGEST} at most")
    seed = random.randrange(1_000_000) if options.seed is None else options.seed
    seconds = options.minutes * 60
    say(f"seed {seed}, {options.minutes:g} minutes; the faults of the cluster:")
    say(describe(plan(seed, seconds, NODES, 1)))

    def run_and_say() -> bool:
        verdict = soak(seconds, seed, options.keep)
        say(str(verdict))
        return verdict.kept

    return status_of(run_and_say)


if __name__ == "__main__":
    sys.exit(main())
