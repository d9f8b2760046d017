"""A node without an event loop, and the connections to it."""

from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import attrs

from chat_domain.chat import Chat
from chat_domain.delivery.session import Session
from chat_domain.hints import Hint
from chat_domain.model import Friend, Message
from chat_domain.ports import client
from tests.unit.delivery.lossy_hub import LossyBroker
from tests.unit.fakes import ManualTasks

if TYPE_CHECKING:
    from tests.unit.delivery.person import Person

Frame = Callable[[], Awaitable[None] | None]


class MortalTasks(ManualTasks):
    """Tasks that can die with their node."""

    def close(self) -> None:
        while self._tasks:
            work = self._tasks.popleft().work
            with suppress(RuntimeError):  # it waits for something on its way out
                work.close()
            work.close()


@attrs.define(eq=False)
class Site:
    """A node. A hung one does nothing, but for what it had begun before."""

    name: str
    chat: Chat
    tasks: MortalTasks
    broker: LossyBroker
    hung: bool = False
    links: list["Link"] = attrs.field(factory=list)


@attrs.define(eq=False)
class Link:
    """A connection: the far end of a session, and the frames that wait to be handled."""

    person: "Person"
    site: Site
    number: int
    session: Session | None = None
    gone: bool = False  # the server has noticed its end
    wants_answers = True
    pushes: list[tuple[int, Message]] = attrs.field(factory=list)
    frames: deque[Frame] = attrs.field(factory=deque)
    busy: bool = False

    def push(self, number: int, message: Message, *, stored: bool) -> None:
        self.pushes.append((number, message))

    def answered(self, answer: client.Answer) -> None:
        if answer.tag is not None:
            self.person.is_told(self, answer.tag, answer, answer.error)

    def friend_changed(self, friend: Friend) -> None:
        """Nobody looks."""

    def tell(self, hint: Hint) -> None:
        """Nobody reads it."""

    def replaced(self) -> None:
        self.lose()

    def dropped(self) -> None:
        self.lose()

    def thrown_out(self) -> None:
        self.lose()

    def lose(self) -> None:
        """The server notices the end of the connection."""
        self.end()
        self.person.loses(self)
        if self.session is not None:
            self.site.tasks.start(self.site.chat.logins.end(self.session))

    def end(self) -> None:
        """What has not been handled by now never is."""
        self.gone = True
        self.frames.clear()
        self.person.world.note("cut", wire=self.number)

    def take(self, frame: Frame) -> None:
        self.frames.append(frame)
        self.go_on()

    def go_on(self) -> None:
        """Handle frames in their order, none while one is waited for."""
        if self.site.hung:
            return
        while self.frames and not self.busy and not self.gone:
            self.site.chat.node.check_lease()
            unfinished = self.frames.popleft()()
            if unfinished is not None:
                self.busy = True
                self.site.tasks.start(self._finish(unfinished))

    async def _finish(self, unfinished: Awaitable[None]) -> None:
        await unfinished
        self.busy = False
        self.go_on()
