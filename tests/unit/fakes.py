"""Fakes of the ports that are not storage. They never wait, sleep or do anything at random."""

import itertools
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Generator, Mapping
from typing import Any, Generic, TypeVar

import attrs

from adapters.memory.log import MemoryLog
from chat_domain.entries import (
    NO_ENTRY,
    Batch,
    Duplicate,
    Entry,
    EntryRef,
    ErasureProgress,
    LogEnds,
    LogSlice,
    Opening,
    Visibility,
)
from chat_domain.errors import ChatError, TryAgain
from chat_domain.model import PLAIN, Conversation, Friend, Muting, Preferences, User
from chat_domain.ports.log import Outcome
from chat_domain.ports.runtime import Owner

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


class UnknownPresence:
    """That of a node which cannot find out who is online."""

    async def came(self, node: str, user_ids: Collection[int]) -> None:
        raise TryAgain

    async def left(self, node: str, user_ids: Collection[int]) -> None:
        raise TryAgain

    async def where(
        self, user_ids: Collection[int], *, complete: bool = False
    ) -> dict[int, list[str]]:
        raise TryAgain

    async def users_of(self, node: str) -> list[int]:
        raise TryAgain


class CountingIds:
    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def cid(self) -> str:
        return f"cid-{next(self._numbers):08x}"

    def session(self) -> str:
        return f"session-{next(self._numbers)}"

    def token(self) -> str:
        return f"token-{next(self._numbers)}"


class OpenHasher:
    """Hashes nothing, and counts the calls that would have cost time."""

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

    def needs_rehash(self, secret: str) -> bool:
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
        except Exception as error:  # noqa: BLE001  # whatever it is, it goes to the coroutine that waits
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
    waits_for: Ticket[Any] | None = None

    def goes_on(self) -> bool:
        """Go on until it waits; return whether there is more to do."""
        try:
            self.waits_for = self.work.send(None)
        except StopIteration:
            return False
        return True


class ManualTasks:
    """Keeps what was started, and lets it go on when a test says so, in the order of the starts."""

    def __init__(self) -> None:
        self._tasks: deque[_Task] = deque()
        self._soon: list[Callable[[], None]] = []

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, work: Coroutine[Any, Any, None], owner: Owner | None = None) -> None:
        self._tasks.append(_Task(work))

    def soon(self, work: Callable[[], None]) -> None:
        self._soon.append(work)

    async def next_turn(self) -> None:
        ticket = Ticket[None]()
        self.soon(lambda: ticket.settle(lambda: None))
        await ticket

    def drain(self) -> None:
        """Go on until every task is done or waits for a ticket."""
        while self.turn():
            pass

    def turn(self) -> bool:
        """Let each task go on until it waits; return whether any could."""
        soon, self._soon = self._soon, []
        for call in soon:
            call()
        tasks, self._tasks = self._tasks, deque()
        moved = bool(soon)
        for task in tasks:
            ready = task.waits_for is None or task.waits_for.done
            moved = moved or ready
            if not ready or task.goes_on():
                self._tasks.append(task)
        return moved

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of this work, while everything else goes on as far as it can."""
        results: list[T] = []

        async def note() -> None:
            results.append(await work)

        self.start(note())
        self.drain()
        return results[0]


class ManualLatch:
    """A latch whose time-outs are by a clock that a test moves."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self._opened = False
        self.waits: list[tuple[float, Ticket[bool]]] = []

    def open(self) -> None:
        self._opened = True
        self.wake()

    async def wait(self, seconds: float) -> bool:
        if self._opened:
            return True
        ticket = Ticket[bool]()
        self.waits.append((self._clock.monotonic() + seconds, ticket))
        return await ticket

    def wake(self) -> None:
        """Let those waits go on that are over."""
        now = self._clock.monotonic()
        for until, ticket in self.waits:
            if self._opened or until <= now:
                ticket.settle(lambda: self._opened)
        self.waits = [wait for wait in self.waits if not wait[1].done]


class ManualTimers:
    """`chat_domain.ports.runtime.Timers`, by a clock that a test moves."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self._latches: list[ManualLatch] = []

    def latch(self) -> ManualLatch:
        latch = ManualLatch(self._clock)
        self._latches.append(latch)
        return latch

    async def sleep(self, seconds: float) -> None:
        await self.latch().wait(seconds)

    def wake(self) -> None:
        """Let all latches look at the clock, which has moved."""
        for latch in self._latches:
            latch.wake()


class FakeLog:
    """Another log behind a disk that a test can make fail or wait.

    failing: every operation raises TryAgain, or ends in it, and does nothing. unsure: appends end
    in TryAgain, but are committed all the same. slow_reads, slow_writes: reads or appends wait for
    `serve`; each kind is done in the order in which it came. slow_answers: the outcome of a commit
    is told only by `serve`. times_read: how often entries were read for a user. now: a clock
    instead of the inner log's.
    """

    def __init__(self, inner: MemoryLog, soon: Callable[[Callable[[], None]], object]) -> None:
        self.inner = inner
        self.reading: deque[Callable[[], None]] = deque()
        self.writing: deque[Callable[[], None]] = deque()
        self.failing = self.unsure = self.slow_reads = self.slow_writes = False
        self.slow_answers = False
        self.now: Callable[[], int] | None = None
        self.times_read = 0
        self._soon = soon

    def append(self, batch: Batch, done: Callable[[Outcome], None]) -> None:
        def commit() -> None:
            if self.failing:
                outcome: Outcome = TryAgain()
            else:
                outcome = self.inner.commit(batch)
                if self.unsure:
                    outcome = TryAgain()
            if self.slow_answers:
                self.writing.append(lambda: done(outcome))
            else:
                self._soon(lambda: done(outcome))

        if self.slow_writes:
            self.writing.append(commit)
        else:
            commit()

    async def ends(self, last: EntryRef = NO_ENTRY, epoch: str = "") -> LogEnds:
        return await self._read(lambda: self.inner.ends(last, epoch))

    async def now_ms(self) -> int:
        return await self._read(self.inner.now_ms) if self.now is None else self.now()

    async def renew(self) -> str:
        return await self._read(self.inner.renew)

    async def tail(self, after: int, limit: int) -> LogSlice:
        return await self._read(lambda: self.inner.tail(after, limit))

    async def read(self, user_id: int, after: int, limit: int) -> LogSlice:
        self.times_read += 1
        return await self._read(lambda: self.inner.read(user_id, after, limit))

    async def missed(self, user_id: int, after: int, most: int) -> int:
        return await self._read(lambda: self.inner.missed(user_id, after, most))

    async def page(
        self, user_id: int, conv: int, *, before: int | None, after: int, limit: int
    ) -> list[Entry]:
        return await self._read(
            lambda: self.inner.page(user_id, conv, before=before, after=after, limit=limit)
        )

    async def visibility(self, user_id: int, conv: int) -> Visibility | None:
        return await self._read(lambda: self.inner.visibility(user_id, conv))

    async def conversations(
        self, user_id: int, before: int | None, limit: int
    ) -> list[Conversation]:
        return await self._read(lambda: self.inner.conversations(user_id, before, limit))

    async def undelivered(self, user_id: int, sender_id: int, most: int) -> int:
        return await self._read(lambda: self.inner.undelivered(user_id, sender_id, most))

    async def may_begin(self, user_id: int, other_id: int, most: int) -> bool:
        return await self._read(lambda: self.inner.may_begin(user_id, other_id, most))

    async def opening(self, user_id: int) -> Opening:
        return await self._read(lambda: self.inner.opening(user_id))

    async def mark(
        self, marks: Mapping[tuple[int, int], int], epoch: str = "", last: EntryRef = NO_ENTRY
    ) -> None:
        await self._read(lambda: self.inner.mark(marks, epoch, last))

    async def reads(self, conv: int, most: int) -> dict[int, int]:
        return await self._read(lambda: self.inner.reads(conv, most))

    async def forget(self, before_ms: int, limit: int) -> int:
        return await self._read(lambda: self.inner.forget(before_ms, limit))

    async def erase(
        self, user_id: int, so_far: ErasureProgress, upto: int, limit: int
    ) -> ErasureProgress:
        return await self._read(lambda: self.inner.erase(user_id, so_far, upto, limit))

    async def forget_of(self, conv: int, before_ms: int, limit: int) -> int:
        return await self._read(lambda: self.inner.forget_of(conv, before_ms, limit))

    async def _read(self, begin: Callable[[], Coroutine[Any, Any, T]]) -> T:
        if not self.slow_reads:
            return self._do(begin)
        ticket = Ticket[T]()
        self.reading.append(lambda: ticket.settle(lambda: self._do(begin)))
        return await ticket

    def _do(self, begin: Callable[[], Coroutine[Any, Any, T]]) -> T:
        if self.failing:
            raise TryAgain
        return finished(begin())

    def serve(self) -> None:
        """Do what waits, the appends first."""
        for queue in (self.writing, self.reading):
            while queue:
                queue.popleft()()


@attrs.frozen
class Answer:
    """What a client was told about something that it wrote."""

    tag: int | None
    at: int
    error: ChatError | None

    @property
    def status(self) -> str:
        """One word for it."""
        return "accepted" if self.error is None else type(self.error).__name__


class RecordingClient:
    """Notes what it is told, and takes nothing over by itself."""

    def __init__(self) -> None:
        self.sent = 0
        self.entries: list[Entry] = []
        self.answers: list[Answer] = []
        self.marks: list[tuple[int, int]] = []
        self.reads: list[tuple[int, int, int]] = []  # users, conversations, positions
        self.typing: list[tuple[str, int]] = []  # names, conversations
        self.settings: list[tuple[Preferences, Muting | None]] = []
        self.friends: list[Friend] = []
        self.notices: list[str] = []

    @property
    def texts(self) -> list[str]:
        return [entry.text for entry in self.entries if entry.change is None]

    @property
    def changes(self) -> list[str]:
        return [entry.change.what for entry in self.entries if entry.change is not None]

    @property
    def positions(self) -> list[int]:
        return [entry.at for entry in self.entries]

    @property
    def statuses(self) -> list[str]:
        return [answer.status for answer in self.answers]

    def show(self, entry: Entry) -> None:
        self.entries.append(entry)
        self.sent = entry.at

    show_late = show

    def accepted(self, tag: int | None, entry: Entry | Duplicate) -> None:
        self.answers.append(Answer(tag, entry.at, None))

    def refused(self, error: ChatError, tag: int | None) -> None:
        self.answers.append(Answer(tag, 0, error))

    def delivered(self, user_id: int, got: int) -> None:
        self.marks.append((user_id, got))

    def read_marks_changed(self, user_id: int, marks: Mapping[int, int]) -> None:
        self.reads += [(user_id, conv, at) for conv, at in marks.items()]

    def user_typing(self, user: User, conv: int) -> None:
        self.typing.append((user.name, conv))

    def settings_changed(self, preferences: Preferences, muting: Muting | None) -> None:
        self.settings.append((preferences, muting))

    def reset(self) -> None:
        self.notices.append("reset")

    def friend_changed(self, friend: Friend) -> None:
        self.friends.append(friend)

    def notice(self, text: str) -> None:
        self.notices.append(text)

    def replaced(self) -> None:
        self.notices.append("replaced")

    def dropped(self) -> None:
        self.notices.append("dropped")

    def revoked(self) -> None:
        self.notices.append("revoked")
