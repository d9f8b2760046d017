"""The operator's commands: `python -m entrypoints.manage COMMAND`, installed as `chat-manage`.
`--help` lists them.

A command about users goes to the running server over its control socket, if there is one (see
`--control-socket`); otherwise this process carries it out itself, by the store and the broker.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from adapters.control.client import NobodyThere, ask
from adapters.control.server import carry_out
from adapters.control.user_commands import COMMANDS
from adapters.faults.startup_errors import BrokerUnusable, StoreUnusable
from entrypoints.bootstrap import open_without_node
from entrypoints.checking import check_addresses
from entrypoints.controlling import control_paths
from entrypoints.declaring import BadSettings
from entrypoints.logs import set_up_logs
from entrypoints.managing import databases
from entrypoints.managing.arguments import NotDone, arguments_of, parse, settings_arguments
from entrypoints.managing.exporting import whole_answer
from entrypoints.managing.text_output import as_json, plain_text
from entrypoints.process import WRONG_USE, fill_streams, leave_no_core, say, unwritten
from entrypoints.settings import Settings
from entrypoints.sources import no_such_setting, read_settings, unknown_variables

FAILED = 1
CUT_OFF = 130  # as shells report a command that Ctrl-C has ended
FOR_EACH_PROCESS = ("log-level",)  # for each worker of a server

Answer = Mapping[str, Any]


def main() -> int:
    leave_no_core()
    fill_streams()
    set_up_logs("error")
    try:
        options = parse(sys.argv[1:])
        settings = read_settings(settings_arguments(options), os.environ)
        for name in unknown_variables(os.environ):
            _complain(no_such_setting(name), 0)
        answer = _answer(options, settings)
    except BadSettings as error:
        return _complain(error, WRONG_USE)
    except KeyboardInterrupt:
        return _complain("cut off; run it again", CUT_OFF)
    try:
        status = _tell(options, answer)
        sys.stdout.flush()
    except OSError as error:
        return _output_failed(error)
    return status


def _output_failed(error: OSError) -> int:
    why = unwritten(error)
    if why is None:
        return 0
    return _complain(f"done, but the answer cannot be written: {why}", FAILED)


def _tell(options: argparse.Namespace, answer: Answer) -> int:
    if options.json:
        say(as_json(answer.get("result", answer), sys.stdout.encoding))
    if "error" in answer:
        return _complain(answer["message"], FAILED)
    if not options.json:
        for line in plain_text(options.name, answer["result"]):
            say(line)
    return 0


def _answer(options: argparse.Namespace, settings: Settings) -> Answer:
    """`{"result": ...}`, or `{"error": ..., "message": ...}`. Raises BadSettings."""
    try:
        if options.name in databases.COMMANDS:
            return {"result": databases.COMMANDS[options.name](settings, options)}
        return _carry_out(settings, options.name, arguments_of(options))
    except (StoreUnusable, BrokerUnusable, NotDone) as error:
        return {"error": "failed", "message": str(error)}
    except OSError as error:
        named = f"cannot use {error.filename}: " if error.filename else ""
        return {"error": "failed", "message": f"{named}{error.strerror or error}"}


def _carry_out(settings: Settings, name: str, arguments: Mapping[str, Any]) -> Answer:
    answers = []
    for path in control_paths(settings):
        with suppress(NobodyThere):
            once = partial(_ask, path, name)
            answers.append(asyncio.run(whole_answer(name, arguments, once)))
            if name not in FOR_EACH_PROCESS:
                break
    if answers:
        return answers[-1]
    _require_no_server(settings, name)
    check_addresses(settings)
    _require_a_file(settings, name)
    return asyncio.run(_directly(settings, name, arguments))


def _require_no_server(settings: Settings, name: str) -> None:
    """Raise BadSettings if only a running server can carry out the command."""
    if name in FOR_EACH_PROCESS:
        raise BadSettings(
            "no server listens on its control socket (see --control-socket and --workers)"
        )
    if settings.store.startswith("memory:"):
        raise BadSettings("--store memory:// exists only in its server: give its --control-socket")
    if settings.store.startswith("mysql:") and settings.single_node and not settings.control_socket:
        raise BadSettings(
            "single_node: set control_socket, for the server and here; only it knows who is online"
        )


def _require_a_file(settings: Settings, name: str) -> None:
    """Raise StoreUnusable if SQLite would create a new file: with a mistyped path it has no users.

    The first user may be added before the server has ever been started.
    """
    file = settings.sqlite_file
    if file is not None and not file.exists() and name != "add":
        raise StoreUnusable(f"there is no {file.resolve()}")


async def _ask(path: Path, name: str, arguments: Mapping[str, Any]) -> Answer:
    return ask(path, name, arguments)


async def _directly(settings: Settings, name: str, arguments: Mapping[str, Any]) -> Answer:
    async with open_without_node(settings) as chat:

        async def once(some: Mapping[str, Any]) -> Answer:
            return await carry_out(COMMANDS[name], {"chat": chat, **some})

        return await whole_answer(name, arguments, once)


def _complain(why: object, code: int) -> int:
    print(f"manage: {why}", file=sys.stderr)  # noqa: T201  # for the operator who typed the command
    return code


if __name__ == "__main__":
    raise SystemExit(main())
