"""Which version this is, and what its programs are called."""

import argparse
import platform
import sys
from pathlib import Path

VERSION = "0.2.0"  # written here alone: pyproject.toml reads it, without importing anything

PYTHON = platform.python_version()


def called(script: str, module: str) -> str:
    """What the user has typed to start this program: the installed script, or its module."""
    return script if Path(sys.argv[0]).stem == script else f"python -m entrypoints.{module}"


def add_version(parser: argparse.ArgumentParser) -> None:
    """`--version` prints itself and exits."""
    text = "say which version this is, and end"
    version = f"cluster chat server {VERSION} (Python {PYTHON})"
    parser.add_argument("--version", action="version", version=version, help=text)
