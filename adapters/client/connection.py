"""Runs a ClientProtocol on the event loop, over one TCP connection at a time.

This class only decides when to write and when to check the time. What the protocol has to send is
written once per turn of the loop, however much was requested in that turn.
"""

import asyncio
import math
from collections.abc import Callable

from adapters.client import events
from adapters.client.backoff import Backoff
from adapters.client.cids import Cids
from adapters.client.codec import refusal
from adapters.client.errors import ConnectionLost
from adapters.client.journal import Journal
from adapters.client.link import Address, Link
from adapters.client.outbox import Chat
from adapters.client.outputs import Answered, Broken, Output, Settled, State
from adapters.client.position import Position
from adapters.client.protocol import ClientProtocol
from adapters.client.settings import Settings
from adapters.client.unsettled import Unsettled, fail
from adapters.wire.answers import Answer, LoginAck
from adapters.wire.declaring import AnyRequest


class Connection:
    """Requests and chats become futures; events are passed to `deliver` at once.

    has_room: returns whether more entries of the log can be delivered. unsettled: the chats without
    an answer.
    """

    def __init__(
        self,
        settings: Settings,
        hold: Backoff,
        cids: Cids,
        journal: Journal,
        *,
        deliver: Callable[[events.Event], None],
        has_room: Callable[[], bool],
    ) -> None:
        self._settings = settings
        self._journal = journal
        self._protocol = ClientProtocol(settings, hold, cids)
        self._deliver = deliver
        self._has_room = has_room
        self._loop = asyncio.get_running_loop()
        self._link: Link | None = None
        self._requests: dict[int, asyncio.Future[Answer]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._drop_by = math.inf
        self._flushing = False
        self._hung_up = False
        self.lost: asyncio.Future[ConnectionLost] = self._loop.create_future()
        self._protocol.restore(journal.saved)
        self.unsettled = Unsettled(self._protocol, journal, deliver)

    @property
    def state(self) -> State:
        return self._protocol.state

    @property
    def turned_away(self) -> bool:
        """Whether a server has closed the connection, and none has ever sent anything valid."""
        return self._hung_up and not self._protocol.greeted

    @property
    def position(self) -> Position | None:
        """Where the next session begins; None while that is not known."""
        return self._protocol.stream.position

    @property
    def done(self) -> Position | None:
        """The position up to which the application is done with everything."""
        return self._protocol.stream.done

    def finish(self, entry: events.Message | events.Changed) -> None:
        """The application is done with this entry and all that it was given before."""
        self._protocol.stream.finish(entry)
        self._flush_soon()

    async def open(self, address: Address) -> None:
        """Connect. Raises OSError or TimeoutError."""
        async with asyncio.timeout(self._settings.connect_within):
            await self._loop.create_connection(
                lambda: Link(self._on_made, self._on_data, self._on_closed),
                address.host,
                address.port,
                ssl=address.tls,
            )

    def _on_made(self, link: Link) -> None:
        """Data may arrive, or the connection end, before `open` returns."""
        self._link = link
        self.lost = self._loop.create_future()
        self._protocol.connection_made(self._loop.time())
        self._drop_by = math.inf
        self._set_timer()

    def request(self, request: AnyRequest) -> asyncio.Future[Answer]:
        """Send a request. The future yields the answer, or fails with Refused or ConnectionLost."""
        self._check_open()
        return self._expect(self._protocol.request(request))

    def send_and_forget(self, request: AnyRequest) -> None:
        """Send a request that has no answer; dropped if nobody is logged in."""
        self._protocol.send_and_forget(request)
        self._flush_soon()

    def log_out(self) -> asyncio.Future[Answer]:
        self._check_open()
        return self._expect(self._protocol.log_out())

    def post(self, cid: str, chat: Chat) -> asyncio.Future[events.Ack]:
        """Queue a chat. It is sent now or on a later connection, until it is answered. A second
        chat with its cid is the same chat; raises Refused if the content differs."""
        future = self.unsettled.post(cid, chat)
        self._flush_soon()
        return future

    def catch_up(self) -> None:
        """There is room again: leave a server that sent more than there was room for, since the
        next connection brings it, but give pending requests some time for their answers first."""
        if self._protocol.stream.missed and self._link is not None:
            self._drop_by = min(self._drop_by, self._loop.time() + self._settings.request_within)
            self._drop_if_idle()

    def _drop_if_idle(self) -> None:
        if not self._requests or self._loop.time() >= self._drop_by:
            self.drop("more came than the program could take")

    def drop(self, why: str | ConnectionLost) -> None:
        """Give up the connection at once."""
        if self._link is not None:
            link = self._link
            link.abort()
            self._on_lost(link, why)

    async def close(self) -> None:
        """Write what is left, and close."""
        link = self._link
        if link is None:
            return
        self._protocol.send_taken()
        self._flush()
        self._on_lost(link, "closed")
        await link.close(self._settings.greet_within)

    def _expect(self, seq: int) -> asyncio.Future[Answer]:
        future: asyncio.Future[Answer] = self._loop.create_future()
        self._requests[seq] = future
        self._flush_soon()
        return future

    def _check_open(self) -> None:
        if self._link is None:
            raise ConnectionLost("there is no connection")

    def _on_data(self, link: Link, data: bytes) -> None:
        if link is not self._link:
            return
        self._protocol.room = self._has_room()
        for output in self._protocol.receive(data, self._loop.time()):
            self._dispatch(output)
        self._journal.record_position(self._protocol.stream.position)
        self._flush_soon()

    def _dispatch(self, output: Output) -> None:
        if isinstance(output, Settled):
            self.unsettled.settle(output.cid, output.outcome)
        elif isinstance(output, Answered):
            self._answer(output)
        elif isinstance(output, Broken):
            self.drop(output.trouble)
        else:
            self._deliver(output)

    def _answer(self, answered: Answered) -> None:
        if isinstance(answered.answer, LoginAck) and self._protocol.user_id == answered.answer.id:
            self._journal.record_login(answered.answer)
        future = self._requests.pop(answered.seq, None)
        if future is None or future.done():
            return
        refused = refusal(answered.answer)
        if refused is None:
            future.set_result(answered.answer)
        else:
            future.set_exception(refused)

    def _on_closed(self, link: Link, why: str) -> None:
        self._hung_up |= link is self._link
        self._on_lost(link, why)

    def _on_lost(self, link: Link, why: str | ConnectionLost) -> None:
        if link is not self._link:
            return
        self._link = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._protocol.connection_lost()
        trouble = ConnectionLost(why) if isinstance(why, str) else why
        requests, self._requests = self._requests, {}
        for future in requests.values():
            fail(future, trouble)
        self.lost.set_result(trouble)

    def _flush_soon(self) -> None:
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        if self._link is not None:
            self._protocol.pump(self._loop.time())
            data = self._protocol.data_to_send()
            if data:
                self._link.write(data)
            self._set_timer()

    def _set_timer(self) -> None:
        """Arrange for `_tick` when something is due, and every `Settings.tick` in any case."""
        now = self._loop.time()
        when = now + self._settings.tick
        due = self._protocol.due
        if due is not None and due > now:  # if past, it waits for something else, too
            when = min(when, due)
        if self._timer is not None:
            if self._timer.when() <= when:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._tick)

    def _tick(self) -> None:
        self._timer = None
        why = self._protocol.tick(self._loop.time())
        if why is not None:
            self.drop(why)
            return
        self._flush()
        if self._drop_by < math.inf:
            self._drop_if_idle()
