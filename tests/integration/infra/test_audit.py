"""What `make audit` makes of pip-audit's answers."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.unit.infra.files import INFRA

CLEAN, WEAK, UNKNOWN = 0, 1, 3  # exit statuses
GOOD = {"name": "attrs", "version": "26.1.0", "vulns": []}
BAD = {
    "name": "aiomysql",
    "version": "0.1.1",
    "vulns": [{"id": "CVE-2025-62611", "fix_versions": ["0.3.2"]}],
}
SKIPPED = {"name": "attrs", "skip_reason": "Dependency not found: attrs (26.1.0)"}
UNREACHABLE = "Traceback (most recent call last):\n  ...\nConnectionError: nobody there\n"

FAKE = """#!{python}
import json, pathlib, sys
answers = json.loads(pathlib.Path(__file__).with_suffix(".json").read_text())
asked = sys.argv[sys.argv.index("-s") + 1], sys.argv[sys.argv.index("-r") + 1]
with pathlib.Path(__file__).with_suffix(".log").open("a") as log:
    print(*sys.argv[1:], file=log)
answer = answers["/".join(asked)]
if isinstance(answer, str):
    sys.exit(answer)
print(json.dumps({{"dependencies": answer, "fixes": []}}))
sys.exit(any(package.get("vulns") for package in answer))
"""


@attrs.frozen
class PipAudit:
    """A program that answers like pip-audit, with what a test gives it."""

    path: Path

    def answers(self, pypi: Any, osv: Any = UNREACHABLE, development: Any = None) -> None:
        """Set the answers: for the server's lock those of both lists, for the development lock that
        of the first list (by default, no weakness)."""
        answers = {"pypi/requirements.txt": pypi, "osv/requirements.txt": osv}
        answers["pypi/requirements-dev.txt"] = development or [GOOD]
        answers["osv/requirements-dev.txt"] = UNREACHABLE
        self.path.with_suffix(".json").write_text(json.dumps(answers))

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        program = [sys.executable, str(INFRA / "audit.py"), "--pip-audit", str(self.path)]
        return subprocess.run([*program, *arguments], capture_output=True, text=True, check=False)

    @property
    def log(self) -> str:
        return self.path.with_suffix(".log").read_text()


@pytest.fixture
def pip_audit(tmp_path: Path) -> PipAudit:
    path = tmp_path / "pip-audit"
    path.write_text(FAKE.format(python=sys.executable))
    path.chmod(0o755)
    return PipAudit(path)


def test_packages_without_a_known_weakness_are_a_success(pip_audit: PipAudit) -> None:
    """The output says how many they are."""
    pip_audit.answers([GOOD, GOOD])
    done = pip_audit.run()
    assert done.returncode == CLEAN
    assert "requirements.txt: 2 packages" in done.stdout
    assert "requirements-dev.txt: 1 packages" in done.stdout


def test_a_weakness_is_named(pip_audit: PipAudit) -> None:
    """The output has its package and the version that fixes it."""
    pip_audit.answers([GOOD, BAD])
    done = pip_audit.run()
    assert done.returncode == WEAK
    assert "aiomysql 0.1.1 has CVE-2025-62611 (mended in: 0.3.2)" in done.stdout


@pytest.mark.parametrize("pypi", [UNREACHABLE, [GOOD, SKIPPED]], ids=["away", "a mirror"])
def test_who_cannot_tell_says_so(pip_audit: PipAudit, pypi: Any) -> None:
    """It gives the reason in a sentence, and a status that is neither success nor a finding."""
    pip_audit.answers(pypi)
    done = pip_audit.run()
    assert done.returncode == UNKNOWN
    assert "CANNOT TELL" in done.stdout
    assert "ConnectionError: nobody there" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("pypi", [UNREACHABLE, [GOOD, SKIPPED]], ids=["away", "a mirror"])
def test_the_next_list_is_asked(pip_audit: PipAudit, pypi: Any) -> None:
    """What that list says counts."""
    pip_audit.answers(pypi, [GOOD, GOOD])
    assert pip_audit.run().returncode == CLEAN
    pip_audit.answers(pypi, [GOOD, BAD])
    assert pip_audit.run().returncode == WEAK


def test_a_finding_counts_for_more_than_what_is_unknown(pip_audit: PipAudit) -> None:
    """This holds in the same list and in the other lock file."""
    pip_audit.answers([BAD, SKIPPED])
    assert pip_audit.run().returncode == WEAK
    pip_audit.answers(UNREACHABLE, development=[BAD])
    assert pip_audit.run().returncode == WEAK


def test_other_options_are_pip_audit_s(pip_audit: PipAudit) -> None:
    """They can leave out a weakness that does not concern us, for example."""
    pip_audit.answers([GOOD])
    pip_audit.run("--ignore-vuln", "CVE-1")
    assert "--ignore-vuln CVE-1 -s pypi" in pip_audit.log
