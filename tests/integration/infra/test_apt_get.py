"""`infra/apt-get.sh`, over a fake apt-get that has a real lock and installs nothing."""

import fcntl
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.unit.infra.files import INFRA

# It says and does what the real one does, except for its way of locking.
FAKE = """#!/bin/sh
echo called "$@"
fail() { echo "E: $1" >&2; exit 100; }
flock --nonblock LOCK true || fail "Could not get lock LOCK. It is held by process 1"
[ "$3" != missing ] || fail "Unable to locate package"
echo done
"""

CALLED = "called -o DPkg::Lock::Timeout={} update\n"


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """The file that the fake one locks."""
    fake = tmp_path / "apt-get"
    fake.write_text(FAKE.replace("LOCK", str(tmp_path / "lock")))
    fake.chmod(0o755)
    impatient = tmp_path / "sleep"  # the script's own clock counts in seconds
    impatient.write_text("#!/bin/sh\nexec /bin/sleep 0.2\n")
    impatient.chmod(0o755)
    return tmp_path / "lock"


@contextmanager
def apt_get(lock: Path, what: str, patience: int) -> Iterator["subprocess.Popen[str]"]:
    own = {"PATH": f"{lock.parent}:{os.environ['PATH']}", "APT_PATIENCE": str(patience)}
    with subprocess.Popen(
        [INFRA / "apt-get.sh", what],
        env=os.environ | own,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        yield process


def test_a_lock_of_another_process_is_waited_for(lock: Path) -> None:
    """Then it installs; dpkg is told to wait, too."""
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with apt_get(lock, "update", patience=60) as process:
            assert process.stdout
            called = process.stdout.readline()  # a second may have begun since the script has
            assert called in {CALLED.format(60), CALLED.format(59)}
            assert process.stdout.readline().startswith("E: Could not get lock")
            fcntl.flock(held, fcntl.LOCK_UN)
            assert process.stdout.read().endswith("\ndone\n")
        assert process.returncode == 0


def test_a_lock_that_stays_is_not_waited_for_for_ever(lock: Path) -> None:
    """Its last line says why."""
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with apt_get(lock, "update", patience=1) as process:
            said, _ = process.communicate()
    assert said.endswith(
        "apt-get update: another process has had its lock for 1 s; nothing is done\n"
    )
    assert process.returncode == 100


def test_another_failure_is_no_reason_to_wait(lock: Path) -> None:
    """It is not a reason to retry, either."""
    with apt_get(lock, "missing", patience=60) as process:
        said, _ = process.communicate()
    assert said.count("called") == 1
    assert process.returncode == 100
