"""Where settings come from.

An option takes precedence over the environment (`CHAT_STORE` for `--store`), that over the file
named by `--config` (TOML, one key per setting), that over the default. A setting that may contain a
password can be in a file of its own: `CHAT_STORE_FILE=/run/secrets/store`, or
`store = { file = "/run/secrets/store" }`.

An error quotes the setting as it was written, with its value unless that is secret.
"""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import cattrs

from entrypoints.command_line import options
from entrypoints.declaring import BadSettings, BadValue, allowed, option, shown, variable
from entrypoints.settings import Settings, secret_names

LARGEST_FILE = 1024 * 1024  # characters
_CONFIG = variable("config")
# Variables that Kubernetes and Docker set for a service or container called chat, or chat-...
_OF_A_SERVICE = re.compile(
    r".*_(SERVICE_HOST=|SERVICE_PORT(_.*)?=|PORT=(tcp|udp)://|PORT_\d+_(TCP|UDP)(_[A-Z]+)?=).*"
)


@attrs.frozen
class _Given:
    """A value, and how it was written."""

    value: Any = attrs.field(repr=False)
    words: str


def read_settings(arguments: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """The settings. Raises BadSettings. `--help` and `--version` print their text and exit."""
    on_command_line = options(arguments)
    config = on_command_line.pop("config", environment.get(_CONFIG))
    found = _from_file(Path(config)) if config else {}
    found |= _from_environment(environment)
    for name, value in on_command_line.items():
        found[name] = _Given(value, _in_words(option(name), " ", name, value))
    return _structure({name: _without_file(name, given) for name, given in found.items()})


def _from_environment(environment: Mapping[str, str]) -> dict[str, _Given]:
    found: dict[str, _Given] = {}
    for name in attrs.fields_dict(Settings):
        value = environment.get(variable(name))
        if value is not None:
            found[name] = _Given(value, _in_words(variable(name), "=", name, value))
    for name in secret_names():
        its_file = _file_variable(name)
        file = environment.get(its_file)
        if file is not None and name in found:
            raise BadSettings(f"{variable(name)} and {its_file}: both are set; use one")
        if file is not None:
            found[name] = _Given({"file": file}, its_file)
    return found


def no_such_setting(name: str, where: object = "the environment") -> str:
    """The sentence about an unknown setting."""
    return f"{name} in {where}: no such setting"


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """The variables that look like settings but are not: misspelt ones, most likely."""
    settings = attrs.fields_dict(Settings)
    known = {_CONFIG, *map(variable, settings), *map(_file_variable, secret_names())}
    return sorted(
        name
        for name, value in environment.items()
        if name.startswith(variable("")) and name not in known
        if not _OF_A_SERVICE.match(f"{name}={value}")
    )


def _file_variable(name: str) -> str:
    return f"{variable(name)}_FILE"


def _in_words(called: str, sign: str, name: str, value: object) -> str:
    """How the setting was written, without the value if that may be a password."""
    return called if name in secret_names() else f"{called}{sign}{shown(value)}"


def _from_file(path: Path) -> dict[str, _Given]:
    try:
        found = tomllib.loads(_text_of(path))
        given = {name: _Given(value, _in_file(name, value, path)) for name, value in found.items()}
    except (OSError, ValueError, RecursionError) as error:  # if it is no file, no text, or no TOML
        raise BadSettings(f"cannot read {path}: {_why(error)}") from error
    for name in found:
        if name not in attrs.fields_dict(Settings):
            raise BadSettings(no_such_setting(shown(name), path))
    return given


def _in_file(name: str, value: object, path: Path) -> str:
    simple = isinstance(value, str | bool | int | float) and name not in secret_names()
    return f"{name} = {json.dumps(value)} in {path}" if simple else f"{name} in {path}"


def _without_file(name: str, given: _Given) -> _Given:
    """The content of the file, if the value names one, without surrounding white space."""
    if name not in secret_names() or not isinstance(given.value, dict):
        return given
    match given.value:
        case {"file": str(file), **others} if not others:
            pass
        case _:
            raise BadSettings(f"{given.words}: a text, or a table with one key, file")
    try:
        return _Given(_text_of(Path(file)).strip(), f"{given.words} ({file})")
    except (OSError, ValueError) as error:
        raise BadSettings(f"{given.words}: cannot read {shown(file)}: {_why(error)}") from None


def _text_of(path: Path) -> str:
    """A file's content, without a byte order mark. Raises OSError and ValueError."""
    with path.open(encoding="utf-8-sig") as file:
        text = file.read(LARGEST_FILE + 1)
    if len(text) > LARGEST_FILE:
        raise ValueError(f"it has more than {LARGEST_FILE} characters")
    return text


def _why(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


# -- their types -----------------------------------------------------------------------------


def _structure(found: Mapping[str, _Given]) -> Settings:
    try:
        return _converter.structure({name: one.value for name, one in found.items()}, Settings)
    except cattrs.ClassValidationError as errors:
        raise BadSettings("; ".join(_lines(errors, found))) from None


def _lines(errors: cattrs.ClassValidationError, found: Mapping[str, _Given]) -> list[str]:
    of_fields, others = errors.group_exceptions()
    fields = attrs.fields_dict(Settings)
    lines = [f"{found[note.name].words}: {allowed(fields[note.name])}" for _, note in of_fields]
    for error in others:
        if isinstance(error, BadValue) and error.name in found:
            error.given = found[error.name].words
        lines.append(str(error))
    return lines


def _number(value: Any, _: type) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError
    return int(value)


def _yes_or_no(value: Any, _: type) -> bool:
    return _WORDS[str(value).lower()]


def _text(value: Any, _: type) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


_WORDS = dict.fromkeys(("true", "yes", "on", "1"), True) | dict.fromkeys(
    ("false", "no", "off", "0"), False
)
_converter = cattrs.Converter()
_converter.register_structure_hook(int, _number)
_converter.register_structure_hook(bool, _yes_or_no)
_converter.register_structure_hook(str, _text)
