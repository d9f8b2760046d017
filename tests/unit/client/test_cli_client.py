"""What the line client is started with."""

import os
import socket
import sys

import pytest

from entrypoints import cli_client


def test_a_device_is_called_like_its_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut to what a device may be called, unless the user says something else."""
    monkeypatch.setattr(socket, "gethostname", lambda: "h" * 64)
    assert cli_client.command_line().parse_args([]).device == "h" * 50
    assert (
        cli_client.command_line().parse_args(["--device", "zhang's desk"]).device == "zhang's desk"
    )


def test_two_terminals_of_one_host_are_two_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long its name is."""
    monkeypatch.setattr(socket, "gethostname", lambda: "h" * 64)
    ends = os.openpty()
    name = " " + os.ttyname(ends[1]).removeprefix("/dev/")
    with os.fdopen(ends[0]), os.fdopen(ends[1]) as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        assert cli_client.command_line().parse_args([]).device == "h" * (50 - len(name)) + name


@pytest.mark.parametrize("name", ["", "x" * 51, "a\x1bb"])
def test_a_device_has_a_name_that_the_server_takes(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise it would be asked for everything else before it is refused."""
    with pytest.raises(SystemExit) as exit_:
        cli_client.command_line().parse_args(["--device", name])
    assert exit_.value.code == 2
    assert "is not a name of 1 to 50 printable characters" in capsys.readouterr().err


def test_without_an_input_there_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As where a shell has closed it by `<&-`."""
    monkeypatch.setattr(sys, "stdin", None)
    assert cli_client.main([]) == 1
    assert capsys.readouterr().err == "error: the standard input is closed\n"
