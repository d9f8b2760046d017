"""The scripts that `pip install .` makes, each in a process of its own."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from entrypoints.version import PYTHON, VERSION
from tests.integration.server_process import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
SCRIPTS: dict[str, str] = PROJECT["project"]["scripts"]
# What pip writes, called twice in one process, since most of the time goes into its start.
AS_PIP_WRITES_IT = """
import contextlib, sys
from {} import {} as main
for option in ("--version", "--help"):
    with contextlib.suppress(SystemExit):
        sys.argv = [{!r}, option]
        main()
"""


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_knows_its_version_and_its_name(script: str, tmp_path: Path) -> None:
    """It does in any directory, and does not use the name of the module, which nobody typed."""
    code = AS_PIP_WRITES_IT.format(*SCRIPTS[script].split(":"), f"/usr/bin/{script}")
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    version, _, usage = done.stdout.partition("\n")
    assert version == f"cluster chat server {VERSION} (Python {PYTHON})"
    assert usage.startswith(f"usage: {script} ")


def test_a_module_is_called_as_one() -> None:
    """`python -m` works without an installation."""
    help_of_module = [sys.executable, "-m", "entrypoints.cli_client", "--help"]
    done = subprocess.run(help_of_module, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("usage: python -m entrypoints.cli_client ")
