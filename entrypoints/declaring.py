"""How settings are declared: their names, allowed values, and secrecy."""

from typing import Any

import attrs

LAST_PORT = 65_535
LARGEST = 10**12  # of any number: more than anybody needs, and safe to calculate with


class BadSettings(Exception):
    """`str()` of it is one line for the operator who started the program."""


class BadValue(BadSettings):
    """A setting has a value that is not allowed.

    given: how the setting was written, if known; otherwise its option.
    """

    def __init__(self, name: str, allowed: str) -> None:
        super().__init__(name, allowed)
        self.name = name
        self.given = option(name)
        self._allowed = allowed

    def __str__(self) -> str:
        return f"{self.given}: {self._allowed}"


def option(name: str) -> str:
    """The name of a setting on the command line."""
    return name if name == "port" else "--" + name.replace("_", "-")


def variable(name: str) -> str:
    """The name of a setting in the environment."""
    return "CHAT_" + name.upper()


def default_of(field: "attrs.Attribute[Any]") -> str:
    """The default of a setting as people read it: `none` for an empty text, `yes` or `no`."""
    if isinstance(field.default, bool):
        return "yes" if field.default else "no"
    return str(field.default) or "none"


def shown(value: object) -> str:
    """A value, on one line."""
    text = str(value)
    return text if text and text.isprintable() else repr(text)


def without_password(url: str) -> str:
    """The address of a service without its user and password, to be shown."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}" if separator else "..."


def setting(default: Any, text: str, **more: Any) -> Any:
    """A field of `Settings`.

    more: the allowed `choices`, or the `least` and `most` value; `reloads`, if the setting may
    change while the server runs.
    """
    if "least" in more:
        more.setdefault("most", LARGEST)
    return attrs.field(default=default, metadata={"help": text, **more})


def address(default: str, text: str) -> Any:
    """A setting that may contain a password."""
    return attrs.field(
        default=default,
        repr=lambda url: repr(without_password(url)),
        metadata={"help": text, "secret": True},
    )


def port_number(default: int, text: str) -> Any:
    return setting(default, text, least=0, most=LAST_PORT)


def limit(default: int, text: str) -> Any:
    return setting(default, f"{text}; 0 for no limit", least=0, reloads=True)


def is_secret(field: "attrs.Attribute[Any]") -> bool:
    """Whether a setting may contain a password."""
    return "secret" in field.metadata


def is_host(text: str) -> bool:
    """Whether this can be looked up, as an address or as a name."""
    try:
        return bool(text.encode("idna")) and "\0" not in text
    except UnicodeError:
        return False


def allowed(field: "attrs.Attribute[Any]") -> str:
    """The allowed values of a setting, in words."""
    match field.metadata:
        case {"choices": choices}:
            return f"one of {', '.join(choices)}"
        case {"least": least, "most": most}:
            return f"a whole number from {least} to {most}"
    return "yes or no" if field.type is bool else "a text"


def is_allowed(
    value: Any,
    *,
    choices: tuple[str, ...] = (),
    least: int | None = None,
    most: int | None = None,
    **_: Any,
) -> bool:
    if choices and value not in choices:
        return False
    return (least is None or value >= least) and (most is None or value <= most)
