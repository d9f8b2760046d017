"""A cluster is restarted node by node while users talk, and nobody loses anything."""

import asyncio
import itertools
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import attrs

from adapters.client.chat_client import ChatClient
from adapters.client.errors import ClientError
from adapters.client.events import Event, GoingAway, Message
from tests.eventually import eventually
from tests.integration.chatter import LIVELY, beside
from tests.integration.cluster import NewCluster

PEOPLE = 12
PAUSE = 0.05  # seconds between the messages of one person


@attrs.define(eq=False)
class Talker:
    """Writes to everybody else in turn, and notes when each message is heard."""

    client: ChatClient = attrs.field(init=False)
    id: int = 0
    heard: Counter[str] = attrs.field(factory=Counter)
    delays: list[float] = attrs.field(factory=list)
    sent_away: int = 0

    def note(self, event: Event) -> None:
        if isinstance(event, Message):
            self.heard[event.text] += 1
            self.delays.append(time.monotonic() - float(event.text.partition(" ")[0]))
        self.sent_away += isinstance(event, GoingAway)

    async def talk(
        self, others: list["Talker"], enough: asyncio.Event
    ) -> list[tuple["Talker", str]]:
        """Write until told to stop; return what was acknowledged, and to whom it was written."""
        said = []
        for number, other in enumerate(itertools.cycle(others)):
            if enough.is_set():
                break
            text = f"{time.monotonic()} {self.id} {number}"
            said.append((other, text, self.client.post(other.id, text)))
            await asyncio.sleep(PAUSE)
        answers = await asyncio.gather(*(answer for *_, answer in said), return_exceptions=True)
        assert not [answer for answer in answers if isinstance(answer, ClientError)]
        return [(other, text) for other, text, _ in said]


@asynccontextmanager
async def talker(port: int, number: int) -> AsyncGenerator[Talker]:
    person = Talker()
    async with ChatClient.connect(
        "127.0.0.1", port, settings=LIVELY, on_event=person.note
    ) as person.client:
        person.id = await person.client.register(f"talker {number}", "secret")
        await person.client.login(person.id, "secret")
        yield person


async def test_a_rolling_restart_loses_nothing(new_cluster: NewCluster) -> None:
    """Every message is acknowledged and heard exactly once. Delays are printed, not judged."""
    with new_cluster(nodes=3, nginx=True) as cluster:
        async with AsyncExitStack() as stack:
            people = [
                await stack.enter_async_context(talker(cluster.nginx.port, number))
                for number in range(PEOPLE)
            ]
            enough = asyncio.Event()
            talks = [
                asyncio.create_task(one.talk([o for o in people if o is not one], enough))
                for one in people
            ]
            for node in cluster.nodes:
                await everybody_hears(people)
                assert await beside(node.stop) == 0
                await beside(node.start)
            await everybody_hears(people)
            enough.set()
            said = [message for talk in talks for message in await talk]
            await eventually(lambda: all(other.heard[text] for other, text in said))
        slowest = max(delay for one in people for delay in one.delays)
        sys.stdout.write(
            f"{len(said)} messages, {sum(one.sent_away for one in people)} times sent away,"
            f" the largest delay {slowest:.2f} s\n"
        )
        assert all(other.heard[text] == 1 for other, text in said)
        assert sum(one.sent_away for one in people) >= PEOPLE


async def everybody_hears(people: list[Talker]) -> None:
    """Wait until each has heard twenty more messages."""
    enough = [len(one.delays) + 20 for one in people]
    await eventually(
        lambda: all(len(one.delays) >= count for one, count in zip(people, enough, strict=True))
    )
