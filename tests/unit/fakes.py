"""Fakes of the ports that are no storage. Nothing of them waits, sleeps or is random."""

import itertools
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Generator, Sequence
from typing import Any, Generic, TypeVar

import attrs

from chat_domain.errors import ChatError, TryAgain
from chat_domain.hints import Hint
from chat_domain.model import PLAIN, Entry, Filing, Friend, Message
from chat_domain.ports import client
from chat_domain.ports.runtime import Owner
from chat_domain.ports.store import Mailbox

T = TypeVar("T")


class ManualClock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.ms = 1_790_000_000_000

    def now_ms(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.ms / 1000

    def advance(self, seconds: float) -> None:
        self.ms += round(seconds * 1000)


class CountingIds:
    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def mid(self, now_ms: int) -> str:
        return f"{now_ms:012x}-{next(self._numbers):08x}"

    def session(self) -> str:
        return f"session-{next(self._numbers)}"

    def token(self) -> str:
        return f"token-{next(self._numbers)}"


class OpenHasher:
    """Hides nothing, and counts what would have cost time."""

    def __init__(self) -> None:
        self.verified = self.hashed = 0
        self.busy = False

    async def hash(self, password: str, origin: str = "") -> str:
        if self.busy:
            raise TryAgain
        self.hashed += 1
        return f"hash of {password}"

    async def verify(self, secret: str | None, password: str, origin: str = "") -> bool:
        if self.busy:
            raise TryAgain
        self.verified += 1
        return secret in (PLAIN + password, f"hash of {password}")

    def outdated(self, secret: str) -> bool:
        return not secret.startswith("hash of ")


class Ticket(Generic[T]):
    """What a coroutine waits for, outside any event loop."""

    def __init__(self) -> None:
        self.done = False
        self._result: T | None = None
        self._error: Exception | None = None

    def settle(self, work: Callable[[], T]) -> None:
        try:
            self._result = work()
        except Exception as error:  # noqa: BLE001  # whatever it is, it is the waiting one's
            self._error = error
        self.done = True

    def __await__(self) -> Generator["Ticket[T]", None, T]:
        while not self.done:
            yield self
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]  # it was settled


def finished(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that has nothing to wait for."""
    try:
        work.send(None)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]  # of the coroutine's own type
    raise AssertionError("it waits for something")


@attrs.define(eq=False)
class _Task:
    work: Coroutine[Any, Any, None]
    ended: Ticket[None] = attrs.field(factory=Ticket)
    waits_for: Ticket[Any] | None = None

    def goes_on(self) -> bool:
        """Whether there is more to be done."""
        try:
            self.waits_for = self.work.send(None)
        except StopIteration:
            self.ended.settle(lambda: None)
            return False
        return True


class ManualTasks:
    """Keeps what was started, and lets it go on when a test says so, in the order of its start."""

    def __init__(self) -> None:
        self._tasks: deque[_Task] = deque()

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, work: Coroutine[Any, Any, None], owner: Owner | None = None) -> Ticket[None]:
        task = _Task(work)
        self._tasks.append(task)
        return task.ended

    def drain(self) -> None:
        """Go on until all is done, or waits for a ticket."""
        while self.turn():
            pass

    def turn(self) -> bool:
        """Let each go on until it waits; return whether any could."""
        tasks, self._tasks = self._tasks, deque()
        moved = False
        for task in tasks:
            ready = task.waits_for is None or task.waits_for.done
            moved = moved or ready
            if not ready or task.goes_on():
                self._tasks.append(task)
        return moved

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of this, and all that goes on besides it, as far as it can."""
        results: list[T] = []

        async def note() -> None:
            results.append(await work)

        self.start(note())
        self.drain()
        return results[0]


class FakeMailbox:
    """Another mailbox behind a disk that a test can make fail or wait.

    failing: every operation raises TryAgain and does nothing. unsure: it raises TryAgain, but
    writes were done all the same. slow_reads, slow_writes: they wait for `serve`; the reads
    among themselves and the writes among themselves are done in the order in which they came.
    """

    def __init__(self, inner: Mailbox) -> None:
        self.inner = inner
        self.reading: deque[Callable[[], None]] = deque()
        self.writing: deque[Callable[[], None]] = deque()
        self.failing = self.unsure = self.slow_reads = self.slow_writes = False
        self.reads = 0

    async def add(self, entries: Sequence[Entry]) -> list[Filing]:
        return await self._write(lambda: self.inner.add(entries))

    async def read(self, user_id: int, limit: int, without: Collection[str]) -> list[Message]:
        self.reads += 1
        return await self._operation(
            self.reading if self.slow_reads else None,
            lambda: self.inner.read(user_id, limit, without),
        )

    async def sent(self, sender_id: int, recipients: Collection[int]) -> list[Entry]:
        return await self._operation(None, lambda: self.inner.sent(sender_id, recipients))

    async def remove(self, user_id: int, mids: Collection[str]) -> None:
        await self._write(lambda: self.inner.remove(user_id, mids))

    async def _write(self, begin: Callable[[], Coroutine[Any, Any, T]]) -> T:
        return await self._operation(self.writing if self.slow_writes else None, begin)

    async def _operation(
        self, queue: deque[Callable[[], None]] | None, begin: Callable[[], Coroutine[Any, Any, T]]
    ) -> T:
        if queue is None:
            return self._do(begin)
        ticket = Ticket[T]()
        queue.append(lambda: ticket.settle(lambda: self._do(begin)))
        return await ticket

    def _do(self, begin: Callable[[], Coroutine[Any, Any, T]]) -> T:
        if self.failing:
            raise TryAgain
        result = finished(begin())
        if self.unsure:
            raise TryAgain
        return result

    def serve(self) -> None:
        """Do what waits, the writes first."""
        for queue in (self.writing, self.reading):
            while queue:
                queue.popleft()()


@attrs.frozen
class Push:
    number: int
    message: Message
    stored: bool

    @property
    def text(self) -> str:
        return self.message.text


@attrs.frozen
class Answer:
    """What a receipt said when it was given to the client."""

    tag: int | None
    mid: str
    stored: bool
    refused: list[int] | None
    error: ChatError | None

    @property
    def status(self) -> str:
        """One word for it."""
        if self.error is not None:
            return type(self.error).__name__
        return "stored" if self.stored else "delivered"


class RecordingClient:
    """Notes what it is told. It takes nothing over by itself."""

    def __init__(self, *, wants_answers: bool = True) -> None:
        self.wants_answers = wants_answers
        self.pushes: list[Push] = []
        self.answers: list[Answer] = []
        self.friends: list[Friend] = []
        self.notices: list[str] = []

    @property
    def texts(self) -> list[str]:
        return [push.text for push in self.pushes]

    @property
    def numbers(self) -> list[int]:
        return [push.number for push in self.pushes]

    @property
    def statuses(self) -> list[str]:
        return [answer.status for answer in self.answers]

    def push(self, number: int, message: Message, *, stored: bool) -> None:
        self.pushes.append(Push(number, message, stored))

    def answered(self, answer: client.Answer) -> None:
        self.answers.append(
            Answer(answer.tag, answer.message.mid, answer.stored, answer.refused, answer.error)
        )

    def friend_changed(self, friend: Friend) -> None:
        self.friends.append(friend)

    def tell(self, hint: Hint) -> None:
        self.notices.append(str(hint))

    def replaced(self) -> None:
        self.notices.append("replaced")

    def dropped(self) -> None:
        self.notices.append("dropped")

    def thrown_out(self) -> None:
        self.notices.append("thrown out")
