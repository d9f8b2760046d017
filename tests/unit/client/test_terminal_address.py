"""Parsing the address of the server."""

import pytest

from adapters.terminal.address import address
from entrypoints import cli_client


@pytest.mark.parametrize(
    ("where", "port", "found"),
    [
        ("chat.example.org", None, ("chat.example.org", 6000)),
        ("chat.example.org", 8000, ("chat.example.org", 8000)),
        ("chat.example.org:8000", None, ("chat.example.org", 8000)),
        (":8000", None, ("127.0.0.1", 8000)),
        ("::1", 8000, ("::1", 8000)),
        ("[::1]:8000", None, ("::1", 8000)),
        ("[::1]", None, ("::1", 6000)),
    ],
)
def test_host_and_port_are_given_in_one_or_in_two(
    where: str, port: int | None, found: tuple[str, int]
) -> None:
    """An IPv6 address needs brackets if a port follows it."""
    assert address(where, port) == found


@pytest.mark.parametrize(
    "arguments", [["a:1", "2"], ["a:0"], ["a:b"], ["[::1"], ["[::1]8000"], ["a..b"], ["x" * 64]]
)
def test_what_is_no_address_is_said(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The command exits with the status for wrong arguments."""
    with pytest.raises(SystemExit) as exit_:
        cli_client.main(arguments)
    assert exit_.value.code == 2
    assert "error: '" in capsys.readouterr().err
