"""Makes each mutation in a copy of the tree, and runs the test that must fail of it."""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.mutations.mutation import Mutation, mutations

ROOT = Path(__file__).parents[2]
_FOLDERS = ("adapters", "chat_domain", "docs", "entrypoints", "infra", "tests")
# No bytecode: Python knows it by its source's time and size, which a quick change can leave alike.
_PYTEST = (sys.executable, "-B", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider")
_FAILED = 1  # pytest's exit status; others mean that no test was run


def copy_to(tree: Path) -> None:
    for name in _FOLDERS:
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tree)
    shutil.copy(ROOT / "schema.sql", tree)


def run(tests: Sequence[str], tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*_PYTEST, *tests], cwd=tree, capture_output=True, text=True, check=False)


def is_killed(mutation: Mutation, tree: Path) -> bool:
    with mutation.made(tree):
        return run([mutation.test], tree).returncode == _FAILED


def survivors(chosen: Sequence[Mutation], tree: Path) -> int:
    """How many of the mutations no test notices. Prints what becomes of each."""
    count = 0
    for one in chosen:
        killed = is_killed(one, tree)
        count += not killed
        say(f"{one.rule:2}  {one.without}")
        say(f"      {'killed by' if killed else 'SURVIVES'} {one.killed_by}")
    return count


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutations", description="Take rules out; a test must notice each."
    )
    parser.add_argument("--rule", type=int, default=None, help="this one alone")
    rule = parser.parse_args().rule
    chosen = [one for one in mutations() if rule in (None, one.rule)]
    with tempfile.TemporaryDirectory(prefix="chat-mutations-") as directory:
        tree = Path(directory)
        copy_to(tree)
        whole = run(sorted({one.test for one in chosen}), tree)
        if whole.returncode:
            say(f"these tests do not pass as it is:\n{whole.stdout}")
            return 1
        left = survivors(chosen, tree)
    say(f"{len(chosen)} mutations, {left} survive")
    return 1 if left else 0


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
