"""Ports for services: tests that run at the same time get different ones."""

import random
import subprocess
import sys

import pytest

from entrypoints.services import ports

ONE_MORE = "from entrypoints.services import ports; print(ports.free_port(), flush=True); input()"


def test_a_port_is_one_process_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is, even before anything listens on it, until that process ends."""
    drawn: list[int] = []
    draw = random.randint
    monkeypatch.setattr(random, "randint", lambda *ends: drawn.pop() if drawn else draw(*ends))
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", ONE_MORE]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as other:
        assert other.stdout is not None
        theirs = int(other.stdout.readline())
        drawn.append(theirs)
        assert ports.free_port() != theirs
        assert not drawn
        other.communicate("\n")
    drawn.append(theirs)
    assert ports.free_port() == theirs
    drawn.append(theirs)
    assert ports.free_port() != theirs, "nor does one process get it twice"
