"""The settings, as fields of one class. `entrypoints.sources` says where their values come from."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

import attrs

from chat_domain.fairness.limits import Limits
from chat_domain.fairness.networks import BITS, Networks, Prefix
from chat_domain.model import MAX_DAYS
from entrypoints.declaring import (
    LAST_PORT,
    BadValue,
    address,
    allowed,
    is_allowed,
    is_host,
    is_secret,
    limit,
    port_number,
    setting,
)

_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:.]+\](:[0-9]{1,5})?")

Network = IPv4Network | IPv6Network

LIMITS = Limits()  # the defaults
MOST_WORKERS = 1000  # more than any machine has cores
LEVELS = ("debug", "info", "warning", "error")  # of the log


@attrs.frozen(kw_only=True)
class Settings:
    """How a server runs. reloads: the setting may change meanwhile (`entrypoints.reloading`)."""

    host: str = setting("127.0.0.1", "address to listen on")
    port: int = port_number(6000, "port to listen on; 0 takes a free one and logs it")
    store: str = address(
        "sqlite:///chat.db",
        "where the data is stored: sqlite:///FILE (relative; four slashes: absolute), "
        "mysql://USER:PASSWORD@HOST:PORT/DATABASE or memory://",
    )
    broker: str = address(
        "memory://",
        "how nodes talk to each other: redis://HOST:PORT/DB (rediss:// for TLS), or memory:// for "
        "a single node",
    )
    durability: str = setting(
        "disk",
        "when a message in SQLite counts as written: once it is on the disk, or once it would "
        "survive the end of this process but not a power cut; MySQL has settings of its own",
        choices=("disk", "process"),
    )
    single_node: bool = setting(
        False, "no other server uses the MySQL database, so no broker is needed"
    )
    broker_prefix: str = setting("chat", "prefix of all keys and channels in Redis")
    workers: int = setting(
        1,
        "nodes to run on the one port, each in its own process; several need MySQL and a broker",
        least=1,
        most=MOST_WORKERS,
    )
    proxy_from: str = setting(
        "",
        "networks, separated by commas, of the proxies that begin each connection with a PROXY "
        "protocol header naming the client",
        reloads=True,
    )
    tls_cert: str = setting(
        "",
        "file with the server's certificate and its intermediate certificates; turns on TLS",
        reloads=True,
    )
    tls_key: str = setting(
        "", "file with the certificate's private key, without a passphrase", reloads=True
    )
    second_login: str = setting(
        "refuse",
        "what happens when a version 1 client logs in while the account has another: the login is "
        "refused, or replaces the other",
        choices=("refuse", "replace"),
    )
    drain_seconds: int = setting(
        2,
        "seconds over which a stopping server sends many clients away, a few at a time; the rest "
        "of stopping takes at most 8 more",
        least=0,
        reloads=True,
    )
    web_port: int = port_number(
        0,
        "port for browsers: the page, and the chat over a WebSocket, with TLS if the other port "
        "has it; 0 for none",
    )
    web_host: str = setting("127.0.0.1", "address of the port for browsers")
    origin: str = setting(
        "",
        "the page's addresses as users type them, separated by commas, like "
        "https://chat.example.org; not needed for IP addresses and localhost",
        reloads=True,
    )
    http_port: int = port_number(
        0,
        "port for operators: /healthz, /readyz and /metrics; 0 for none; of several workers, each "
        "takes the next port up",
    )
    http_host: str = setting("127.0.0.1", "address of the port for operators")
    control_socket: str = setting(
        "",
        "Unix socket (mode 0600) for `python -m entrypoints.manage`; if unset, SQLite uses "
        "FILE-control; several workers append -1, -2 ...",
    )
    registration: str = setting(
        "open",
        "whether anybody may register, or only the operator adds users (manage add)",
        choices=("open", "closed"),
        reloads=True,
    )
    connections: int = limit(LIMITS.connections, "connections of this node in total")
    connections_per_address: int = limit(
        LIMITS.connections_per_address, "connections from one address"
    )
    ipv6_prefixes: str = setting(
        "64,56:2,48:4",
        "lengths of the IPv6 networks that the limits for an address apply to, longest first; each "
        "wider one with a factor for its limits",
    )
    known_share: int = setting(
        LIMITS.known_share,
        "percent reserved for addresses from which somebody has logged in before: of the "
        "connections that users leave free, and of the queue for password hashing",
        least=0,
        most=90,
        reloads=True,
    )
    login_seconds: int = limit(
        LIMITS.login_seconds,
        "seconds to log in; while few of an address wait to log in, --menu-seconds applies",
    )
    menu_seconds: int = limit(
        LIMITS.menu_seconds,
        "seconds to log in for up to 20 connections of an address, whose users may be at a menu; "
        "no effect unless above --login-seconds",
    )
    failed_logins: int = limit(
        LIMITS.failed_logins,
        "failed logins from one address to one account before further attempts have to wait",
    )
    registrations_per_hour: int = limit(
        LIMITS.registrations_per_hour, "registrations from one address per hour"
    )
    frames_per_second: int = limit(
        LIMITS.frames_per_second,
        "frames that one connection may send per second, and ten times that in a burst",
    )
    bytes_per_second: int = limit(
        LIMITS.bytes_per_second,
        "bytes that one connection may send per second, and ten times that in a burst",
    )
    address_share: int = limit(
        LIMITS.address_share,
        "frames and bytes that all connections of one address may send, as a multiple of one's",
    )
    friends_per_user: int = limit(LIMITS.friends_per_user, "friends on one list")
    groups_per_user: int = limit(LIMITS.groups_per_user, "groups that one user may be in")
    members_per_group: int = limit(LIMITS.members_per_group, "members of one group")
    waiting_from_unlisted: int = limit(
        LIMITS.waiting_from_unlisted,
        "messages from one sender that may wait for a user who does not list that sender",
    )
    conversations_per_user: int = limit(
        LIMITS.conversations_per_user,
        "conversations of one user with others; beyond that, they can begin none with somebody who "
        "does not list them",
    )
    strangers_mib: int = limit(
        LIMITS.strangers_mib, "MiB that all connections that are not logged in may hold together"
    )
    unsent_mib: int = limit(
        LIMITS.unsent_mib,
        "MiB that may wait in total: output that clients do not read, unhandled input from users",
    )
    keep_days: int = setting(
        0,
        "days after which messages and other entries of the log are deleted; 0 keeps them forever "
        "(a group can have fewer: manage groups keep)",
        least=0,
        most=MAX_DAYS,
        reloads=True,
    )
    hashing_jobs: int = limit(
        LIMITS.hashing_jobs,
        "passwords that may wait to be hashed, half of them from one address",
    )
    hashing: str = setting(
        "strong",
        "how much a password hash costs; cheap is for tests only",
        choices=("strong", "cheap"),
    )
    log_level: str = setting("info", "lowest level that is logged", choices=LEVELS, reloads=True)

    def __attrs_post_init__(self) -> None:
        for field in attrs.fields(Settings):
            value = getattr(self, field.name)
            if not is_allowed(value, **field.metadata):
                raise BadValue(field.name, allowed(field))
        every = "an address is needed; 0.0.0.0 is all of this machine's"
        for name in ("host", "web_host", "http_host"):
            if not is_host(getattr(self, name)):
                raise BadValue(name, every)
        if self.workers > 1 and self.broker == "memory://":
            raise BadValue("workers", "more than one needs a broker: --broker redis://HOST")
        if self.workers > 1 and not self.store.startswith("mysql:"):
            raise BadValue("workers", "more than one needs a store that several can use: mysql://")
        if self.tls_cert and not self.tls_key:
            raise BadValue("tls_cert", "has no effect without --tls-key")
        if self.tls_key and not self.tls_cert:
            raise BadValue("tls_key", "has no effect without --tls-cert")
        self._require_ports_apart()
        self.origins()
        self.proxy_networks()
        self.networks()

    def _require_ports_apart(self) -> None:
        """With several workers, the system would let two ports coincide, and mix up clients."""
        taken = {(self.host, self.port)} - {(self.host, 0)}
        operators = range(self.http_port, self.http_port + self.workers)
        if operators.stop > LAST_PORT + 1:
            raise BadValue("http_port", f"each worker takes the next port, up to {LAST_PORT}")
        for name, host, ports in (
            ("web_port", self.web_host, (self.web_port,)),
            ("http_port", self.http_host, operators),
        ):
            places = {(host, port) for port in ports if getattr(self, name)}
            if taken & places:
                raise BadValue(name, "another port of this server is the same")
            taken |= places

    @property
    def sqlite_file(self) -> Path | None:
        """The file of an SQLite store; None for other stores."""
        scheme, _, rest = self.store.partition(":///")
        return Path(rest) if scheme == "sqlite" and rest else None

    def limits(self) -> Limits:
        return Limits(**{name: getattr(self, name) for name in attrs.fields_dict(Limits)})

    def origins(self) -> tuple[str, ...]:
        """The origins of pages that may use the chat. Raises BadValue."""
        found = tuple(part.strip().rstrip("/").lower() for part in self.origin.split(",") if part)
        if not all(map(_ORIGIN.fullmatch, found)):
            like = "http:// or https:// and a name, separated by commas"
            raise BadValue("origin", like)
        return found

    def proxy_networks(self) -> tuple[Network, ...]:
        """The networks of proxies, which are trusted to state their clients. Raises BadValue."""
        try:
            return tuple(ip_network(part.strip()) for part in self.proxy_from.split(",") if part)
        except ValueError as error:
            networks = f"networks like 10.0.0.0/8, separated by commas; {error}"
            raise BadValue("proxy_from", networks) from None

    def networks(self) -> Networks:
        """The networks that a client counts for. Raises BadValue."""
        try:
            return Networks(_prefixes(self.ipv6_prefixes))
        except ValueError:
            lengths = "lengths from 128 to 1 and factors like 64,56:2,48:4, the longest first"
            raise BadValue("ipv6_prefixes", lengths) from None


def _prefixes(text: str) -> tuple[Prefix, ...]:
    """Parse `--ipv6-prefixes`. Raises ValueError."""
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
    """The settings that may contain a password, and can be read from a file each."""
    return [field.name for field in attrs.fields(Settings) if is_secret(field)]
