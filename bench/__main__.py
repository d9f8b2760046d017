"""The benchmark: `python -m bench`, or `python -m bench p2p groups` for some of it."""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from bench import report
from bench.processes import ROOT
from bench.suites import (
    accounts,
    away,
    catching_up,
    groups,
    history,
    idle,
    latency,
    nodes,
    p2p,
    retention,
    start,
    web,
)
from bench.suites.options import Options
from entrypoints.process import raise_file_limit

LONGEST_RUN = 10  # seconds
LEAST_PAST = 200_000  # or conversations would have no page

SUITES = {
    "p2p": p2p.lines,
    "groups": groups.lines,
    "away": away.lines,
    "catching-up": catching_up.lines,
    "history": history.lines,
    "retention": retention.lines,
    "latency": latency.lines,
    "accounts": accounts.lines,
    "nodes": nodes.lines,
    "idle": idle.lines,
    "start": start.lines,
    "web": web.lines,
}


def main() -> None:
    asked = _arguments()
    raise_file_limit()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that no process of ours is left
    lines = []
    print(report.HEAD, flush=True)
    for name in asked.suites or SUITES:
        with tempfile.TemporaryDirectory(prefix="chat-bench-") as directory:
            past = max(asked.entries, LEAST_PAST)
            options = Options(Path(directory), asked.runs, asked.seconds, asked.root, past)
            for line in SUITES[name](options):
                lines.append(line)
                print(report.row(line), flush=True)
    if asked.out is not None:
        report.write(lines, asked.out)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=f"any of {', '.join(SUITES)}")
    parser.add_argument("--runs", type=int, default=5, help="of each load, in turn (5)")
    parser.add_argument("--seconds", type=float, default=2.0, help="of a run (2; at most 10)")
    parser.add_argument(
        "--entries", type=int, default=1_000_000, help="in a long past (a million, at least 0.2)"
    )
    parser.add_argument("--out", type=Path, help="directory for benchmarks.json and .svg")
    parser.add_argument("--root", type=Path, default=ROOT, help="the tree whose server is measured")
    asked = parser.parse_args()
    for name in asked.suites:
        if name not in SUITES:
            parser.error(f"there is no suite {name}; there are {', '.join(SUITES)}")
    if asked.runs < 1 or not 0 < asked.seconds <= LONGEST_RUN:
        parser.error(f"--runs is at least 1, --seconds above 0 and at most {LONGEST_RUN}")
    if asked.out is not None:
        try:
            report.measured_before(asked.out)  # now, rather than when all has been measured
        except (ValueError, OSError) as error:
            parser.error(str(error))
    return asked


if __name__ == "__main__":
    main()
