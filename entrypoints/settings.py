"""What can be set: the fields of one class. Where values come from is in `entrypoints.sources`."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any

import attrs

from chat_domain.fairness.limits import Limits
from chat_domain.fairness.networks import BITS, Networks, Prefix
from chat_domain.model import MAX_DAYS

_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:.]+\](:[0-9]{1,5})?")

Network = IPv4Network | IPv6Network

LAST_PORT = 65_535
LIMITS = Limits()  # by default
LARGEST = 10**12  # of any number: more than anybody means, and still one to reckon with


class BadSettings(Exception):
    """One line for whoever started the program."""


class BadValue(BadSettings):
    """A setting that cannot be what it is.

    given: how it was given, if that is known; otherwise it is called as an option.
    """

    def __init__(self, name: str, value: object, allowed: str) -> None:
        super().__init__(name, value, allowed)
        self.name = name
        self.given = as_option(name, value)
        self._allowed = allowed

    def __str__(self) -> str:
        return f"{self.given}: {self._allowed}"


# -- what a setting is called ----------------------------------------------------------------


def as_option(name: str, value: object) -> str:
    """As it is given on the command line, without what may be a password."""
    option = name if name == "port" else "--" + name.replace("_", "-")
    return option if name in secret_names() else f"{option} {shown(value)}"


def variable(name: str) -> str:
    """What a setting is called in the environment."""
    return "CHAT_" + name.upper()


def shown(value: object) -> str:
    """A value on one line."""
    text = str(value)
    return text if text and text.isprintable() else repr(text)


def without_password(url: str) -> str:
    """The address of a service as it may be shown."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}" if separator else "..."


# -- the settings ----------------------------------------------------------------------------


def _setting(default: Any, text: str, **more: Any) -> Any:
    if "least" in more:
        more.setdefault("most", LARGEST)
    return attrs.field(default=default, metadata={"help": text, **more})


def _address(default: str, text: str) -> Any:
    """A setting in which a password may be."""
    return attrs.field(
        default=default,
        repr=lambda url: repr(without_password(url)),
        metadata={"help": text, "secret": True},
    )


def _port(default: int, text: str) -> Any:
    return _setting(default, text, least=0, most=LAST_PORT)


def _limit(default: int, text: str) -> Any:
    return _setting(default, f"{text}; 0 for no limit", least=0, reloads=True)


@attrs.frozen(kw_only=True)
class Settings:
    """How a server runs. `reloads`: may change while it does (see `entrypoints.reloading`)."""

    host: str = _setting("127.0.0.1", "address to listen on")
    port: int = _port(6000, "port to listen on; 0 takes a free one and says which")
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
    durability: str = _setting(
        "disk",
        "when a message in SQLite counts as written: when the disk has it, or when it would "
        "survive the end of this process, but not a power cut; MySQL has settings of its own",
        choices=("disk", "process"),
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
        "proxies, which say who their clients are by a header of the PROXY protocol before each "
        "connection: networks, with commas",
        reloads=True,
    )
    tls_cert: str = _setting(
        "",
        "file with the server's certificate and those between it and a known one: serve TLS",
        reloads=True,
    )
    tls_key: str = _setting(
        "", "file with the certificate's key, which has no passphrase", reloads=True
    )
    second_login: str = _setting(
        "refuse",
        "what a login of a version 1 client does while the account has another: refuse it, or "
        "replace the first",
        choices=("refuse", "replace"),
    )
    drain_seconds: int = _setting(
        2,
        "when stopping, the seconds over which many clients are sent away, a few at a time; all "
        "else takes at most 8 more",
        least=0,
        reloads=True,
    )
    web_port: int = _port(
        0,
        "port for browsers: the page, and the chat over a WebSocket, with TLS where the other port "
        "has it; 0 is none",
    )
    web_host: str = _setting("127.0.0.1", "address of the port for browsers")
    origin: str = _setting(
        "",
        "what the page is called by its users, unless they type an address or localhost: "
        "like https://chat.example.org, with commas",
        reloads=True,
    )
    http_port: int = _port(
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
        reloads=True,
    )
    connections: int = _limit(LIMITS.connections, "connections of this node in all")
    connections_per_address: int = _limit(
        LIMITS.connections_per_address, "connections from one address"
    )
    ipv6_prefixes: str = _setting(
        "64,56:2,48:4",
        "networks that count beside IPv4 addresses: lengths, the longest first, and how many times "
        "what an address may each of the wider ones may",
    )
    known_share: int = _setting(
        LIMITS.known_share,
        "percent kept for addresses from which somebody has logged in before: of the connections "
        "on which nobody is logged in, and of the places for passwords that wait to be hashed",
        least=0,
        most=90,
        reloads=True,
    )
    login_seconds: int = _limit(
        LIMITS.login_seconds,
        "seconds to log in; where few of an address are about to, --menu-seconds counts",
    )
    menu_seconds: int = _limit(
        LIMITS.menu_seconds,
        "seconds to log in for up to 20 connections of an address, where people may sit at a menu; "
        "as many as --login-seconds or less, and nobody gets more time than that",
    )
    failed_logins: int = _limit(
        LIMITS.failed_logins,
        "failed logins of one address to one account before further ones have to wait",
    )
    registrations_per_hour: int = _limit(
        LIMITS.registrations_per_hour, "accounts made from one address in an hour"
    )
    frames_per_second: int = _limit(
        LIMITS.frames_per_second,
        "frames that one connection may send in a second, and ten times that at once",
    )
    bytes_per_second: int = _limit(
        LIMITS.bytes_per_second,
        "bytes that one connection may send in a second, and ten times that at once",
    )
    address_share: int = _limit(
        LIMITS.address_share,
        "how many times the frames and bytes of one connection all of an address may send",
    )
    friends_per_user: int = _limit(LIMITS.friends_per_user, "friends on one list")
    groups_per_user: int = _limit(LIMITS.groups_per_user, "groups that one user is in")
    members_per_group: int = _limit(LIMITS.members_per_group, "members of one group")
    waiting_from_unlisted: int = _limit(
        LIMITS.waiting_from_unlisted,
        "messages that may wait for a user from somebody who is not on their list",
    )
    conversations_per_user: int = _limit(
        LIMITS.conversations_per_user,
        "users that one has conversations with, beyond whom none begins with somebody on whose "
        "list one is not",
    )
    strangers_mib: int = _limit(
        LIMITS.strangers_mib, "MiB that connections hold together on which nobody is logged in"
    )
    unsent_mib: int = _limit(
        LIMITS.unsent_mib, "MiB that wait together for clients that do not read what they are sent"
    )
    keep_days: int = _setting(
        0,
        "days for which what is said is kept, then it is deleted; 0 is for ever (of a group it can "
        "be less: manage groups keep)",
        least=0,
        most=MAX_DAYS,
        reloads=True,
    )
    hashing_jobs: int = _limit(
        LIMITS.hashing_jobs, "passwords waiting to be hashed, half of them of one address"
    )
    hashing: str = _setting(
        "strong",
        "how much a password hash costs; cheap is for tests alone",
        choices=("strong", "cheap"),
    )
    log_level: str = _setting(
        "info", "what is logged", choices=("debug", "info", "warning", "error"), reloads=True
    )

    def __attrs_post_init__(self) -> None:
        for field in attrs.fields(Settings):
            value = getattr(self, field.name)
            if not _is_allowed(value, **field.metadata):
                raise BadValue(field.name, value, allowed(field))
        every = "an address is needed; 0.0.0.0 is every one of this machine"
        for name in ("host", "web_host"):
            if not getattr(self, name):
                raise BadValue(name, "", every)
        if self.workers > 1 and self.broker == "memory://":
            raise BadValue(
                "workers", self.workers, "more than one need a broker: --broker redis://HOST"
            )
        if self.tls_cert and not self.tls_key:
            raise BadValue("tls_cert", self.tls_cert, "of no use without --tls-key")
        if self.tls_key and not self.tls_cert:
            raise BadValue("tls_key", self.tls_key, "of no use without --tls-cert")
        self.origins()
        self.proxy_networks()
        self.networks()

    @property
    def sqlite_file(self) -> Path | None:
        """The file of a SQLite store; None of another."""
        scheme, _, rest = self.store.partition(":///")
        return Path(rest) if scheme == "sqlite" and rest else None

    def limits(self) -> Limits:
        return Limits(**{name: getattr(self, name) for name in attrs.fields_dict(Limits)})

    def origins(self) -> tuple[str, ...]:
        """Where pages may come from."""
        found = tuple(part.strip().rstrip("/").lower() for part in self.origin.split(",") if part)
        if not all(map(_ORIGIN.fullmatch, found)):
            like = "http:// or https:// and a name, with commas between them"
            raise BadValue("origin", self.origin, like)
        return found

    def proxy_networks(self) -> tuple[Network, ...]:
        """Where proxies are; their word is taken for who their clients are."""
        try:
            return tuple(ip_network(part.strip()) for part in self.proxy_from.split(",") if part)
        except ValueError as error:
            networks = f"networks like 10.0.0.0/8, with commas between them; {error}"
            raise BadValue("proxy_from", self.proxy_from, networks) from None

    def networks(self) -> Networks:
        """Which networks a client counts for."""
        try:
            return Networks(_prefixes(self.ipv6_prefixes))
        except ValueError:
            lengths = "lengths from 128 to 1 and factors like 64,56:2,48:4, the longest first"
            raise BadValue("ipv6_prefixes", self.ipv6_prefixes, lengths) from None


def _prefixes(text: str) -> tuple[Prefix, ...]:
    """Raises ValueError."""
    first, *wider = text.split(",")
    prefixes = (Prefix(int(first)), *(Prefix(*map(int, part.split(":", 1))) for part in wider))
    lengths = [prefix.length for prefix in prefixes]
    in_order = lengths == sorted(set(lengths), reverse=True)
    if not in_order or not 1 <= lengths[-1] <= lengths[0] <= BITS:
        raise ValueError(lengths)
    if min(prefix.factor for prefix in prefixes) < 1:
        raise ValueError(prefixes)
    return prefixes


def secret_names() -> list[str]:
    """The settings in which a password may be; they can be in a file of their own."""
    return [field.name for field in attrs.fields(Settings) if field.metadata.get("secret")]


def allowed(field: "attrs.Attribute[Any]") -> str:
    """What a setting can be, in words."""
    match field.metadata:
        case {"choices": choices}:
            return f"one of {', '.join(choices)}"
        case {"least": least, "most": most}:
            return f"a whole number from {least} to {most}"
    return "yes or no" if field.type is bool else "a text"


def _is_allowed(
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
