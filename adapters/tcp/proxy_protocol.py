"""The PROXY protocol (haproxy.org, proxy-protocol.txt): who the client behind a proxy is.

A proxy sends one header before a connection's data: in version 1 a line of text, in version 2 a
binary block. "The receiver must not try to guess whether the header is present or not": where a
header is expected, anything else is refused. No I/O: bytes in, a `Beginning` out.
"""

import ipaddress
from collections.abc import Callable

import attrs

_TEXT_SIGNATURE = b"PROXY "
_BINARY_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
_LONGEST_LINE = 107  # bytes, with its CRLF
_FIXED = 16  # bytes of every version 2 header; its last two state the length of the rest
_LINE_FIELDS = 6
_LAST_PORT = 65535

LOCAL, PROXY = 0, 1  # commands of version 2


class BadHeader(Exception):
    """The header is malformed or missing. The text quotes only data that at least begins like a
    header, since anything else may be a login."""


class NoHeader(BadHeader):
    """There is no header."""


@attrs.frozen
class Beginning:
    """How a connection begins.

    client: its address; None if the header states none: the proxy speaks for itself (LOCAL), or
    does not know (UNKNOWN).
    """

    client: str | None
    rest: bytes  # what came after the header: the client's own data


def read_beginning(data: bytes) -> Beginning | None:
    """Parse the first bytes of a connection; None means that more are needed.

    Whatever comes, it never needs 64 KiB + 16 bytes or more. Raises BadHeader, or NoHeader.
    """
    if data.startswith(_BINARY_SIGNATURE):
        return _read_binary(data)
    if data.startswith(_TEXT_SIGNATURE):
        return _read_line(data)
    if _BINARY_SIGNATURE.startswith(data) or _TEXT_SIGNATURE.startswith(data):
        return None
    raise NoHeader("there is none")


# -- version 1 -------------------------------------------------------------------------------


def _read_line(data: bytes) -> Beginning | None:
    end = data.find(b"\r\n", 0, _LONGEST_LINE)
    if end >= 0:
        return Beginning(_address_in(data[:end]), data[end + 2 :])
    if len(data) >= _LONGEST_LINE:
        raise BadHeader("the line does not end")
    return None


def _address_in(line: bytes) -> str | None:
    try:
        fields = line.decode("ascii").split(" ")
        if fields[1] == "UNKNOWN":  # "the receiver must ignore anything presented before the CRLF"
            return None
        return _address_of(fields)
    except ValueError as error:
        raise BadHeader(f"not a header: {line!r}") from error


def _address_of(fields: list[str]) -> str:
    if len(fields) != _LINE_FIELDS:
        raise ValueError(fields)
    _, family, source, destination, *ports = fields
    read = _FAMILIES.get(family, _no_family)
    read(destination)
    if not all(port.isdigit() and int(port) <= _LAST_PORT for port in ports):
        raise ValueError(ports)
    return plain_address(read(source))


IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
_FAMILIES: dict[str, Callable[[str], IPAddress]] = {
    "TCP4": ipaddress.IPv4Address,
    "TCP6": ipaddress.IPv6Address,
}


def _no_family(text: str) -> IPAddress:
    raise ValueError(text)


# -- version 2 -------------------------------------------------------------------------------


def _read_binary(data: bytes) -> Beginning | None:
    if len(data) < _FIXED:
        return None
    end = _FIXED + int.from_bytes(data[14:16], "big")
    version, command = data[12] >> 4, data[12] & 0xF
    if version != 2 or command not in (LOCAL, PROXY):  # noqa: PLR2004  # the protocol's own number
        raise BadHeader(f"version {version}, command {command}")
    if len(data) < end:
        return None
    # LOCAL: the proxy's own connection; "the receiver must accept this connection" and ignore any
    # address. After the addresses there may be TLVs, which we skip.
    client = _client_in(data[13], data[_FIXED:end]) if command == PROXY else None
    return Beginning(client, data[end:])


def _client_in(family_and_transport: int, block: bytes) -> str | None:
    family = family_and_transport >> 4
    if family not in _BLOCKS:  # "must be rejected as invalid by receivers"
        raise BadHeader(f"address family {family}")
    size, read = _BLOCKS[family]
    if len(block) < 2 * size:
        raise BadHeader(f"{len(block)} bytes for addresses of family {family}")
    return read(block[:size])


def _no_address(_: bytes) -> None:
    """AF_UNSPEC."""


def _ip(packed: bytes) -> str:
    return plain_address(ipaddress.ip_address(packed))


def _unix(path: bytes) -> str:
    return "unix:" + path.partition(b"\0")[0].decode("utf-8", "backslashreplace")


# By family: the size of one address (a block has the source's and the destination's), its reader.
_BLOCKS: dict[int, tuple[int, Callable[[bytes], str | None]]] = {
    0: (0, _no_address),
    1: (4, _ip),
    2: (16, _ip),
    3: (108, _unix),
}


# -- addresses -------------------------------------------------------------------------------


def plain_address(address: IPAddress) -> str:
    """One spelling for each client, whether it came over IPv4 or IPv6."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)
