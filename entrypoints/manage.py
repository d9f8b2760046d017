"""What an operator does: `python -m entrypoints.manage COMMAND`; `--help` lists the commands.

A command goes to the running server over its control socket where there is one (see
`--control-socket`); otherwise it is carried out here, on the store and by way of the broker.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from adapters.control.client import NobodyThere, ask
from adapters.control.commands import COMMANDS
from adapters.control.server import carry_out
from adapters.mysql.managing import make_tables, upgrade_tables
from adapters.redis import BrokerUnusable
from adapters.storage import StoreUnusable
from entrypoints import managing
from entrypoints.bootstrap import visited
from entrypoints.controlling import control_paths
from entrypoints.logs import set_up_logs
from entrypoints.settings import BadSettings, Settings, read_settings

WRONG_USE = 2
FAILED = 1
CUT_OFF = 130  # as a shell says of what Ctrl-C has ended


def init_db(options: argparse.Namespace, _: Mapping[str, str]) -> int:
    made = asyncio.run(make_tables(options.store))
    _say("the tables are made" if made else "the tables are there already")
    return 0


def upgrade_db(options: argparse.Namespace, _: Mapping[str, str]) -> int:
    report = asyncio.run(upgrade_tables(options.store, options.timezone))
    for line in report.summary() if report else ["this database is upgraded already"]:
        _say(line)
    return 0


def command(options: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Any of `adapters.control.commands`."""
    settings = read_settings(managing.settings_arguments(options), environment)
    set_up_logs("error")
    arguments = managing.arguments_of(options)
    if arguments is None:
        return _complain("nothing is done", FAILED)
    answer = _carry_out(settings, options.name, arguments)
    if "error" in answer:
        if options.json:
            _say(managing.as_json(answer))
        return _complain(answer["message"], FAILED)
    result = answer["result"]
    if options.json:
        _say(managing.as_json(result))
    else:
        for line in managing.in_words(options.name, result):
            _say(line)
    return 0


def _carry_out(settings: Settings, name: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    answers = []
    for path in control_paths(settings):
        with suppress(NobodyThere):
            answers.append(ask(path, name, arguments))
            if name not in managing.FOR_EACH_PROCESS:
                break
    if answers:
        return answers[-1]
    if name in managing.FOR_EACH_PROCESS:
        raise BadSettings("no server listens on its control socket (see --control-socket)")
    if settings.store.startswith("memory:"):
        raise BadSettings("store: memory:// lives in its server, whose --control-socket is needed")
    return asyncio.run(_directly(settings, name, arguments))


async def _directly(
    settings: Settings, name: str, arguments: Mapping[str, Any]
) -> Mapping[str, Any]:
    async with visited(settings) as chat:
        return await carry_out(COMMANDS[name], {"chat": chat, **arguments})


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise BadSettings(message)


def _parser(environment: Mapping[str, str]) -> _Parser:
    parser = _Parser(
        prog="python -m entrypoints.manage", description="Look after the data and the users."
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_database_commands(commands, environment)
    managing.add_commands(commands, command, _Parser(add_help=False))
    return parser


def _add_database_commands(commands: Any, environment: Mapping[str, str]) -> None:
    shared = _Parser(add_help=False)
    shared.add_argument(
        "--store",
        metavar="URL",
        type=_mysql,
        default=read_settings([], environment).store,
        help="mysql://USER:PASSWORD@HOST:PORT/DATABASE (default: what the environment says)",
    )
    init = commands.add_parser("init-db", parents=[shared], help="make the tables")
    init.set_defaults(command=init_db)
    upgrade = commands.add_parser(
        "upgrade-db", parents=[shared], help="upgrade a database that the C++ server made"
    )
    upgrade.add_argument(
        "--timezone",
        metavar="ZONE",
        type=_zone,
        help="in which the C++ server's clients told the time, like Asia/Shanghai (default: here)",
    )
    upgrade.set_defaults(command=upgrade_db)


def _mysql(url: str) -> str:
    if not url.startswith("mysql://"):
        raise argparse.ArgumentTypeError("mysql://... is needed; other stores make their tables")
    return url


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise argparse.ArgumentTypeError(f"there is no time zone {name!r}") from None


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    try:
        options = _parser(environment).parse_args(arguments)
        return int(options.command(options, environment))
    except BadSettings as error:
        return _complain(error, WRONG_USE)
    except (StoreUnusable, BrokerUnusable, OSError) as error:
        return _complain(error, FAILED)
    except KeyboardInterrupt:
        return _complain("cut off; run it again", CUT_OFF)


def _say(line: str) -> None:
    print(line)  # noqa: T201  # for who typed the command


def _complain(why: object, code: int) -> int:
    print(f"manage: {why}", file=sys.stderr)  # noqa: T201  # for who typed the command
    return code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:], os.environ))
