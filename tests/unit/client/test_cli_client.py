"""The arguments of the line client."""

import os
import socket
import sys

import pytest

from entrypoints import cli_client


def test_a_device_is_called_like_its_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is cut to the allowed length, and the user can give another one."""
    monkeypatch.setattr(socket, "gethostname", lambda: "h" * 64)
    assert cli_client.command_line().parse_args([]).device == "h" * 50
    assert (
        cli_client.command_line().parse_args(["--device", "zhang's desk"]).device == "zhang's desk"
    )


def test_two_terminals_of_one_host_are_two_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    """The device has the terminal's name, however long the host's name is."""
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
    """Otherwise the user would be asked for everything else before the server refuses the name."""
    with pytest.raises(SystemExit) as exit_:
        cli_client.command_line().parse_args(["--device", name])
    assert exit_.value.code == 2
    assert "is not a name of 1 to 50 printable characters" in capsys.readouterr().err


def test_without_an_input_there_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A shell closes it with `<&-`."""
    monkeypatch.setattr(sys, "stdin", None)
    assert cli_client.main([]) == 1
    assert capsys.readouterr().err == "error: the standard input is closed\n"
