"""The line client: `python -m entrypoints.cli_client [HOST[:PORT]] [PORT]`, installed as `chat`."""

import argparse
import asyncio
import io
import os
import socket
import ssl
import sys
from collections.abc import Sequence

from adapters.client import ChatClient, ConnectionLost
from adapters.terminal.address import HOST, PORT, address, port_number
from adapters.terminal.app import LineClient
from adapters.terminal.book import Book
from adapters.terminal.fullscreen.bell import Bell
from adapters.terminal.fullscreen.presenter import FullScreenPresenter
from adapters.terminal.fullscreen.screen import WholeScreen
from adapters.terminal.fullscreen.window_manager import WindowManager
from adapters.terminal.plain import standard_screen
from adapters.wire.declaring import MAX_DEVICE
from entrypoints.version import add_version, called

_ECHO_AFTER = 1.0  # seconds
_TYPEWRITERS = ("", "dumb", "unknown")  # values of TERM for terminals that cannot move the cursor


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    if sys.stdin is None:
        print("error: the standard input is closed", file=sys.stderr)  # noqa: T201
        return 1
    plain = options.plain or not _can_be_drawn_on()
    serve = _serve_plainly if plain else _serve_terminal
    try:
        return asyncio.run(serve(options, _tls(options)))
    except ConnectionLost as exc:
        print(f"error: {exc}", file=sys.stderr)  # noqa: T201  # the terminal is its place
        return 1
    except KeyboardInterrupt:
        return 130
    except OSError as exc:
        # The disk is full, or the reader of the output is gone and need not be told. The
        # interpreter must not try to flush the output at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(exc, BrokenPipeError):
            print(f"error: {exc.strerror or exc}", file=sys.stderr)  # noqa: T201
        return 1


def command_line() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=called("chat", "cli_client"),
        description="Chat from a terminal, or from a script.",
        epilog="exit status: 0; 1 if something failed; 2 for wrong arguments; 130 after Ctrl-C",
    )
    add_version(parser)
    parser.add_argument(
        "host", nargs="?", default=HOST, metavar="HOST", help=f"or HOST:PORT (default: {HOST})"
    )
    parser.add_argument("port", nargs="?", type=_port, metavar="PORT", help=f"(default: {PORT})")
    parser.add_argument(
        "--plain",
        action="store_true",
        help="plain lines without colour, as when the input or output is not a terminal",
    )
    parser.add_argument(
        "--no-bell", dest="bell", action="store_false", help="do not ring the terminal's bell"
    )
    parser.add_argument(
        "--device",
        type=_device,
        default=_device_here(),
        metavar="NAME",
        help="the name of this device (default: that of the host and the terminal)",
    )
    parser.add_argument(
        "--tls",
        action="store_true",
        help="encrypt, and verify the server's certificate",
    )
    parser.add_argument(
        "--tls-ca",
        metavar="FILE",
        help="certificates to trust instead of the system's, like the server's; implies --tls",
    )
    return parser


def _device_here() -> str:
    """The names of the host and of the terminal: each terminal is a device, and a user who comes
    back in one replaces their earlier session there."""
    try:
        where = " " + os.ttyname(sys.stdin.fileno()).removeprefix("/dev/")
    except (AttributeError, OSError, ValueError):  # there is no terminal, or it has no name
        where = ""
    name = socket.gethostname()[: MAX_DEVICE - len(where)] + where
    return name.strip() or "terminal"


def _tls(options: argparse.Namespace) -> ssl.SSLContext | None:
    """How to verify the server's certificate; None without TLS. Raises ConnectionLost."""
    if options.tls_ca is None:
        return ssl.create_default_context() if options.tls else None
    try:
        return ssl.create_default_context(cafile=options.tls_ca)
    except OSError as exc:
        raise ConnectionLost(f"cannot read {options.tls_ca}: {exc.strerror or exc}") from exc


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = command_line()
    options = parser.parse_args(arguments)
    try:
        options.host, options.port = address(options.host, options.port)
    except ValueError as exc:
        parser.error(str(exc))
    return options


def _can_be_drawn_on() -> bool:
    """Whether there is a terminal, and one that can do more than print lines."""
    return (
        sys.stdin.isatty()
        and sys.stdout.isatty()
        and os.environ.get("TERM", "") not in _TYPEWRITERS
    )


def _port(text: str) -> int:
    try:
        return port_number(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from None


def _device(text: str) -> str:
    if not (1 <= len(text) <= MAX_DEVICE and text.isprintable()):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a name of 1 to {MAX_DEVICE} printable characters"
        )
    return text


async def _serve_plainly(options: argparse.Namespace, tls: ssl.SSLContext | None) -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    async with ChatClient.connect(options.host, options.port, tls=tls) as client:
        return await LineClient(client, standard_screen(), Book(), device=options.device).run()


async def _serve_terminal(options: argparse.Namespace, tls: ssl.SSLContext | None) -> int:
    async with ChatClient.connect(options.host, options.port, tls=tls) as client:
        manager, book, bell = WindowManager(), Book(), Bell(on=options.bell)
        presenter = FullScreenPresenter(client, manager, book, bell)
        screen = WholeScreen(manager, book, presenter, bell)
        async with screen.shown():
            app = LineClient(
                client,
                screen,
                book,
                device=options.device,
                echo_after=_ECHO_AFTER,
                presenter=presenter,
            )
            return await app.run()


if __name__ == "__main__":
    sys.exit(main())
