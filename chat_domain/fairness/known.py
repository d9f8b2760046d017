"""Addresses from which somebody has logged in before.

A part of all connections, and of the places in the queue for hashing passwords, is kept for them:
with many addresses that are nobody's nobody takes all there is.

Rules:
1. An address is known for KNOWN_FOR after a login from it, by password or token.
2. Of IPv6 the widest network that is counted is known. So phones stay known that change theirs
   every day, and nobody fills the table with the 65,536 narrow ones that a customer has.
3. The REMEMBERED ones with the most recent logins are remembered. To push all out takes a login
   from each of as many addresses.
4. What is kept is kept for all of them together, and each has a share of it: whoever has an account
   of their own is known, too.
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
        """Somebody has logged in from there. origin: as `Networks` names it."""
        self._last.keep(self._networks.line_of(origin)[0], now)

    def is_known(self, origin: str, now: float) -> bool:
        last = self._last.get(self._networks.line_of(origin)[0])
        return last is not None and now - last <= KNOWN_FOR
