"""Passwords as argon2id hashes, computed on a few threads of their own."""

import hmac
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import argon2

from adapters.turns import Turns

T = TypeVar("T")

THREADS = 2
WAITING = 200  # jobs; at some 35 ms each on two threads the last one waits for 3.5 s


def _nothing() -> None:
    pass


class Argon2Hasher:
    """OWASP's second choice of parameters: 19 MiB, two passes. (`chat_domain.ports.Hasher`)

    cheap: parameters that cost next to nothing, for tests alone.
    """

    def __init__(
        self,
        *,
        cheap: bool = False,
        threads: int = THREADS,
        waiting: int = WAITING,
        refused: Callable[[], None] = _nothing,
    ) -> None:
        memory, passes = (8, 1) if cheap else (19_456, 2)
        self._argon2 = argon2.PasswordHasher(
            time_cost=passes, memory_cost=memory, parallelism=1, type=argon2.Type.ID
        )
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="passwords")
        self._turns = Turns(self._pool, hands=threads, waiting=waiting, refused=refused)
        self._nobody = self._argon2.hash("")

    async def hash(self, password: str, origin: str = "") -> str:
        return await self._run(lambda: self._argon2.hash(_bytes(password)), origin)

    async def verify(self, secret: str | None, password: str, origin: str = "") -> bool:
        return await self._run(lambda: self._verify(secret, password), origin)

    def outdated(self, secret: str) -> bool:
        return not secret.startswith("$argon2id$") or self._argon2.check_needs_rehash(secret)

    def waiting(self) -> int:
        """How many passwords wait for their turn."""
        return len(self._turns)

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    async def _run(self, job: Callable[[], T], origin: str = "") -> T:
        return await self._turns.run(job, origin)

    def _verify(self, secret: str | None, password: str) -> bool:
        hashed = secret is not None and secret.startswith("$argon2")
        # Whatever there is to compare with, one hash is computed: the time tells nothing.
        matches = self._matches(secret if hashed and secret else self._nobody, password)
        if secret is None or hashed:
            return matches and secret is not None
        return hmac.compare_digest(_bytes(secret), _bytes(password))

    def _matches(self, hashed: str, password: str) -> bool:
        try:
            return self._argon2.verify(hashed, _bytes(password))
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")
