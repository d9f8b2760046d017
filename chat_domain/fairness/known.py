"""From where somebody has logged in before: to any account, or to one (see `attempts`).

A part of all connections, and of the places in the queue for password hashing, is reserved for
addresses that are known: a client with many unknown addresses cannot take everything.

Rules:
1. An address is known for KNOWN_FOR after a login from it, by password or token.
2. For IPv6, the widest counted network is known. So phones that change their network every day stay
   known, and nobody can fill the table with the 65,536 narrow networks that a customer has.
3. The REMEMBERED ones with the most recent logins are remembered. To push all out takes a login
   from each of as many addresses.
4. The reserve is for all known addresses together, and each gets a share of it: an attacker with an
   account is known, too.
"""

from typing import Generic, TypeVar

from chat_domain.fairness.recent import Recent

KNOWN_FOR = 30 * 86_400.0  # seconds
REMEMBERED = 50_000  # some 10 MB

K = TypeVar("K")


class Known(Generic[K]):
    """Keys of addresses, or of pairs of account and address."""

    def __init__(self) -> None:
        self._last: Recent[K, float] = Recent(REMEMBERED)  # login

    def logged_in(self, key: K, now: float) -> None:
        """Somebody has logged in from there."""
        self._last.keep(key, now)

    def is_known(self, key: K, now: float) -> bool:
        last = self._last.get(key)
        return last is not None and now - last <= KNOWN_FOR
