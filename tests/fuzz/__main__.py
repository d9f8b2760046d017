"""Look for a frame that costs the event loop too much: `make fuzz MINUTES=10 SEED=7`."""

import argparse
import logging
import random
import sys
import time

import structlog

from tests.fuzz.search import TooDear, searching, told, unpacked
from tests.fuzz.stage import KINDS, MOST, cost

FRAMES = 10_000  # before the search starts over, somewhere else


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, help="where to begin; if left out, anywhere")
    parser.add_argument(
        "--again", nargs=2, metavar=("KIND", "FRAME"), help="look at one that was found, and end"
    )
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    if options.again:
        sys.exit(_again(*options.again))
    seed = random.randrange(10**6) if options.seed is None else options.seed
    _search(seed, time.monotonic() + 60 * options.minutes)


def _again(kind: str, packed: str) -> int:
    """Measure a frame again; return 1 if it still costs too much."""
    if kind not in KINDS:
        sys.exit(f"{kind!r} is none of {', '.join(KINDS)}")
    frame = unpacked(packed)
    found = cost(kind, frame)
    print(told(kind, frame, found))
    return int(found >= MOST)


def _search(seed: int, ends: float) -> None:
    while time.monotonic() < ends:
        with searching() as search:
            try:
                search.run(FRAMES, seed)
            except TooDear as found:
                sys.exit(f"seed {seed}: too dear: {found}")
            print(f"seed {seed}: {FRAMES} frames; the dearest: {search}", flush=True)
        seed += 1


if __name__ == "__main__":
    main()
