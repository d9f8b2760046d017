"""Which of the counted networks a client is in.

A customer has one IPv4 address, or an IPv6 network: a /64 at least, but often a /56 or a /48, which
contains 256 or 65,536 of those. So not only the narrowest counts, but the wider ones around it as
well. Each has its own limits, a multiple (its factor) of what an address may.

An IPv6 address that stands for an IPv4 address counts as that: a mapped one (::ffff:192.0.2.1, as
dual-stack sockets report it); one that a translator in front of the server has made (64:ff9b::/96,
in which all IPv4 clients would be one network); and 6to4, whose 48 bits belong to one IPv4 address.
Teredo is left as it is: the clients of one of its servers share a /64.
"""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address, IPv6Network

import attrs

BITS = 128
REMEMBERED = 4_096  # networks whose lineages are cached
_TRANSLATED = IPv6Network("64:ff9b::/96")  # RFC 6052


@attrs.frozen
class Prefix:
    """length: in bits. factor: such a network may do this many times what an address may."""

    length: int
    factor: int = 1


DEFAULT = (Prefix(64), Prefix(56, 2), Prefix(48, 4))


@attrs.frozen
class Networks:
    """prefixes: of the IPv6 networks that are counted, at least one, the narrowest first. The
    narrowest counts like an address, so its factor is 1."""

    prefixes: Sequence[Prefix] = DEFAULT

    def name_of(self, peer: str) -> str:
        """The narrowest counted network of an address. What is no address is its own name."""
        if ":" not in peer:
            return peer
        try:
            address = IPv6Address(peer.partition("%")[0])
        except AddressValueError:
            return peer
        plain = _plain(address)
        return _network(int(address), self.prefixes[0].length) if plain is None else str(plain)

    def lineage_of(self, name: str) -> Sequence[str]:
        """All counted networks around one that `name_of` names, the widest first, itself last."""
        if ":" not in name:
            return (name,)
        return _line(name, tuple(prefix.length for prefix in reversed(self.prefixes)))

    def factors_of(self, line: Sequence[str]) -> Sequence[int]:
        """The factor of each network of a lineage."""
        return [prefix.factor for prefix in reversed(self.prefixes)][-len(line) :]


def _plain(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that this one stands for, None if it stands for none."""
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour


def _network(address: int, length: int) -> str:
    spare = BITS - length
    return f"{IPv6Address(address >> spare << spare)}/{length}"


@lru_cache(REMEMBERED)
def _line(name: str, lengths: Sequence[int]) -> Sequence[str]:
    try:
        address = int(IPv6Address(name.partition("/")[0]))
    except AddressValueError:  # of a Unix socket, say
        return (name,)
    return tuple(_network(address, length) for length in lengths)
