"""What a program has anyway, handed in so that the rules can be tested without it."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol

Depths = Mapping[str, Callable[[], int]]  # how much waits in queues, by their names


class Hasher(Protocol):
    """Turns passwords into secrets that can be kept. Slow by design, so never on the loop."""

    async def hash(self, password: str, origin: str = "") -> str:
        """A new secret. Raises TryAgain when too many wait for one already, in all or for this
        origin: where the asking clients are. Origins take turns."""

    async def verify(self, secret: str | None, password: str, origin: str = "") -> bool:
        """Whether the password is the secret's (see `Account`).

        None (no such account) takes as long as any other and is False. So does what is neither
        marked nor a hash of ours that costs no more than a bound: a defect of the data, which
        must not be taken for a plain password. Raises TryAgain like `hash`."""

    def outdated(self, secret: str) -> bool:
        """Whether a secret that was verified should be made anew (since it is plain, say)."""


class Clock(Protocol):
    def now_ms(self) -> int:
        """UTC, milliseconds since the epoch."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary point, never going back."""


class Ids(Protocol):
    def cid(self, now_ms: int) -> str:
        """The id of an entry whose sender has given it none: unique, and beginning with the time,
        so that those of one time are together in an index."""

    def session(self) -> str:
        """A session's id: unique."""

    def token(self) -> str:
        """A token: unguessable."""


class Owner(Protocol):
    """On whose behalf something is done."""

    def labels(self) -> Mapping[str, int | str]:
        """What tells it apart from others in a log."""


class Tasks(Protocol):
    def start(self, work: Coroutine[Any, Any, None], owner: Owner | None = None) -> None:
        """Let this go on by itself, from the next turn on. It is finished before the program ends.
        owner: on whose behalf, if it is somebody's."""

    def soon(self, work: Callable[[], None]) -> None:
        """Have this done once the present turn of the event loop is over."""

    async def next_turn(self) -> None:
        """Wait until the present turn of the event loop is over."""


class Latch(Protocol):
    """Something to wait for, once."""

    def open(self) -> None:
        """Let everybody go on who waits, now and later. Idempotent."""

    async def wait(self, seconds: float) -> bool:
        """Wait until it is open, but not for longer. Return whether it is."""


class Latches(Protocol):
    def latch(self) -> Latch:
        """A new one, closed."""
