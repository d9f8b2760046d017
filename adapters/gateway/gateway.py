"""All conversations of this node: how they begin, their clock, and how they all end."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import suppress

from adapters.forever import forever
from adapters.gateway.conversation import Conversation
from adapters.gateway.departures import Departures
from adapters.gateway.draining import send_away
from adapters.gateway.endings import Ending
from adapters.gateway.link import Link, Receiver
from adapters.gateway.shared import Shared
from adapters.gateway.turned_away import TurnedAway
from adapters.gateway.watch import HELD_UP
from adapters.incidents import INCIDENTS
from chat_domain.errors import TooManyConnections, TryAgain

# as the log and the metric of defects call them
CLOCK, FOLLOWING, FORGETTING = "clock", "following", "forgetting"
TICK = 0.5  # seconds
FORGETS_EVERY = 600.0  # seconds
SHARES = 20  # of a tick: 10,000 conversations at once would block the event loop for some 15 ms
LAST_WORDS_TAKE = 0.1  # seconds in which the last frames reach the clients or their kernels
CLOSING_TAKES = 6.0  # seconds at most; with 2 s of draining and the rest, the end takes 10 at most


class Gateway:
    """Takes links, and gives each of them a conversation."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self.departures = Departures(shared.guard.networks.name_of)
        self._conversations: set[Conversation] = set()

    def __len__(self) -> int:
        return len(self._conversations)

    def __iter__(self) -> Iterator[Conversation]:
        return iter(tuple(self._conversations))

    def held_up(self) -> Mapping[str, int]:
        """How many conversations are held up, by reason."""
        counts: dict[str, int] = dict.fromkeys(HELD_UP, 0)
        for conversation in self._conversations:
            why = conversation.held_up()
            if why is not None:
                counts[why] += 1
        return counts

    def welcome(self, link: Link) -> Receiver:
        """Begin a conversation over a link, or turn it away politely."""
        try:
            return self.joined(link)
        except TooManyConnections as error:
            self.departures.stranger(Ending.TOO_MANY_CONNECTIONS, link.peer)
            return TurnedAway(link, error)

    def joined(self, link: Link) -> Conversation:
        """Begin a conversation over a link. Raises TooManyConnections."""
        conversation = Conversation(self.shared, link, self._left)
        self._conversations.add(conversation)
        return conversation

    def _left(self, conversation: Conversation, why: Ending) -> None:
        self._conversations.discard(conversation)
        talk, shared = conversation.talk, self.shared
        self.departures.left(talk, why, shared.chat.clock.monotonic())
        shared.guard.origins.leave(talk.origin, stranger=talk.session is None)

    async def keep_time(self) -> None:
        """Let every conversation look after its deadlines, forever."""
        await forever(CLOCK, self._tick)

    async def follow(self) -> None:
        """Ask for the log's head regularly, forever."""
        await forever(FOLLOWING, self.shared.chat.node.look)

    async def forget(self) -> None:
        """Delete what was kept for long enough regularly, forever."""
        await forever(FORGETTING, self.shared.chat.retention.forget, pause=FORGETS_EVERY)

    async def _tick(self) -> None:
        """Do one round, in TICK seconds. A failure in one conversation does not stop the others."""
        loop, survive = asyncio.get_running_loop(), INCIDENTS.survive
        everybody = list(self)
        for share in range(SHARES):
            await asyncio.sleep(TICK / SHARES)
            now = loop.time()
            for conversation in everybody[share::SHARES]:
                if not conversation.talk.gone:
                    survive(CLOCK, conversation.tick, now)
        survive(CLOCK, self.shared.chat.node.tick)
        survive(CLOCK, self.departures.tick, loop.time())

    async def close(self, drain_seconds: float = 0.0) -> None:
        """Send all clients away within that time, and hang up."""
        shared = self.shared
        shared.closing = True
        await send_away([conversation.talk for conversation in self], shared.tasks, drain_seconds)
        shared.chat.node.announcer.hurry()
        await shared.tasks.finish(CLOSING_TAKES)
        with suppress(TryAgain):  # the stored marks are a second old then
            await shared.chat.marks.write()
        for conversation in self:
            conversation.talk.link.close(Ending.SHUTTING_DOWN)
        await asyncio.sleep(LAST_WORDS_TAKE)
        for conversation in self:
            conversation.talk.link.abort(Ending.SHUTTING_DOWN)
        await shared.tasks.finish(1)
        self.departures.flush()
