"""ChatClient as used by a program that nobody watches."""

import asyncio
import logging
from collections.abc import Iterator

import attrs
import pytest

from adapters.client import ChatClient, ConnectionLost, Event, Message, Refused, SessionEnded
from tests.unit.client.fake_chat_server import TAKEN, TIMEOUT, FakeServer, push
from tests.unit.client.fellows import HASTY, both, connected, cut_off, logged_in, until

LOGIN, RESUME = 1000, 1015


class Log(logging.Handler):
    """Keeps what is logged. anything: set once there is something."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []
        self.anything = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)
        self.anything.set()

    def text(self) -> str:
        return "\n".join(map(self.format, self.records))


@pytest.fixture
def log() -> Iterator[Log]:
    log, root = Log(), logging.getLogger()
    root.addHandler(log)
    yield log
    root.removeHandler(log)


async def test_a_handler_that_fails_is_logged_and_has_the_next_event(
    server: FakeServer, log: Log
) -> None:
    """The event that it has failed on counts as done. The log does not contain the message's
    text."""
    had: list[int] = []

    async def handle(event: Event) -> None:
        if isinstance(event, Message):
            had.append(event.at)
            if event.at == 1:
                raise ZeroDivisionError

    settings = attrs.evolve(HASTY, taken_every=0.0)
    async with logged_in(server, settings) as (client, peer):
        serving = asyncio.create_task(client.serve(handle))
        peer.say_together(push(1, "a"), push(2, "b"))
        while (await peer.hear(TAKEN))["at"] < 2:
            pass
        assert had == [1, 2]
        serving.cancel()
    errors = [one for one in log.records if one.levelno >= logging.ERROR]
    assert [one.getMessage() for one in errors] == ["the handler failed on a Message"]
    assert "ZeroDivisionError" in log.text()
    assert "hello" not in log.text()


async def test_serving_ends_where_there_is_no_connection_any_more(server: FakeServer) -> None:
    """The event that the handler was working on does not count as done."""

    async def handle(event: Event) -> None:
        if isinstance(event, Message):
            await client.send(15, "yes")

    async with logged_in(server, reconnect=False) as (client, peer):
        serving = asyncio.create_task(client.serve(handle))
        peer.say_together(push(1, "a"))
        await peer.hear(1005)
        await peer.hang_up()
        with pytest.raises(ConnectionLost):
            await asyncio.wait_for(serving, TIMEOUT)
        assert client.position is not None
        assert client.position.since == 0


async def test_events_raise_where_there_is_no_way_back_in(server: FakeServer) -> None:
    """This happens after the password was changed elsewhere. The exception has the server's
    reason."""
    async with logged_in(server) as (client, peer):
        second = await cut_off(server, peer)
        await second.turn_away(RESUME, 4, "bad_token")
        await second.turn_away(LOGIN, 3, "bad_credentials")
        ended = await until(client, SessionEnded)
        assert ended.refusal.error == "bad_credentials"
        with pytest.raises(Refused, match="bad_credentials"):
            await until(client, Message)


async def test_events_can_go_on_with_another_login(server: FakeServer) -> None:
    """An application that shows its menu again needs this."""
    had: asyncio.Queue[Event] = asyncio.Queue()

    async def read() -> None:
        async for event in client.events(lasting=True):
            had.put_nowait(event)

    async with logged_in(server) as (client, peer):
        reading = asyncio.create_task(read())
        peer.say(msgid=1016)
        while not isinstance(await had.get(), SessionEnded):
            pass
        await both(client.login(13, "secret"), peer.admit(LOGIN))
        peer.say_together(push(1, "a"))
        assert isinstance(await asyncio.wait_for(had.get(), TIMEOUT), Message)
        reading.cancel()


async def test_events_end_with_the_client(server: FakeServer) -> None:
    """A loop that still reads them ends."""
    async with logged_in(server) as (client, _):
        events = client.events()
    assert [type(event).__name__ async for event in events] == ["Connected"]


async def test_a_client_can_wait_for_a_server(log: Log) -> None:
    """It waits as long as necessary, and logs what it waits for."""
    async with FakeServer().listening() as gone:
        port = gone.port
    server = FakeServer()

    async def come_up() -> None:
        await log.anything.wait()
        async with server.listening(port):
            await (await server.accept()).admit()

    async def log_in() -> None:
        async with ChatClient.connect("127.0.0.1", port, retry=True, settings=HASTY) as client:
            await client.login(13, "secret")

    await both(log_in(), come_up())
    waited = f"cannot connect to 127.0.0.1:{port}: nothing is listening there; trying again"
    assert waited in log.text()


@pytest.mark.parametrize("error", ["too_many_connections", "too_many_failures", "already_online"])
async def test_a_login_can_wait_for_its_place(server: FakeServer, error: str) -> None:
    """Without `wait`, the refusal is raised."""
    async with connected(server) as (client, peer):
        with pytest.raises(Refused, match=error):
            await both(client.login(13, "secret"), peer.turn_away(LOGIN, 52, error))
        waiting = asyncio.create_task(client.login(13, "secret", wait=True))
        for _ in range(3):
            await peer.turn_away(LOGIN, 52, error)
        await peer.admit()
        assert (await waiting).id == 13


async def test_a_login_that_waits_is_patient(server: FakeServer) -> None:
    """It waits beyond the usual patience, but a wrong password fails at once."""
    settings = attrs.evolve(HASTY, patience=0.01)
    async with connected(server, settings) as (client, peer):
        waiting = asyncio.create_task(client.login(13, "secret", wait=True))
        for _ in range(10):
            await peer.turn_away(LOGIN, 50, "try_again")
        await peer.turn_away(LOGIN, 3, "bad_credentials")
        with pytest.raises(Refused, match="bad_credentials"):
            await waiting


async def test_a_server_that_only_hangs_up_is_no_tls_server(server: FakeServer) -> None:
    """The client tries again, while a second connection finds out whether the port expects TLS."""
    async with connected(server) as (client, peer):
        waiting = asyncio.create_task(client.login(13, "secret"))
        await peer.hear(LOGIN)
        await peer.hang_up()
        answering = [asyncio.create_task((await server.accept()).admit()) for _ in range(2)]
        assert (await waiting).id == 13
        for task in answering:
            task.cancel()
        await asyncio.gather(*answering, return_exceptions=True)
