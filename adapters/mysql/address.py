"""Which database, read from `mysql://user:password@host:port/database?option=value`."""

import ssl
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import attrs

from adapters.faults.startup_errors import StoreUnusable

PORT = 3306
POOL = 8  # connections
_OPTIONS = {"unix_socket", "pool", "ssl", "ssl_ca"}
_YES, _NO = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


@attrs.frozen
class Address:
    """Where the database is, and as whom to log in.

    unix_socket: a path that is used instead of host and port.
    tls: if set, the connection is encrypted, and the server's certificate is checked.
    pool: how many connections this process may have at once.
    """

    host: str
    port: int
    user: str
    password: str = attrs.field(repr=False)
    database: str
    unix_socket: str | None = None
    tls: ssl.SSLContext | None = None
    pool: int = POOL

    def __str__(self) -> str:
        """The form that may be shown: without the password."""
        place = self.unix_socket or f"{self.host}:{self.port}"
        return f"database {self.database!r} at {place}"

    @classmethod
    def parse(cls, url: str) -> "Address":
        """Raises StoreUnusable, which says what is wrong without showing the password."""
        try:
            return _parse(urlsplit(url))
        except ValueError as error:
            raise StoreUnusable(f"the store's address is not usable: {error}") from None


def _parse(parts: SplitResult) -> Address:
    database = unquote(parts.path.removeprefix("/"))
    if parts.scheme != "mysql" or not parts.username or not database or "/" in database:
        raise ValueError("it must look like mysql://user:password@host:port/database")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = options.keys() - _OPTIONS
    if unknown:
        raise ValueError(f"unknown option {', '.join(sorted(unknown))}")
    return Address(
        host=_host(parts),
        port=_port(parts) or PORT,
        user=unquote(parts.username),
        password=unquote(parts.password or ""),
        database=database,
        unix_socket=options.get("unix_socket"),
        tls=_tls(options.get("ssl", "ssl_ca" in options and "yes"), options.get("ssl_ca")),
        pool=_pool(options.get("pool", str(POOL))),
    )


def _host(parts: SplitResult) -> str:
    host = parts.hostname or "127.0.0.1"
    try:
        host.encode("idna")  # as looking it up does
    except UnicodeError:
        raise ValueError("its host is neither a name nor an address") from None
    return host


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError:  # its message may show a part of the password
        raise ValueError(
            "its port is not a number; in a password, / ? # @ : are written %2F %3F %23 %40 %3A"
        ) from None


def _tls(wanted: str | bool, authority: str | None) -> ssl.SSLContext | None:
    word = str(wanted).lower()
    if word not in _YES | _NO:
        raise ValueError(f"ssl={wanted} is neither true nor false")
    if word in _NO:
        return None
    try:
        return ssl.create_default_context(cafile=authority)
    except OSError as error:  # its message does not name the file
        raise ValueError(f"ssl_ca={authority}: {error.strerror or error}") from None


def _pool(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ValueError(f"pool={text} is not a number of connections")
    return int(text)
