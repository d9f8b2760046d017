"""The table of options in docs/operations.md: `python -m entrypoints.options` prints it."""

from collections.abc import Iterator
from typing import Any

import attrs

from entrypoints.declaring import default_of, is_secret, option, variable
from entrypoints.settings import Settings


def table() -> Iterator[str]:
    """A row for each setting, in Markdown."""
    yield "| option | environment | default | what it is |"
    yield "| --- | --- | --- | --- |"
    for field in attrs.fields(Settings):
        yield f"| {_option(field)} | {_variables(field)} | {_default(field)} | {_text(field)} |"


def _option(field: "attrs.Attribute[Any]") -> str:
    return "`PORT`" if field.name == "port" else f"`{option(field.name)}`"


def _variables(field: "attrs.Attribute[Any]") -> str:
    own = f"`{variable(field.name)}`"
    return f"{own}, `{variable(field.name)}_FILE`" if is_secret(field) else own


def _default(field: "attrs.Attribute[Any]") -> str:
    shown = default_of(field)
    return shown if shown in {"yes", "no", "none"} else f"`{shown}`"


def _text(field: "attrs.Attribute[Any]") -> str:
    choices = field.metadata.get("choices")
    text: str = field.metadata["help"].replace("|", "\\|")
    return f"{text} ({', '.join(f'`{one}`' for one in choices)})" if choices else text


if __name__ == "__main__":
    print("\n".join(table()))  # noqa: T201  # for the person who typed the command
