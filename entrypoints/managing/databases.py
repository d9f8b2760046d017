"""The commands about whole databases, which this process carries out itself."""

import argparse
import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from adapters.mysql.managing import make_tables, upgrade_tables
from adapters.sqlite.backup import back_up
from entrypoints.checking import check_mysql_address
from entrypoints.declaring import BadSettings
from entrypoints.settings import Settings

Result = dict[str, Any]


def init_db(settings: Settings, _: argparse.Namespace) -> Result:
    return {"made": asyncio.run(make_tables(_mysql(settings)))}


def upgrade_db(settings: Settings, options: argparse.Namespace) -> Result:
    report = asyncio.run(upgrade_tables(_mysql(settings), options.timezone))
    return {"upgraded": report is not None, "report": list(report.summary()) if report else []}


def backup(settings: Settings, options: argparse.Namespace) -> Result:
    source, target = settings.sqlite_file, Path(options.file)
    if source is None:
        raise BadSettings("--store: only sqlite:///FILE can be copied; for MySQL see operations.md")
    return {"bytes": back_up(source, target), "file": str(target.resolve())}


def _mysql(settings: Settings) -> str:
    if not settings.store.startswith("mysql://"):
        raise BadSettings("--store: mysql://... is needed; other stores create their tables")
    check_mysql_address(settings.store)
    return settings.store


COMMANDS: Mapping[str, Callable[[Settings, argparse.Namespace], Result]] = {
    "init-db": init_db,
    "upgrade-db": upgrade_db,
    "backup": backup,
}
