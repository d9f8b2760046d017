"""What `pip install .` makes of the tree: its version, its files."""

import re
import tomllib
from pathlib import Path

from entrypoints.version import VERSION

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def test_the_version_has_its_changes() -> None:
    """The first chapter of CHANGELOG.md is about this version."""
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE)[0] == VERSION


def test_all_that_the_programs_read_is_installed() -> None:
    """Files that are not Python have to be named, or they would be left out."""
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["*"]
    for package in ("chat_domain", "adapters", "entrypoints"):
        for path in (ROOT / package).rglob("*"):
            if path.is_file() and path.suffix not in (".py", ".pyc"):
                assert any(path.match(pattern) for pattern in patterns), path
