"""A client hears that it is logged in before it is sent any message."""

import json
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, cast

import attrs
import pytest

from adapters.gateway.conversation import Conversation
from adapters.gateway.endings import Ending
from adapters.gateway.gateway import Gateway
from adapters.gateway.shared import Shared
from adapters.wire.answers import LoginAck
from adapters.wire.frames import OneChatFrame, number_of
from adapters.wire.incoming import IncomingBytes
from chat_domain.model import KeptToken
from chat_domain.ports.store import Tokens
from tests.unit.fakes import Ticket
from tests.unit.world import World

if TYPE_CHECKING:
    from adapters.gateway.tasks import BackgroundTasks


class RecordingLink:
    """`adapters.gateway.link.Link`."""

    peer = "127.0.0.1"

    def __init__(self) -> None:
        self.incoming = IncomingBytes()
        self.frames: list[dict[str, Any]] = []

    def takes_reads_for_frames(self) -> bool:
        return False

    def watch_drain(self, *, on: bool) -> None: ...

    def write(self, frame: bytes) -> None:
        self.frames.append(json.loads(frame))

    write_alone = write

    def is_drained(self) -> bool:
        return True

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def close(self, why: Ending) -> None: ...

    def abort(self, why: Ending) -> None: ...

    @property
    def kinds(self) -> list[int]:
        return [frame["msgid"] for frame in self.frames]


class SlowTokens:
    """A store of tokens that waits, however long, before it keeps one."""

    def __init__(self, inner: Tokens) -> None:
        self._inner = inner
        self.kept = Ticket[None]()

    async def add(self, token: KeptToken, *, sessions: int) -> None:
        await self.kept
        await self._inner.add(token, sessions=sessions)


@pytest.fixture
def world() -> World:
    return World()


def test_nothing_is_pushed_before_the_answer_to_a_login(world: World) -> None:
    """However long the token takes to be kept, and whatever asks for the mailbox meanwhile."""
    ann = world.newcomer("Ann")
    (bob,) = world.register("Bob")
    ann.says(bob, "for later")
    tokens = SlowTokens(world.store.tokens)
    slow = attrs.evolve(world.chat.tokens, tokens=cast("Tokens", tokens))
    chat = attrs.evolve(world.chat, tokens=slow)
    link = RecordingLink()
    talk = Gateway(Shared(chat, cast("BackgroundTasks", world.tasks))).joined(link)
    login = b'{"msgid":1000,"name":"Bob","password":"pw","v":2,"seq":1}\n'
    link.incoming.add(login)
    talk.received(len(login))
    world.tasks.drain()
    ticks(world, talk, range(3))
    assert link.frames == []
    tokens.kept.settle(lambda: None)
    world.tasks.drain()
    assert link.kinds == [number_of(LoginAck), number_of(OneChatFrame)]


def ticks(world: World, talk: Conversation, times: Collection[int]) -> None:
    for number in times:
        world.chat.node.tick()
        talk.tick(float(number))
        world.tasks.drain()
