"""Looks for known weaknesses in what the lock files name: `make audit`.

pip-audit asks a list of advisories about each package. A list that cannot be reached, or that does
not know a package (behind a mirror, say), says nothing about it, so the next list is asked.

Exit status: 0 when all packages are known to one list or another and have no weakness, 1 when one
has, 3 when that could not be found out. What is no option of this program is one of pip-audit's.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

LOCKS = ("requirements.txt", "requirements-dev.txt")
LISTS = ("pypi", "osv")  # pip-audit's names for them
CLEAN, WEAK, UNKNOWN = 0, 1, 3

Package = dict[str, Any]  # as pip-audit describes it


class NoAnswer(Exception):
    """A list, or pip-audit, cannot answer; `str()` of it says why."""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--pip-audit", default=str(Path(sys.executable).parent / "pip-audit"))
    options, others = parser.parse_known_args(arguments)
    found = [audit([options.pip_audit, *others], lock) for lock in LOCKS]
    return WEAK if WEAK in found else max(found)


def audit(pip_audit: Sequence[str], lock: str) -> int:
    """Say what is known about a lock file's packages; return the exit status for it."""
    reasons = []
    for name in LISTS:
        try:
            packages = ask([*pip_audit, "-s", name], lock)
        except NoAnswer as why:
            reasons.append(f"{name}: {why}")
            continue
        weaknesses = list(weaknesses_of(packages))
        for line in weaknesses:
            say(f"{lock}: {line}")
        unknown = sum("skip_reason" in package for package in packages)
        if weaknesses:
            return WEAK
        if not unknown:
            say(f"{lock}: {len(packages)} packages, and no weakness of theirs is known to {name}")
            return CLEAN
        reasons.append(f"{name}: {unknown} of {len(packages)} packages are unknown to it")
    say(f"{lock}: CANNOT TELL whether a weakness is known, as not all packages could be looked up.")
    say("This is neither a finding nor a clean bill; try again where the lists can be reached.")
    for reason in reasons:
        say(f"  {reason}")
    return UNKNOWN


def ask(pip_audit: Sequence[str], lock: str) -> list[Package]:
    """All packages of a lock file, with what a list says of them. Raises NoAnswer."""
    what = ["--disable-pip", "--require-hashes", "-r", lock]
    how = ["--progress-spinner", "off", "-f", "json"]
    done = subprocess.run(  # noqa: S603  # what the Makefile has installed
        [*pip_audit, *what, *how], capture_output=True, text=True, check=False
    )
    try:
        packages: list[Package] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):  # an error, in one line, or a traceback whose end says most
        last = [line for line in done.stderr.splitlines() if line.strip()][-1:]
        raise NoAnswer(last[0][:160] if last else f"status {done.returncode}") from None
    return packages


def weaknesses_of(packages: Sequence[Package]) -> Iterator[str]:
    for package in packages:
        for found in package.get("vulns", ()):
            mended = ", ".join(found["fix_versions"]) or "none"
            yield f"{package['name']} {package['version']} has {found['id']} (mended in: {mended})"


def say(line: str) -> None:
    print(f"audit: {line}")  # noqa: T201  # for who typed the command


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
