"""The commands of `python -m entrypoints.manage` about users: their form and their words."""

import argparse
import getpass
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from adapters.terminal.clean import clean

SETTINGS = ("config", "store", "broker", "broker-prefix", "control-socket", "hashing")
PAGE = 100

_HELP = {
    "list": "list users, a page at a time",
    "find": "find users by id or by a part of their name",
    "add": "add a user; the password is asked for, or read from standard input",
    "set-password": "give a user another password, which ends their tokens and their session",
    "log-out": "end a user's tokens and session",
    "disable": "let a user log in no more, until they are enabled",
    "enable": "undo disable",
    "delete": "delete an account with its messages, friendships and memberships",
    "nodes": "show the nodes that are up, and how many users each has",
    "who": "show who is online, and where",
    "export": "show all that is kept about a user, as JSON",
    "log-level": "change what a running server logs, until it is restarted",
    "broadcast": "show a notice to everybody who is online (with version 2)",
}
FOR_EACH_PROCESS = ("log-level",)  # of a server with several workers
LEVELS = ("debug", "info", "warning", "error")
_WHO = ("set-password", "log-out", "disable", "enable", "delete", "export")


def add_commands(commands: Any, run: Callable[..., int], shared: argparse.ArgumentParser) -> None:
    """Give the parser these commands, which `run` carries out."""
    shared.add_argument("--json", action="store_true", help="answer in JSON, for scripts")
    for name in SETTINGS:
        shared.add_argument(f"--{name}", metavar=name.upper(), help="as the server's option")
    shared.add_argument("--single-node", action="store_true", help="as the server's option")
    for name, text in _HELP.items():
        parser = commands.add_parser(name, parents=[shared], help=text, description=text)
        parser.set_defaults(command=run, name=name)
        _add_arguments(name, parser)


def _add_arguments(name: str, parser: argparse.ArgumentParser) -> None:
    if name in _WHO:
        parser.add_argument("who", metavar="ID-OR-NAME")
    if name in ("list", "find"):
        parser.add_argument("--limit", type=int, default=PAGE, help=f"at most (default: {PAGE})")
    if name == "list":
        parser.add_argument("--after", type=int, default=0, help="begin behind this id")
    if name in ("find", "broadcast"):
        parser.add_argument("text", metavar="TEXT")
    if name == "log-level":
        parser.add_argument("level", choices=LEVELS)
    if name == "add":
        parser.add_argument("new_name", metavar="NAME")
    if name == "delete":
        parser.add_argument("--yes", action="store_true", help="do not ask whether it is meant")


def settings_arguments(options: argparse.Namespace) -> list[str]:
    """The server's options among these, for `read_settings`."""
    given = {name: getattr(options, name.replace("-", "_")) for name in SETTINGS}
    pairs = [f"--{name}={value}" for name, value in given.items() if value is not None]
    return [*pairs, *(["--single-node"] if options.single_node else [])]


def arguments_of(options: argparse.Namespace) -> dict[str, Any] | None:
    """What the command needs; None when the user has thought better of it."""
    found = {
        name: getattr(options, name)
        for name in ("who", "limit", "after", "text", "level")
        if hasattr(options, name)
    }
    if options.name == "add":
        found["name"] = options.new_name
    if options.name in ("add", "set-password"):
        found["password"] = _password()
    if options.name == "delete" and not options.yes and not _is_meant(options.who):
        return None
    return found


def _password() -> str:
    """Never from the command line, which every user of the machine can see."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("password: ")
    if getpass.getpass("once more: ") != password:
        raise OSError("these two are not the same")
    return password


def _is_meant(who: str) -> bool:
    if not sys.stdin.isatty():
        return False
    return input(f"delete {who}, and all that is theirs? [y/N] ").strip().lower() in ("y", "yes")


def as_json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)


def in_words(name: str, result: Mapping[str, Any]) -> Iterator[str]:
    """The answer for a person. Names of others are shown without their control characters."""
    if name == "export":
        yield json.dumps(result, indent=2)  # escaped, so harmless
    elif "users" in result and name != "nodes":
        yield from _table(result["users"])
        if result.get("next"):
            yield f"... and more, behind id {result['next']}"
    elif name == "nodes":
        yield from _table(result["nodes"])
    elif name == "log-level":
        yield f"it logs from {result['level']} on; before: {result['before']}"
    elif name == "broadcast":
        yield "told to everybody who is online"
    else:
        yield _DONE[name].format(
            who=f"{clean(result['name'])} (id {result['id']})", **_facts(result)
        )


_DONE = {
    "add": "added {who}",
    "set-password": "{who} has a new password and is logged out",
    "log-out": "{who} {was} online and is logged out",
    "disable": "{who} cannot log in any more",
    "enable": "{who} can log in again",
    "delete": "deleted {who}",
}


def _facts(result: Mapping[str, Any]) -> dict[str, str]:
    return {"was": "was" if result.get("was_online") else "was not"}


def _table(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """One row a line; the first names the columns."""
    rows = list(rows)
    if not rows:
        yield "nobody"
        return
    cells = [list(rows[0]), *([_cell(value) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        yield "  ".join(
            cell.ljust(width) for cell, width in zip(line, widths, strict=True)
        ).rstrip()


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return clean(str(value))
