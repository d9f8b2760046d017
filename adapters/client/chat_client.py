"""The client as a program uses it: see docs/client.md."""

import asyncio
import random
import ssl
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from adapters.client import frames
from adapters.client.backoff import Backoff
from adapters.client.connection import Connection
from adapters.client.errors import ConnectionLost, OutboxFull, Refused
from adapters.client.events import Ack, Event
from adapters.client.frames import Body
from adapters.client.inbox import Inbox
from adapters.client.keeper import Address, Identity, Keeper
from adapters.client.settings import Settings
from chat_domain.model import Friend, Group, Member, Membership, Resumable, Role, User

R = TypeVar("R")

_DEFAULTS = Settings()
_LONGEST_HOLD = 5.0  # seconds between attempts at a message that is refused for the moment


class ChatClient:
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
        self._inbox = Inbox(settings.backlog, self._acknowledge)
        self._connection = Connection(
            settings,
            Backoff(settings.first_delay, _LONGEST_HOLD, rng),
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
        body = {"msgid": frames.REGISTER, "name": name, "password": password}
        await self._online()
        ack = await self._keeper.ask(body, frames.RegisterAck, self._settings.greet_within)
        return ack.id

    async def login(self, who: int | str, password: str) -> User:
        """Log in by id (also written in digits) or by name.

        A server that is silent or busy is asked again, for `Settings.patience` in all.
        """
        body = {"msgid": frames.LOGIN, "password": password, "v": frames.VERSION}
        return await self._keeper.enter_patiently(body | _by("id", "name", who))

    async def resume(self, token: str) -> User:
        """Log in by an earlier login's token."""
        return await self._keeper.enter_patiently({"msgid": frames.RESUME, "token": token})

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
        body = {"msgid": frames.CHANGE_PASSWORD, "old": old, "new": new}
        ack = await self._ask(body, frames.ChangePasswordAck)
        identity = self._keeper.identity
        if identity is not None:
            login = identity.login and identity.login | {"password": new}
            self._keeper.identity = Identity(identity.user, ack.token, login)

    async def sessions(self) -> list[Resumable]:
        """This user's sessions that can be resumed, the latest first."""
        ack = await self._ask({"msgid": frames.SESSIONS}, frames.SessionsAck)
        return [Resumable(row.session, row.begun, row.expires, row.current) for row in ack.sessions]

    async def end_session(self, name: str) -> None:
        """Make a session's token worthless; for the current one, use `logout`."""
        await self._ask({"msgid": frames.END_SESSION, "session": name}, frames.PlainAck)

    # Messages.

    async def send(self, user_id: int, text: str) -> Ack:
        """Send a message and wait until it is safe. It survives reconnections on the way.

        Waits for room while too many messages wait. A cancelled `send` may have been sent.
        """
        return await self._send({"msgid": frames.CHAT, "toid": user_id, "msg": text})

    async def send_group(self, group_id: int, text: str) -> Ack:
        """Send a message to a group; otherwise as `send`."""
        return await self._send({"msgid": frames.GROUP_CHAT, "groupid": group_id, "msg": text})

    def post(self, user_id: int, text: str) -> asyncio.Future[Ack]:
        """Queue a message at once; many can be on their way. Raises OutboxFull, too."""
        return self._post({"msgid": frames.CHAT, "toid": user_id, "msg": text})

    def post_group(self, group_id: int, text: str) -> asyncio.Future[Ack]:
        """Queue a message to a group; otherwise as `post`."""
        return self._post({"msgid": frames.GROUP_CHAT, "groupid": group_id, "msg": text})

    @property
    def unsettled(self) -> int:
        """How many messages have no answer yet."""
        return self._connection.unsettled

    async def room(self) -> None:
        """Wait until `post` has room."""
        while self._connection.unsettled >= self._settings.waiting:
            await self._connection.progress()

    async def drain(self, within: float) -> bool:
        """Wait until all messages have their answer; False if time runs out first."""
        try:
            async with asyncio.timeout(within):
                while self._connection.unsettled:
                    await self._connection.progress()
        except TimeoutError:
            return False
        return True

    def events(self) -> AsyncIterator[Event]:
        """What happens, in order. Ends when the client is closed or gives up.

        A message counts as taken over once it is here. Who leaves more than `Settings.backlog`
        unread makes the server wait, and gets the rest later.
        """
        return self._inbox

    # Friends and groups.

    async def find_user(self, name: str) -> Friend:
        ack = await self._ask({"msgid": frames.FIND_USER, "name": name}, frames.FindUserAck)
        return Friend(ack.id, ack.name, ack.state == "online")

    async def add_friend(self, who: int | str) -> Friend:
        body = {"msgid": frames.ADD_FRIEND} | _by("friendid", "friendname", who)
        ack = await self._ask(body, frames.PlainAck)
        return _friend(ack.friend) if ack.friend else Friend(0, str(who), online=False)

    async def remove_friend(self, friend_id: int) -> None:
        await self._ask({"msgid": frames.REMOVE_FRIEND, "friendid": friend_id}, frames.PlainAck)

    async def friends(self, page: int = 100) -> AsyncIterator[Friend]:
        """Everybody on the user's list, ascending by id, fetched page by page."""
        body: Body = {"msgid": frames.FRIENDS, "limit": page}
        while True:
            ack = await self._ask(body, frames.FriendsAck)
            for row in ack.friends:
                yield _friend(row)
            if ack.next is None:
                return
            body["after"] = ack.next

    async def groups(self, page: int = 100) -> AsyncIterator[Membership]:
        """The user's groups, ascending by id, fetched page by page."""
        body: Body = {"msgid": frames.GROUPS, "limit": page}
        while True:
            ack = await self._ask(body, frames.GroupsAck)
            for row in ack.groups:
                yield Membership(Group(row.id, row.groupname, row.groupdesc), _role(row))
            if ack.next is None:
                return
            body["after"] = ack.next

    async def members(self, group_id: int, page: int = 100) -> AsyncIterator[Member]:
        """The members of one of the user's groups, ascending by id, fetched page by page."""
        body: Body = {"msgid": frames.MEMBERS, "groupid": group_id, "limit": page}
        while True:
            ack = await self._ask(body, frames.MembersAck)
            for row in ack.users:
                yield Member(row.id, row.name, _role(row), row.state == "online")
            if ack.next is None:
                return
            body["after"] = ack.next

    async def create_group(self, name: str, description: str = "") -> Group:
        body = {"msgid": frames.CREATE_GROUP, "groupname": name, "groupdesc": description}
        ack = await self._ask(body, frames.PlainAck)
        return Group(ack.groupid, name, description)

    async def join_group(self, group_id: int) -> Group:
        ack = await self._ask({"msgid": frames.ADD_GROUP, "groupid": group_id}, frames.PlainAck)
        return Group(ack.groupid, ack.groupname, ack.groupdesc)

    async def leave_group(self, group_id: int) -> None:
        await self._ask({"msgid": frames.LEAVE_GROUP, "groupid": group_id}, frames.PlainAck)

    # Inside.

    async def _online(self) -> None:
        try:
            async with asyncio.timeout(self._settings.patience):
                await self._keeper.online()
        except TimeoutError:
            raise ConnectionLost("there is no connection") from None

    async def _ask(self, body: Body, expect: type[R]) -> R:
        await self._online()
        return await self._keeper.ask(body, expect)

    async def _send(self, body: Body) -> Ack:
        async with self._turn:  # who waits for room does not lose their place to a newcomer
            await self.room()
            future = self._post(body)
        return await future

    def _post(self, body: Body) -> asyncio.Future[Ack]:
        if self._keeper.ended is not None:
            raise self._keeper.ended
        if self._keeper.identity is None:
            raise Refused(5, "not_logged_in", "log in first")
        frames.check_text(body["msg"])
        if self._connection.unsettled >= self._settings.waiting:
            raise OutboxFull
        return self._connection.post(str(uuid.uuid4()), body)

    def _deliver(self, event: Event) -> None:
        self._keeper.notice(event)
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

    def _acknowledge(self) -> None:
        self._connection.acknowledge()


def _by(id_field: str, name_field: str, who: int | str) -> Body:
    """Names are never digits alone, so digits are an id."""
    if isinstance(who, int):
        return {id_field: who}
    digits = who.strip()
    if digits.isascii() and digits.isdigit():
        return {id_field: int(digits)}
    return {name_field: who}


def _role(row: frames.UserRow | frames.GroupRow) -> Role:
    return Role.CREATOR if row.role == Role.CREATOR.value else Role.NORMAL


def _friend(row: frames.UserRow) -> Friend:
    return Friend(row.id, row.name, row.state == "online")
