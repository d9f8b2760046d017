"""What can be set, in one class: its fields are the flags, the environment and the file.

A flag wins over the environment (`CHAT_STORE` for `--store`), that over the file named by
`--config` (TOML, a key for each), that over the default. What may hold a password can be in a file
of its own: `CHAT_STORE_FILE=/run/secrets/store`, or `store = { file = "/run/secrets/store" }`.
"""

import argparse
import os
import sys
import tomllib
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, NoReturn

import attrs
import cattrs

from chat_domain.limits import Limits

Network = IPv4Network | IPv6Network


class BadSettings(Exception):
    """One line for whoever started the program."""


def _setting(default: Any, text: str, **more: Any) -> Any:
    return attrs.field(default=default, metadata={"help": text, **more})


def without_password(url: str) -> str:
    """The address of a service as it may be shown."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}" if separator else "..."


def _address(default: str, text: str) -> Any:
    """A setting in which a password may be."""
    return attrs.field(
        default=default,
        repr=lambda url: repr(without_password(url)),
        metadata={"help": text, "secret": True},
    )


def _limit(default: int, text: str) -> Any:
    return _setting(default, f"{text}; 0 for no limit", least=0)


@attrs.frozen(kw_only=True)
class Settings:
    """How a server runs."""

    host: str = _setting("127.0.0.1", "address to listen on")
    port: int = _setting(6000, "port to listen on; 0 takes a free one and says which")
    store: str = _address(
        "sqlite:///chat.db",
        "where the data is: sqlite:///FILE (relative; four slashes: absolute), "
        "mysql://USER:PASSWORD@HOST:PORT/DATABASE or memory://",
    )
    broker: str = _address(
        "memory://",
        "how nodes talk to each other: redis://HOST:PORT/DB (rediss:// for TLS), or memory:// for "
        "a node alone",
    )
    single_node: bool = _setting(
        False, "no other server uses the MySQL database, so that it needs no broker"
    )
    broker_prefix: str = _setting("chat", "what the names of keys and channels in Redis begin with")
    workers: int = _setting(
        1, "nodes to run on the one port, each a process; more than one need a broker", least=1
    )
    proxy_from: str = _setting(
        "",
        "proxies that may say who their clients are, by the PROXY protocol: networks, with commas",
    )
    tls_cert: str = _setting(
        "", "file with the server's certificate and those between it and a known one: serve TLS"
    )
    tls_key: str = _setting("", "file with the certificate's key, which has no passphrase")
    second_login: str = _setting(
        "refuse",
        "what a login does while the account is online: refuse it, or replace the first",
        choices=("refuse", "replace"),
    )
    unsettled_mib: int = _setting(
        256, "MiB of messages held in memory for slow clients; beyond it they are stored", least=1
    )
    mailbox_capacity: int = _setting(1000, "messages kept for somebody who is away", least=1)
    drain_seconds: int = _setting(
        2,
        "when stopping, the seconds over which many clients are sent away, a few at a time; all "
        "else takes at most 8 more",
        least=0,
    )
    http_port: int = _setting(
        0,
        "port for operators: /healthz, /readyz and /metrics; 0 is none, and of several workers the "
        "second has the port above it, and so on",
    )
    http_host: str = _setting("127.0.0.1", "address of the port for operators")
    control_socket: str = _setting(
        "",
        "Unix socket (mode 0600) for `python -m entrypoints.manage`; with SQLite, FILE-control if "
        "nothing is set; of several workers each adds -1, -2 ...",
    )
    registration: str = _setting(
        "open",
        "whether anybody may register, or the operator adds users (manage add)",
        choices=("open", "closed"),
    )
    connections: int = _limit(10_000, "connections of this node in all")
    connections_per_address: int = _limit(1_000, "connections from one address")
    login_seconds: int = _limit(
        30, "seconds to log in; twenty times that while few others of the address wait, too"
    )
    failed_logins: int = _limit(
        3, "failed logins of one address to one account before further ones have to wait"
    )
    registrations_per_hour: int = _limit(200, "accounts made from one address in an hour")
    frames_per_second: int = _limit(
        500, "frames that one connection may send in a second, and ten times that at once"
    )
    bytes_per_second: int = _limit(
        1024 * 1024, "bytes that one connection may send in a second, and ten times that at once"
    )
    address_share: int = _limit(
        20, "how many times the frames and bytes of one connection all of an address may send"
    )
    friends_per_user: int = _limit(5_000, "friends on one list")
    groups_per_user: int = _limit(1_000, "groups that one user is in")
    members_per_group: int = _limit(5_000, "members of one group")
    hashing_jobs: int = _limit(200, "passwords waiting to be hashed, half of them of one address")
    hashing: str = _setting(
        "strong",
        "how much a password hash costs; cheap is for tests alone",
        choices=("strong", "cheap"),
    )
    log_level: str = _setting(
        "info", "what is logged", choices=("debug", "info", "warning", "error")
    )

    def __attrs_post_init__(self) -> None:
        for field in attrs.fields(Settings):
            _check(field.name, getattr(self, field.name), field.metadata)
        if not 0 <= self.port <= 65535:  # noqa: PLR2004  # the range of ports
            raise BadSettings(f"port: {self.port} is no port")
        if not 0 <= self.http_port <= 65535:  # noqa: PLR2004  # the range of ports
            raise BadSettings(f"http_port: {self.http_port} is no port")
        if self.workers > 1 and self.broker == "memory://":
            raise BadSettings(f"workers: {self.workers} nodes need a broker: --broker redis://HOST")
        if not self.host:
            raise BadSettings("host: an address is needed; 0.0.0.0 is every one of this machine")
        if bool(self.tls_cert) != bool(self.tls_key):
            raise BadSettings("tls_cert, tls_key: one is of no use without the other")
        self.proxy_networks()

    @property
    def sqlite_file(self) -> Path | None:
        """The file of a SQLite store; None of another."""
        scheme, _, rest = self.store.partition(":///")
        return Path(rest) if scheme == "sqlite" and rest else None

    def limits(self) -> Limits:
        return Limits(**{name: getattr(self, name) for name in attrs.fields_dict(Limits)})

    def proxy_networks(self) -> tuple[Network, ...]:
        """Where proxies are; their word is taken for who their clients are."""
        try:
            return tuple(ip_network(part.strip()) for part in self.proxy_from.split(",") if part)
        except ValueError as error:
            raise BadSettings(f"proxy_from: {error}") from None


def _check(name: str, value: Any, metadata: Mapping[str, Any]) -> None:
    choices = metadata.get("choices")
    if choices and value not in choices:
        raise BadSettings(f"{name}: {value!r} is none of {', '.join(choices)}")
    if value is not None and "least" in metadata and value < metadata["least"]:
        raise BadSettings(f"{name}: {value} is less than {metadata['least']}")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise BadSettings(message)


def read_settings(arguments: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """Raises BadSettings. `--help` prints itself and exits."""
    given = vars(settings_parser().parse_args(arguments))
    given.pop("check_config", None)
    config = given.pop("config", environment.get("CHAT_CONFIG"))
    found: dict[str, Any] = _from_file(Path(config)) if config else {}
    found |= _from_environment(environment)
    found |= given
    return _structure({name: _read_if_secret(name, value) for name, value in found.items()})


def _read_if_secret(name: str, value: Any) -> Any:
    """What is in the file, where the value names one; a line end behind it is no part of it."""
    if not isinstance(value, dict):
        return value
    if name not in secret_names():
        raise BadSettings(f"{name}: it is no secret, and no table")
    if value.keys() != {"file"} or not isinstance(value["file"], str):
        raise BadSettings(f"{name}: it is a text, or a table with one key, file")
    try:
        return Path(value["file"]).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"{name}: cannot read {value['file']}: {error}") from None


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {
        field.name: environment[variable(field.name)]
        for field in attrs.fields(Settings)
        if variable(field.name) in environment
    }
    for name in secret_names():
        file = environment.get(f"{variable(name)}_FILE")
        if file is not None and name in found:
            raise BadSettings(f"{variable(name)} and {variable(name)}_FILE: which of them?")
        if file is not None:
            found[name] = {"file": file}
    return found


def secret_names() -> list[str]:
    """The settings that can be in a file of their own."""
    return [field.name for field in attrs.fields(Settings) if field.metadata.get("secret")]


def _structure(found: Mapping[str, Any]) -> Settings:
    unknown = found.keys() - {field.name for field in attrs.fields(Settings)}
    if unknown:
        raise BadSettings(f"there is no setting {', '.join(sorted(unknown))}")
    try:
        return _converter.structure(found, Settings)
    except cattrs.ClassValidationError as errors:
        raise BadSettings(_first_line(errors)) from None


def _first_line(errors: cattrs.ClassValidationError) -> str:
    for error in errors.exceptions:
        if isinstance(error, BadSettings):
            return str(error)
    return "; ".join(cattrs.transform_error(errors, path="settings"))


def _number(value: Any, _: type) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError(f"{value!r} is no number")
    return int(value)


def _yes_or_no(value: Any, _: type) -> bool:
    word = str(value).lower()
    if word not in _WORDS:
        raise TypeError(f"{value!r} is neither yes nor no")
    return _WORDS[word]


_WORDS = dict.fromkeys(("true", "yes", "on", "1"), True) | dict.fromkeys(
    ("false", "no", "off", "0"), False
)
_converter = cattrs.Converter()
_converter.register_structure_hook(int, _number)
_converter.register_structure_hook(bool, _yes_or_no)


def variable(name: str) -> str:
    """What a setting is called in the environment."""
    return "CHAT_" + name.upper()


def _from_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadSettings(f"cannot read {path}: {error}") from error


def settings_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m entrypoints.tcp_server",
        description="Serve the chat. Alone and without options it keeps its data in chat.db.",
        epilog="Every option can also be set by the environment (--log-level: CHAT_LOG_LEVEL) "
        "or in the file (log_level = ...); what may hold a password by a file of its own as well "
        "(CHAT_STORE_FILE). An option wins over the environment, which wins over "
        "the file.",
        argument_default=argparse.SUPPRESS,
    )
    parser.add_argument("--config", metavar="FILE", help="a TOML file with settings")
    parser.add_argument(
        "--check-config", action="store_true", help="say what is set, or what is wrong, and end"
    )
    for field in attrs.fields(Settings):
        name = field.name if field.name == "port" else "--" + field.name.replace("_", "-")
        text = f"{field.metadata['help']} (default: {field.default})"
        parser.add_argument(name, help=text, **_form(field))
    return parser


def _form(field: "attrs.Attribute[Any]") -> dict[str, Any]:
    """How it is written on the command line."""
    if field.type is bool:
        return {"action": "store_true"}
    optional = {"nargs": "?"} if field.name == "port" else {}
    return {"metavar": _metavar(field), **optional}


def _metavar(field: "attrs.Attribute[Any]") -> str:
    choices = field.metadata.get("choices")
    return "|".join(choices) if choices else field.name.upper()


def settings_or_exit() -> Settings:
    """The settings of this process; a mistake in them ends it with one line and status 2."""
    try:
        return read_settings(sys.argv[1:], os.environ)
    except BadSettings as error:
        raise SystemExit(_complain(error)) from None


def wants_check(arguments: Sequence[str]) -> bool:
    """Whether the settings are to be looked at alone."""
    return bool(vars(settings_parser().parse_args(arguments)).get("check_config"))


def _complain(error: BadSettings) -> int:
    print(f"chat server: {error}", file=sys.stderr)  # noqa: T201  # logging is not set up yet
    return 2
