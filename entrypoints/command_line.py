"""The server's command-line options."""

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

import attrs

from entrypoints.declaring import BadSettings, default_of, option
from entrypoints.settings import Settings
from entrypoints.version import add_version, called


class Parser(argparse.ArgumentParser):
    """Raises BadSettings, instead of ending the process."""

    def error(self, message: str) -> NoReturn:
        raise BadSettings(message)


def options(arguments: Sequence[str]) -> dict[str, Any]:
    """The options given: settings by name, and `config`. Raises BadSettings.

    `--help` and `--version` print their text and exit.
    """
    given = vars(_parser().parse_args(arguments))
    given.pop("check_config", None)
    return given


def wants_check(arguments: Sequence[str]) -> bool:
    """Whether the settings are only to be checked."""
    return bool(vars(_parser().parse_args(arguments)).get("check_config"))


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog=called("chat-server", "tcp_server"),
        description="Run the chat server. Without options it keeps its data in chat.db.",
        epilog="Every option can also be set in the environment (--log-level: CHAT_LOG_LEVEL) "
        "or in the file (log_level = ...); one that may hold a password also in a file of its own "
        "(CHAT_STORE_FILE). An option overrides the environment, which overrides the file.",
        argument_default=argparse.SUPPRESS,
    )
    add_version(parser)
    parser.add_argument("--config", metavar="FILE", help="a TOML file with settings")
    parser.add_argument(
        "--check-config", action="store_true", help="show what is set, or what is wrong, and exit"
    )
    for field in attrs.fields(Settings):
        text = f"{field.metadata['help']} (default: {default_of(field)})"
        parser.add_argument(option(field.name), help=text, **_form(field))
    return parser


def _form(field: "attrs.Attribute[Any]") -> dict[str, Any]:
    """How the option is written on the command line."""
    if field.type is bool:
        return {"action": "store_true"}
    optional = {"nargs": "?"} if field.name == "port" else {}
    return {"metavar": _metavar(field), **optional}


def _metavar(field: "attrs.Attribute[Any]") -> str:
    choices = field.metadata.get("choices")
    return "|".join(choices) if choices else field.name.upper()
