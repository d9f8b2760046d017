"""The version, and the names of the programs."""

import argparse
import platform
import sys
from pathlib import Path

VERSION = "0.2.0"  # the only place: pyproject.toml reads it from here, without an import

PYTHON = platform.python_version()


def called(script: str, module: str) -> str:
    """What the user has typed to start this program: the installed script, or the module."""
    return script if Path(sys.argv[0]).stem == script else f"python -m entrypoints.{module}"


def add_version(parser: argparse.ArgumentParser) -> None:
    """Add `--version`, which prints the version and exits."""
    text = "show the version and exit"
    version = f"cluster chat server {VERSION} (Python {PYTHON})"
    parser.add_argument("--version", action="version", version=version, help=text)
