"""Two users who talk while somebody attacks the server."""

import asyncio
import os
import ssl
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path

import attrs

from adapters.client.events import Message
from tests.eventually import eventually
from tests.integration.chatter import Chatter, back, newcomer
from tests.integration.raw_client import RawClient
from tests.integration.server_process import ServerProcess

PAUSE = 0.02  # seconds between two messages
STORED_EVERY = 10  # messages, one is for a user who is away
AT_MOST = 20.0  # seconds for one message, on a machine that is busy attacking
SLOW = 1.0  # seconds
SLOW_ONES = 20  # one in so many may be slow, and one more


@attrs.define
class Felt:
    """How long messages took, in seconds, while something went on."""

    what: str
    times: list[float] = attrs.field(factory=list)

    def __str__(self) -> str:
        ms = sorted(round(1000 * time) for time in self.times)
        if not ms:
            return f"{self.what}: no messages"
        return (
            f"{self.what}: {len(ms)} messages, median {ms[len(ms) // 2]}"
            f", 99 % within {ms[len(ms) * 99 // 100]}, slowest {ms[-1]} ms"
            f", {self.slow} of more than {SLOW:.0f} s"
        )

    @property
    def slow(self) -> int:
        return sum(time > SLOW for time in self.times)


FELT: list[Felt] = []  # in all tests; printed at their end


def _this_test() -> str:
    return os.environ["PYTEST_CURRENT_TEST"].rpartition("::")[2].partition(" ")[0]


@attrs.define
class Conversation:
    """Anna writes one message after the other to Bert, who has to get each at once.

    Now and then she writes to Cleo, who is away and has to get it later.
    """

    anna: Chatter
    bert: Chatter
    cleo: Chatter
    texts: list[str] = attrs.field(factory=list)
    for_later: list[str] = attrs.field(factory=list)
    felt: Felt = attrs.field(factory=lambda: Felt(_this_test()))

    async def go_on(self) -> None:
        while True:
            text = f"message {len(self.texts)}"
            with self._felt():
                await self.anna.client.send(self.bert.id, text)
                await eventually(partial(self._bert_has_heard, text))
            self.texts.append(text)
            if len(self.texts) % STORED_EVERY == 0:
                with self._felt():
                    await self.anna.client.send(self.cleo.id, text)
                self.for_later.append(text)
            await asyncio.sleep(PAUSE)

    @contextmanager
    def _felt(self) -> Iterator[None]:
        clock = asyncio.get_running_loop().time
        begun = clock()
        yield
        self.felt.times.append(clock() - begun)

    def _bert_has_heard(self, text: str) -> bool:
        events = reversed(self.bert.events)
        return any(isinstance(event, Message) and event.text == text for event in events)

    @contextmanager
    def during(self, what: str) -> Iterator[None]:
        """Count the messages during the `with` block separately."""
        before, self.felt = self.felt, Felt(f"{_this_test()}, {what}")
        FELT.append(self.felt)
        try:
            yield
        finally:
            self.felt = before


@asynccontextmanager
async def undisturbed(
    server: ServerProcess, tls: ssl.SSLContext | None = None
) -> AsyncGenerator[Conversation]:
    """Two users who talk during the `with` block, and shortly after, without noticing anything."""
    port = server.port
    async with newcomer(port, tls) as cleo:
        await cleo.client.logout()
    async with newcomer(port, tls) as anna, newcomer(port, tls) as bert:
        talk = Conversation(anna, bert, cleo)
        FELT.append(talk.felt)
        begun = len(FELT) - 1
        going_on = asyncio.create_task(talk.go_on())
        try:
            yield talk
        finally:
            before = len(talk.texts)
            async with asyncio.timeout(AT_MOST):
                while len(talk.texts) < before + 5 and not going_on.done():  # noqa: ASYNC110  # both go on by themselves
                    await asyncio.sleep(PAUSE)
            going_on.cancel()
            await asyncio.wait({going_on})
        if not going_on.cancelled():
            going_on.result()
        assert [text for text in bert.texts if text.startswith("message")][: len(talk.texts)] == (
            talk.texts
        )
        async with back(port, cleo, tls) as returned:
            await returned.hears(*talk.for_later)
        assert_bearable(FELT[begun:])


def assert_bearable(felt: Sequence[Felt]) -> None:
    for part in felt:
        assert max(part.times, default=0.0) < AT_MOST, part
        assert part.slow <= 1 + len(part.times) // SLOW_ONES, part


def memory_of(server: ServerProcess) -> int:
    """The resident memory of the server, in bytes."""
    lines = Path(f"/proc/{server.pid}/status").read_text().splitlines()
    (resident,) = (line.split()[1] for line in lines if line.startswith("VmRSS"))
    return 1024 * int(resident)


def come_and_go(port: int) -> None:
    """Register a user who then logs in repeatedly; nothing of this is refused."""
    with RawClient(port) as guest:
        guest.register("a guest")
        for _ in range(5):
            guest.login()
            guest.ask({"msgid": 1002})
