"""What any program has, passed in so that the rules can be tested without it."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol

Depths = Mapping[str, Callable[[], int]]  # the lengths of queues, by their names


class Hasher(Protocol):
    """Turns passwords into secrets that can be kept. Slow by design, so never on the event loop."""

    async def hash(self, password: str, origin: str = "") -> str:
        """A new secret. Raises TryAgain if too many callers wait for one, in total or for this
        origin (where the asking clients are). Origins take turns."""

    async def verify(self, secret: str | None, password: str, origin: str = "") -> bool:
        """Whether the password matches the secret (see `Account`).

        None (no such account) takes as long as any other and is False. So is a secret without a
        prefix that is no hash of ours whose cost is within a bound: a defect of the data, which
        must not be taken for a plain password. Raises TryAgain like `hash`.
        """

    def needs_rehash(self, secret: str) -> bool:
        """Whether a secret that was verified should be replaced (since it is plain, say)."""


class Clock(Protocol):
    def now_ms(self) -> int:
        """UTC, milliseconds since the epoch."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary point, never going back."""


class Ids(Protocol):
    def cid(self) -> str:
        """The cid of an entry whose sender gave none: unique, and beginning with the time, so that
        entries of one time are adjacent in an index."""

    def session(self) -> str:
        """A session's id: unique."""

    def token(self) -> str:
        """A token: unguessable."""


class Owner(Protocol):
    """On whose behalf something is done."""

    def labels(self) -> Mapping[str, int | str]:
        """What identifies it in the server's log."""


class Tasks(Protocol):
    def start(self, work: Coroutine[Any, Any, None], owner: Owner | None = None) -> None:
        """Run this in the background, from the next turn of the event loop on. It is finished
        before the program ends. owner: on whose behalf it runs, if on anybody's."""

    def soon(self, work: Callable[[], None]) -> None:
        """Call this once the present turn of the event loop is over."""

    async def next_turn(self) -> None:
        """Wait until the present turn of the event loop is over."""


class Latch(Protocol):
    """An event to wait for, once."""

    def open(self) -> None:
        """Wake everybody who waits, now and later. Idempotent."""

    async def wait(self, seconds: float) -> bool:
        """Wait until it is open, for this long at most. Return whether it is."""


class Timers(Protocol):
    def latch(self) -> Latch:
        """A new latch, closed."""

    async def sleep(self, seconds: float) -> None:
        """Wait this long."""
