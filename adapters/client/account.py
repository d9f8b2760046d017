"""Who a client is: accounts, logins and sessions."""

import asyncio

from msgspec.structs import replace

from adapters.client import codec
from adapters.client.asking import id_or_name
from adapters.client.errors import Refused, StoreError
from adapters.client.keeper import Identity
from adapters.client.position import Position, beginning_at
from adapters.client.writing import Writing
from adapters.wire import requests
from chat_domain.model import Resumable, User
from chat_domain.names import name_key

# What a login may be refused with that somebody else can change.
_PASSING_IN_THE_END = frozenset({"already_online", "too_many_connections", "too_many_failures"})


class Account(Writing):
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
        """The application is done with everything of the user's up to here; None as long as that is
        not known. What a later login can go on from.
        """
        return self._connection.done

    async def login(
        self,
        who: int | str,
        password: str,
        *,
        device: str = "",
        position: Position | None = None,
        wait: bool = False,
    ) -> User:
        """Log in by id (also written in digits) or by name.

        device: what the session is called, 1 to 50 printable characters; another of this user's
        that is called the same ends. position: where an earlier login was, to go on from there;
        without it comes what none of the user's devices has had. With a local store it goes on
        where that is, and by the token that is kept there, if this is still good.
        A server that is silent or busy is asked again, for `Settings.patience` in all. wait: for as
        long as it takes, also where the user has too many connections, or too many have tried.
        """
        number, name = id_or_name(who)
        self._check_whose(number, name)
        login = requests.Login(
            id=number, name=name, password=password, v=codec.VERSION, device=device
        )
        return await self._keeper.persist(
            lambda: self._enter(login, position), waits=_PASSING_IN_THE_END if wait else None
        )

    async def _enter(self, login: requests.Login, position: Position | None) -> User:
        position = self._beginning(position)
        if self._ledger.token:
            resume = beginning_at(requests.Resume(token=self._ledger.token), position)
            try:
                return await self._keeper.enter(resume, login)
            except Refused as refused:
                if refused.error != "bad_token":
                    raise
                self._ledger.renewed("")
        return await self._keeper.enter(beginning_at(login, position), login)

    async def resume(self, token: str, *, position: Position | None = None) -> User:
        """Log in by an earlier login's token."""
        resume = beginning_at(requests.Resume(token=token), self._beginning(position))
        return await self._keeper.persist(lambda: self._keeper.enter(resume))

    def _beginning(self, position: Position | None) -> Position | None:
        """Where the local store is, if nothing else is said."""
        return self._connection.position if position is None and self._ledger.user else position

    def _check_whose(self, number: int | None, name: str | None) -> None:
        """The local store is one user's, whom it says without asking the server."""
        owner = self._ledger.user
        if owner is None:
            return
        if number not in (None, owner.id) or (name and name_key(name) != name_key(owner.name)):
            whose = f"user {owner.id}, {owner.name}"
            raise StoreError(f"the local store belongs to {whose}, not to {name or number}")

    async def logout(self) -> None:
        """End the session and its token, after waiting for the messages that are under way."""
        await self._online()
        await self.drain(self._settings.answer_within)
        self._keeper.identity = None
        self._ledger.renewed("")
        self._connection.unsettled.forget(Refused(5, "not_logged_in", "you have logged out"))
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
            self._ledger.renewed(ack.token)

    async def sessions(self) -> list[Resumable]:
        """This user's sessions that can be resumed, the latest first."""
        ack = await self._ask(requests.ListSessions())
        return [row.resumable() for row in ack.sessions]

    async def end_session(self, name: str) -> None:
        """Make a session's token worthless; for the current one, use `logout`."""
        await self._ask(requests.EndSession(session=name))
