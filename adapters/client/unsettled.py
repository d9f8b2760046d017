"""The chats without an answer, and the futures of those who wait for them."""

import asyncio
from collections.abc import Callable

from msgspec.structs import replace

from adapters.client import events
from adapters.client.errors import Refused
from adapters.client.event_mapping import event_of_refusal
from adapters.client.journal import Journal
from adapters.client.outbox import Chat
from adapters.client.protocol import ClientProtocol
from adapters.wire.answers import Answer

Outcome = events.Ack | Exception


class Unsettled:
    """Begins with what an earlier program has left unsent. Nobody waits for those chats, so
    `deliver` is called if one is refused."""

    def __init__(
        self, protocol: ClientProtocol, journal: Journal, deliver: Callable[[events.Event], None]
    ) -> None:
        self._protocol = protocol
        self._journal = journal
        self._deliver = deliver
        self._acks: dict[str, asyncio.Future[events.Ack]] = {}
        self._inherited = dict(journal.saved.unsent)
        for cid in self._inherited:
            self._expect(cid).add_done_callback(_retrieve)
        self._progress = asyncio.Event()

    def __len__(self) -> int:
        return len(self._acks)

    def post(self, cid: str, chat: Chat) -> asyncio.Future[events.Ack]:
        """See `Connection.post`."""
        waiting = self._protocol.waiting(cid)
        if waiting is not None:
            if waiting != replace(chat, cid=cid):
                raise Refused.named("cid_conflict", "another message with this cid is waiting")
            # If it was cancelled, nobody waits for it any more.
            return self._expect(cid) if self._acks[cid].cancelled() else self._acks[cid]
        self._protocol.post(cid, chat)
        self._journal.record_chat(cid, chat)
        return self._expect(cid)

    def _expect(self, cid: str) -> asyncio.Future[events.Ack]:
        self._acks[cid] = asyncio.get_running_loop().create_future()
        return self._acks[cid]

    def settle(self, cid: str, outcome: Outcome) -> None:
        """A chat has this outcome."""
        future = self._settled(cid, outcome)
        self._note_progress()
        if future.done():
            return
        if isinstance(outcome, events.Ack):
            future.set_result(outcome)
        else:
            future.set_exception(outcome)

    def forget(self, why: Exception) -> None:
        """Let all of them fail with this reason."""
        for cid in self._protocol.forget_messages():
            fail(self._settled(cid, why), why)
        self._note_progress()

    def _settled(self, cid: str, outcome: Outcome) -> asyncio.Future[events.Ack]:
        self._journal.record_outcome(cid, outcome)
        chat = self._inherited.pop(cid, None)
        if chat is not None and isinstance(outcome, Refused):
            self._deliver(event_of_refusal(cid, chat, outcome))
        return self._acks.pop(cid)

    async def progress(self) -> None:
        """Wait until a chat is settled."""
        await self._progress.wait()

    def _note_progress(self) -> None:
        self._progress.set()
        self._progress = asyncio.Event()


def fail(future: asyncio.Future[Answer] | asyncio.Future[events.Ack], why: Exception) -> None:
    if not future.done():
        future.add_done_callback(_retrieve)
        future.set_exception(why)


def _retrieve(future: asyncio.Future[Answer] | asyncio.Future[events.Ack]) -> None:
    """The caller may be gone already; keep asyncio from warning about that."""
    if not future.cancelled():
        future.exception()
