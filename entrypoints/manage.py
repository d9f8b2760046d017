"""What an operator does once: `python -m entrypoints.manage init-db --store mysql://...`."""

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from adapters.mysql.managing import make_tables, upgrade_tables
from adapters.storage import StoreUnusable
from entrypoints.settings import BadSettings

WRONG_USE = 2
FAILED = 1
CUT_OFF = 130  # as a shell says of what Ctrl-C has ended


async def init_db(options: argparse.Namespace) -> None:
    made = await make_tables(options.store)
    _say("the tables are made" if made else "the tables are there already")


async def upgrade_db(options: argparse.Namespace) -> None:
    report = await upgrade_tables(options.store, options.timezone)
    if report is None:
        _say("this database is upgraded already")
        return
    for line in report.summary():
        _say(line)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise BadSettings(message)


def _parser(environment: Mapping[str, str]) -> _Parser:
    parser = _Parser(prog="python -m entrypoints.manage", description="Look after the data.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    shared = _Parser(add_help=False)
    shared.add_argument(
        "--store",
        metavar="URL",
        type=_mysql,
        default=environment.get("CHAT_STORE", ""),
        help="mysql://USER:PASSWORD@HOST:PORT/DATABASE (default: what CHAT_STORE says)",
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
    return parser


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
    except BadSettings as error:
        return _complain(error, WRONG_USE)
    try:
        asyncio.run(options.command(options))
    except StoreUnusable as error:
        return _complain(error, FAILED)
    except KeyboardInterrupt:
        return _complain("cut off; run it again", CUT_OFF)
    return 0


def _say(line: str) -> None:
    print(line)  # noqa: T201  # for who typed the command


def _complain(why: object, code: int) -> int:
    print(f"manage: {why}", file=sys.stderr)  # noqa: T201  # for who typed the command
    return code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:], os.environ))
