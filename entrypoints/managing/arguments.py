"""The command line: all commands, and their arguments."""

import argparse
import getpass
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from entrypoints.command_line import Parser
from entrypoints.declaring import BadSettings
from entrypoints.settings import LEVELS
from entrypoints.version import add_version, called

PAGE = 100
HISTORY = ("all", "joining")  # of a group: everything, or only what follows the joining

_HELP = {
    "init-db": "create the tables in MySQL",
    "upgrade-db": "upgrade a MySQL database that the C++ server made",
    "backup": "copy the SQLite file, whether its server runs or not",
    "after-restore": "run this once after restoring a backup, before the server starts",
    "list": "list users, a page at a time",
    "find": "find users by id or part of their name",
    "add": "add a user; the password is asked for, or read from standard input",
    "set-password": "set a user's password, which ends their tokens and sessions",
    "log-out": "end a user's tokens and sessions",
    "disable": "keep a user from logging in, until they are enabled",
    "enable": "undo disable",
    "delete": "delete an account with its friendships and memberships; its messages stay",
    "nodes": "show the nodes that are running, and how many users each has",
    "who": "show who is online, and where",
    "export": "show everything kept about a user, as JSON",
    "log-level": "set the log level of a running server, until it is restarted",
    "broadcast": "show a notice to everybody who is online (with version 2)",
}
_GROUPS_HELP = {
    "list": "list groups and how many members each has, a page at a time",
    "members": "list a group's members, a page at a time",
    "rename": "rename a group",
    "keep": "set how many days a group's messages are kept; --keep-days can shorten it",
    "history": "set what users who join a group from now on see of its past",
    "remove": "remove a user from a group; they can join again",
    "end": "end a group and all its memberships",
}
_WHO = ("set-password", "log-out", "disable", "enable", "delete", "export", "groups remove")
_GROUP = tuple(f"groups {name}" for name in _GROUPS_HELP if name != "list")
_IN_PAGES = ("list", "groups list", "groups members")
_MEANT = {  # commands to be confirmed, with the question
    "delete": "delete {who}, with all friendships and memberships?",
    "groups end": "end the group {group} for all its members?",
}
_SETTINGS = {  # options of the server, with placeholders
    "config": "FILE",
    "store": "URL",
    "broker": "URL",
    "broker-prefix": "PREFIX",
    "control-socket": "PATH",
    "workers": "N",
    "hashing": "strong|cheap",
}
_SENT = (  # arguments that go to a server
    *("who", "group", "shown", "days", "limit", "after", "containing", "text", "level"),
    "with_sent",
)


class NotDone(Exception):
    """The operator has not confirmed the command."""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line. Raises BadSettings. `--help` and `--version` print and exit."""
    parser = Parser(
        prog=called("chat-manage", "manage"),
        description="Manage the data and the users. COMMAND --help shows its arguments.",
    )
    add_version(parser)
    commands = _add_commands(parser, _HELP)
    about_groups = "manage groups; COMMAND is one of " + ", ".join(_GROUPS_HELP)
    groups = commands.add_parser("groups", help=about_groups, description="Manage groups.")
    _add_commands(groups, _GROUPS_HELP, "groups ")
    return parser.parse_args(arguments)


def _add_commands(parser: argparse.ArgumentParser, texts: Mapping[str, str], of: str = "") -> Any:
    """of: the prefix of their full names, such as "groups "."""
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, text in texts.items():
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(name=of + name)
        _add_arguments(of + name, command)
        command.add_argument("--json", action="store_true", help="answer in JSON, for scripts")
        _add_settings(command.add_argument_group("options of the server"))
    return commands


def _add_settings(group: Any) -> None:
    for name, value in _SETTINGS.items():
        group.add_argument(f"--{name}", metavar=value)
    group.add_argument("--single-node", action="store_true")


def _add_arguments(name: str, parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    if name in _GROUP:
        add("group", metavar="GROUP", help="its id, or its exact name in any case")
    if name in _WHO:
        add("who", metavar="WHO", help="an id, or an exact name in any case")
    if name in _IN_PAGES:
        add("--after", type=int, default=0, metavar="ID", help="start after this id")
    if name in (*_IN_PAGES, "find"):
        add("--limit", type=_count, default=PAGE, metavar="N", help=f"at most N (default: {PAGE})")
    if name in _MEANT:
        add("--yes", action="store_true", help="do not ask for confirmation")
    if name in _ARGUMENTS:
        _ARGUMENTS[name](add)


def _timezone(add: Callable[..., object]) -> None:
    text = "time zone of the C++ server's clients, like Asia/Shanghai (default: this machine's)"
    add("--timezone", metavar="ZONE", type=_zone, help=text)


def _part_of_a_name(add: Callable[..., object]) -> None:
    text = "only those with this in their name, in any case"
    add("--containing", metavar="TEXT", default="", help=text)


def _deletion(add: Callable[..., object]) -> None:
    add("--with-sent", action="store_true", help="also empty all messages that they wrote")


_ARGUMENTS: dict[str, Callable[[Callable[..., object]], object]] = {
    "upgrade-db": _timezone,
    "backup": lambda add: add("file", metavar="FILE", help="a file that does not exist yet"),
    "find": lambda add: add("text", metavar="TEXT"),
    "add": lambda add: add("new_name", metavar="NAME"),
    "delete": _deletion,
    "groups list": _part_of_a_name,
    "groups keep": lambda add: add("days", type=int, metavar="DAYS", help="0 keeps them forever"),
    "groups rename": lambda add: add("new_name", metavar="NAME"),
    "groups history": lambda add: add("shown", choices=HISTORY),
    "log-level": lambda add: add("level", choices=LEVELS),
    "broadcast": lambda add: add("text", metavar="TEXT"),
}


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and text.strip("0")):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 1")
    return int(text)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise argparse.ArgumentTypeError(f"there is no time zone {name!r}") from None


def settings_arguments(options: argparse.Namespace) -> list[str]:
    """The server's options among these, for `read_settings`."""
    given = {name: getattr(options, name.replace("-", "_")) for name in _SETTINGS}
    pairs = [f"--{name}={value}" for name, value in given.items() if value is not None]
    return [*pairs, *(["--single-node"] if options.single_node else [])]


def arguments_of(options: argparse.Namespace) -> dict[str, Any]:
    """The arguments of the command itself. Raises NotDone or BadSettings."""
    try:
        return _arguments_of(options)
    except EOFError:  # Ctrl-D instead of an answer
        raise NotDone("nothing was done") from None


def _arguments_of(options: argparse.Namespace) -> dict[str, Any]:
    given = vars(options).items()
    found = {name: value for name, value in given if name in _SENT and value is not False}
    if "new_name" in options:
        found["name"] = options.new_name
    if options.name in ("add", "set-password"):
        found["password"] = _password()
    for name, value in found.items():
        _require_text(name, str(value))
    if options.name in _MEANT and not options.yes:
        _ask_whether_it_is_meant(_MEANT[options.name].format(**vars(options)))
    return found


def _require_text(name: str, value: str) -> None:
    """Raise BadSettings for what can be neither stored nor sent."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise BadSettings(f"the {name} is not text in UTF-8") from None


def _password() -> str:
    """The password, never from the command line, which every user of the machine can see."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("password: ")
    if getpass.getpass("password again: ") != password:
        raise NotDone("the passwords do not match")
    return password


def _ask_whether_it_is_meant(question: str) -> None:
    if not sys.stdin.isatty():
        raise NotDone("nothing was done; confirm with --yes")
    answer = input(f"{question} [y/N] ")
    if answer.strip().lower() not in ("y", "yes"):
        raise NotDone("nothing was done")
