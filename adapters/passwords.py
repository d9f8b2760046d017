"""Passwords as argon2id hashes, computed on a few dedicated threads."""

import hmac
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import argon2
import structlog

from adapters.runtime.fair_executor import Askers, FairExecutor
from chat_domain.model import NO_PASSWORD, PLAIN

log = structlog.get_logger()

THREADS = 2
WAITING = 200  # jobs; at about 35 ms each on two threads, the last waits 3.5 s

# What a hash in the database may cost to verify. This admits the stronger recommendations (RFC 9106
# has three passes over 64 MiB with four lanes) and takes about 0.6 s, and 256 MiB on both threads.
MOST_MEMORY = 131_072  # KiB
MOST_WORK = 524_288  # KiB times passes; ours are 38,912

# Salts of 8 to 64 bytes and hashes of 16 to 64, in base64 without padding.
_HASH = re.compile(
    r"\$argon2id\$v=19\$m=([1-9][0-9]{0,5}),t=([1-9][0-9]?),p=([1-4])"
    r"\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})"
)


def _nothing() -> None:
    pass


class Argon2Hasher:
    """`chat_domain.ports.runtime.Hasher`, with OWASP's second choice of parameters: 19 MiB, two
    passes.

    cheap: parameters that cost next to nothing, for tests only. threads: how many compute hashes.
    waiting, refused, askers: see `FairExecutor`.
    """

    def __init__(
        self,
        *,
        cheap: bool = False,
        threads: int = THREADS,
        waiting: Callable[[], int] = lambda: WAITING,
        refused: Callable[[], None] = _nothing,
        askers: Askers | None = None,
    ) -> None:
        memory, passes = (8, 1) if cheap else (19_456, 2)
        self._argon2 = argon2.PasswordHasher(
            time_cost=passes, memory_cost=memory, parallelism=1, type=argon2.Type.ID
        )
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="passwords")
        self._jobs = FairExecutor(
            self._pool, hands=threads, waiting=waiting, refused=refused, askers=askers
        )
        self._nobody = self._argon2.hash("")

    async def hash(self, password: str, origin: str = "") -> str:
        return await self._jobs.run(lambda: self._argon2.hash(_bytes(password)), origin)

    async def verify(self, secret: str | None, password: str, origin: str = "") -> bool:
        if secret is not None and not _is_usable(secret):
            log.error("a password in the database is neither marked as plain nor a hash of ours")
            secret = None
        return await self._jobs.run(lambda: self._verify(secret, password), origin)

    def needs_rehash(self, secret: str) -> bool:
        return secret.startswith(PLAIN) or self._argon2.check_needs_rehash(secret)

    def waiting(self) -> int:
        """How many passwords wait to be hashed or verified."""
        return len(self._jobs)

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _verify(self, secret: str | None, password: str) -> bool:
        hashed = secret if secret is not None and _is_hash(secret) else None
        # One hash is computed in every case, so that the time reveals nothing.
        matches = self._matches(hashed or self._nobody, password)
        if hashed is not None:
            return matches
        if secret is None or not secret.startswith(PLAIN):
            return False
        return hmac.compare_digest(_bytes(secret.removeprefix(PLAIN)), _bytes(password))

    def _matches(self, hashed: str, password: str) -> bool:
        try:
            return self._argon2.verify(hashed, _bytes(password))
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False


def _is_usable(secret: str) -> bool:
    return _is_hash(secret) or secret.startswith(PLAIN) or secret == NO_PASSWORD


def _is_hash(secret: str) -> bool:
    """Whether this is a hash of our format that costs at most MOST_MEMORY and MOST_WORK."""
    found = _HASH.fullmatch(secret)
    if found is None:
        return False
    memory, passes, threads = int(found[1]), int(found[2]), int(found[3])
    if len(found[4]) % 4 == 1 or len(found[5]) % 4 == 1:  # no base64 has such a length
        return False
    return 8 * threads <= memory <= MOST_MEMORY and memory * passes <= MOST_WORK


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")
