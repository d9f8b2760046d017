"""What `pip install .` makes of the tree: its programs, its version, its files."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from entrypoints.version import PYTHON, VERSION

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
SCRIPTS: dict[str, str] = PROJECT["project"]["scripts"]
AS_PIP_WRITES_IT = "import sys; from {} import {} as main; sys.argv[0] = {!r}; sys.exit(main())"


def run(script: str, option: str, directory: Path) -> str:
    """What it says; it has to succeed."""
    code = AS_PIP_WRITES_IT.format(*SCRIPTS[script].split(":"), f"/usr/bin/{script}")
    done = subprocess.run(
        [sys.executable, "-c", code, option],
        cwd=directory,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_says_its_version(script: str, tmp_path: Path) -> None:
    """In any directory."""
    assert (
        run(script, "--version", tmp_path) == f"cluster chat server {VERSION} (Python {PYTHON})\n"
    )


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_is_called_by_its_own_name(script: str, tmp_path: Path) -> None:
    """And not as the module that nobody has typed."""
    assert run(script, "--help", tmp_path).startswith(f"usage: {script} ")


def test_a_module_is_called_as_one() -> None:
    """`python -m` works without any installation."""
    help_of_module = [sys.executable, "-m", "entrypoints.manage", "--help"]
    done = subprocess.run(help_of_module, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("usage: python -m entrypoints.manage ")


def test_the_version_has_its_changes() -> None:
    """The first chapter of CHANGELOG.md is about this one."""
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE)[0] == VERSION


def test_all_that_the_programs_read_is_installed() -> None:
    """What is no Python has to be named, or it would be left behind."""
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["*"]
    for package in ("chat_domain", "adapters", "entrypoints"):
        for path in (ROOT / package).rglob("*"):
            if path.is_file() and path.suffix not in (".py", ".pyc"):
                assert any(path.match(pattern) for pattern in patterns), path
