"""The server's address, as people write it."""

HOST, PORT = "127.0.0.1", 6000
_HIGHEST_PORT = 65_535


def address(where: str, port: int | None = None) -> tuple[str, int]:
    """Host and port of `HOST`, `HOST:PORT`, `[HOST]:PORT` or a bare IPv6 address.

    port: the one given separately, None if none was. Raises ValueError with a sentence for people
    if two ports are given, or an invalid one.
    """
    host, own = _split(where)
    try:
        host.encode("idna")  # as looking it up does
    except UnicodeError:
        raise ValueError(f"{where!r} is not an address") from None
    if own is None:
        return host, PORT if port is None else port
    if port is not None:
        raise ValueError(f"{where!r} already has a port; {port} is a second one")
    return host, port_number(own)


def port_number(text: str) -> int:
    """The port in this text. Raises ValueError with a sentence for people."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= _HIGHEST_PORT):
        raise ValueError(f"{text!r} is not a port from 1 to {_HIGHEST_PORT}")
    return int(text)


def _split(where: str) -> tuple[str, str | None]:
    host, colon, port = where.rpartition(":")
    if where.startswith("["):
        inside, closed, rest = where[1:].partition("]")
        if not closed or (rest and not rest.startswith(":")):
            raise ValueError(f"{where!r} is not an address")
        return inside or HOST, rest.removeprefix(":") if rest else None
    if not colon or ":" in host:  # two colons and no brackets: an IPv6 address
        return where or HOST, None
    return host or HOST, port
