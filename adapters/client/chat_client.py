"""The client as a program uses it: see docs/client.md."""

import asyncio
import random
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager

from msgspec.structs import replace

from adapters.client import codec
from adapters.client.asking import id_or_name
from adapters.client.backoff import Backoff
from adapters.client.cids import Cids
from adapters.client.connection import Connection
from adapters.client.conversations import Conversations
from adapters.client.errors import Refused
from adapters.client.events import Event
from adapters.client.groups import Groups
from adapters.client.inbox import Inbox
from adapters.client.keeper import Address, Identity, Keeper, beginning_at
from adapters.client.people import People
from adapters.client.position import Position
from adapters.client.settings import Settings
from adapters.client.writing import Writing
from adapters.wire import requests
from chat_domain.model import Resumable, User

_DEFAULTS = Settings()
_LONGEST_HOLD = 5.0  # seconds between attempts at a message that is refused for the moment


class ChatClient(Writing, Conversations, Groups, People):
    """One user of the chat server.

    Unless said otherwise methods raise Refused, with the server's reason, or ConnectionLost.
    While the connection is away, they wait for it for `Settings.patience`.
    """

    @classmethod
    @asynccontextmanager
    async def connect(
        cls,
        host: str,
        port: int,
        *,
        reconnect: bool = True,
        tls: ssl.SSLContext | None = None,
        settings: Settings = _DEFAULTS,
        on_event: Callable[[Event], None] | None = None,
        rng: random.Random | None = None,
    ) -> AsyncGenerator["ChatClient"]:
        """Connect, and close at the end. Raises ConnectionLost if there is no server.

        With `on_event`, events are handed to that function at once and `events()` has none.
        """
        client = cls(Address(host, port, tls), settings, on_event, rng, reconnect=reconnect)
        await client._keeper.start()
        try:
            yield client
        finally:
            await client._keeper.stop()

    def __init__(
        self,
        address: Address,
        settings: Settings,
        on_event: Callable[[Event], None] | None,
        rng: random.Random | None,
        *,
        reconnect: bool,
    ) -> None:
        rng = rng or random.Random()  # noqa: S311  # spreads delays, guards nothing
        self._settings = settings
        self._on_event = on_event
        self._inbox = Inbox(settings.backlog, self._catch_up)
        self._cids = Cids()
        self._connection = Connection(
            settings,
            Backoff(settings.first_delay, _LONGEST_HOLD, rng),
            self._cids,
            self._deliver,
            lambda: self._inbox.has_room,
        )
        self._keeper = Keeper(
            self._connection, address, settings, self._deliver, reconnect=reconnect, rng=rng
        )
        self._keeper.on_end = self._inbox.end
        self._turn = asyncio.Lock()

    # Who.

    @property
    def user(self) -> User | None:
        """Who is logged in."""
        return self._keeper.identity.user if self._keeper.identity else None

    @property
    def token(self) -> str | None:
        """What `resume` takes, in another program or after a restart."""
        return self._keeper.identity.token if self._keeper.identity else None

    async def register(self, name: str, password: str) -> int:
        """Make an account; its id."""
        request = requests.Register(name=name, password=password)
        await self._online()
        return (await self._keeper.ask(request, self._settings.greet_within)).id

    @property
    def position(self) -> Position | None:
        """Everything of the user's up to here has been an event, read or not; None as long as that
        is not known. What a later login can go on from.
        """
        return self._connection.position

    async def login(
        self, who: int | str, password: str, *, device: str = "", position: Position | None = None
    ) -> User:
        """Log in by id (also written in digits) or by name.

        device: what the session is called, 1 to 50 printable characters; another of this user's
        that is called the same ends. position: where an earlier login was, to go on from there;
        without it comes what none of the user's devices has had.
        A server that is silent or busy is asked again, for `Settings.patience` in all.
        """
        number, name = id_or_name(who)
        login = requests.Login(
            id=number, name=name, password=password, v=codec.VERSION, device=device
        )
        return await self._keeper.persist(lambda: self._keeper.enter(beginning_at(login, position)))

    async def resume(self, token: str, *, position: Position | None = None) -> User:
        """Log in by an earlier login's token."""
        resume = beginning_at(requests.Resume(token=token), position)
        return await self._keeper.persist(lambda: self._keeper.enter(resume))

    async def logout(self) -> None:
        """End the session and its token, after waiting for the messages that are under way."""
        await self._online()
        await self.drain(self._settings.answer_within)
        self._keeper.identity = None
        self._connection.forget_messages(Refused(5, "not_logged_in", "you have logged out"))
        try:
            async with asyncio.timeout(self._settings.request_within):
                await self._connection.log_out()
        except (TimeoutError, Refused):
            self._connection.drop("the server does not log out")  # which ends the session, too
            raise

    async def change_password(self, old: str, new: str) -> None:
        """Also ends all tokens; this session gets a new one."""
        ack = await self._ask(requests.ChangePassword(old=old, new=new))
        identity = self._keeper.identity
        if identity is not None:
            login = identity.login and replace(identity.login, password=new)
            self._keeper.identity = Identity(identity.user, ack.token, login)

    async def sessions(self) -> list[Resumable]:
        """This user's sessions that can be resumed, the latest first."""
        ack = await self._ask(requests.ListSessions())
        return [row.resumable() for row in ack.sessions]

    async def end_session(self, name: str) -> None:
        """Make a session's token worthless; for the current one, use `logout`."""
        await self._ask(requests.EndSession(session=name))

    # What happens.

    def events(self) -> AsyncIterator[Event]:
        """What happens, in order. Ends when the client is closed or gives up.

        A message counts as taken over once it is here. While `Settings.backlog` events are unread,
        what else comes is left to the server; when all are read, the client reconnects to get it.
        """
        return self._inbox

    # Inside.

    def _deliver(self, event: Event) -> None:
        self._keeper.observe(event)
        if self._on_event is None:
            self._inbox.put(event)
        else:
            self._call(self._on_event, event)

    def _call(self, on_event: Callable[[Event], None], event: Event) -> None:
        try:
            on_event(event)
        except Exception as exc:  # noqa: BLE001  # the events behind this one must not be lost
            what = {"message": f"on_event failed on {event}", "exception": exc}
            asyncio.get_running_loop().call_exception_handler(what)

    def _catch_up(self) -> None:
        self._connection.catch_up()
