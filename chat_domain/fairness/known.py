"""Addresses from which somebody has logged in before.

A part of all connections, and of the places in the queue for password hashing, is reserved for
them: a client with many unknown addresses cannot take everything.

Rules:
1. An address is known for KNOWN_FOR after a login from it, by password or token.
2. For IPv6, the widest counted network is known. So phones that change their network every day stay
   known, and nobody can fill the table with the 65,536 narrow networks that a customer has.
3. The REMEMBERED ones with the most recent logins are remembered. To push all out takes a login
   from each of as many addresses.
4. The reserve is for all known addresses together, and each gets a share of it: an attacker with an
   account is known, too.
"""

from chat_domain.fairness.networks import Networks
from chat_domain.fairness.recent import Recent

KNOWN_FOR = 30 * 86_400.0  # seconds
REMEMBERED = 50_000  # some 10 MB


class KnownAddresses:
    def __init__(self, networks: Networks) -> None:
        self._networks = networks
        self._last: Recent[str, float] = Recent(REMEMBERED)  # login, by widest network

    def logged_in(self, origin: str, now: float) -> None:
        """Somebody has logged in from this origin, named as `Networks` does."""
        self._last.keep(self._networks.lineage_of(origin)[0], now)

    def is_known(self, origin: str, now: float) -> bool:
        last = self._last.get(self._networks.lineage_of(origin)[0])
        return last is not None and now - last <= KNOWN_FOR
