"""The client's user: accounts, logins and sessions."""

import asyncio

from msgspec.structs import replace

from adapters.client import codec
from adapters.client.errors import Refused, StoreError
from adapters.client.position import Position, beginning_at
from adapters.client.requester import id_or_name
from adapters.client.session_keeper import Identity
from adapters.client.writing import Writing
from adapters.wire import requests
from adapters.wire.answers import SessionRow
from chat_domain.model import User
from chat_domain.names import name_key

# Refusals of a login that somebody else may end.
_PASSING_IN_THE_END = frozenset({"already_online", "too_many_connections", "too_many_failures"})


class Account(Writing):
    @property
    def user(self) -> User | None:
        """The user who is logged in, None if nobody is."""
        return self._keeper.identity.user if self._keeper.identity else None

    @property
    def token(self) -> str | None:
        """The token for `resume`, in another program or after a restart; None if nobody is logged
        in."""
        return self._keeper.identity.token if self._keeper.identity else None

    async def register(self, name: str, password: str) -> int:
        """Create an account, and return its id. Nobody is logged in by this."""
        request = requests.Register(name=name, password=password)
        await self._online()
        return (await self._keeper.ask(request, self._settings.greet_within)).id

    @property
    def position(self) -> Position | None:
        """The position up to which the application is done with all of the user's entries, from
        which a later login can go on; None while that is not known.
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
        """Log in by id (digits count as an id) or by name. Returns the user.

        device: the name of this session, 1 to 50 printable characters; the user's other session of
        that name ends. position: where an earlier login was, to go on from there; without it, the
        server sends what none of the user's devices has received. With a local store, the session
        goes on where the store is, with the token kept there if it is still valid.
        A server that is silent or busy is asked again, for `Settings.patience` in total. wait: for
        as long as it takes, also while the user has too many connections, or too many logins have
        failed.
        """
        number, name = id_or_name(who)
        self._check_whose(number, name)
        login = requests.Login(
            id=number, name=name, password=password, v=codec.VERSION, device=device
        )
        return await self._keeper.retry(
            lambda: self._enter(login, position), waits=_PASSING_IN_THE_END if wait else None
        )

    async def _enter(self, login: requests.Login, position: Position | None) -> User:
        position = self._beginning(position)
        if self._journal.token:
            resume = beginning_at(requests.Resume(token=self._journal.token), position)
            try:
                return await self._keeper.enter(resume, login)
            except Refused as refused:
                if refused.error != "bad_token":
                    raise
                self._journal.record_token("")
        return await self._keeper.enter(beginning_at(login, position), login)

    async def resume(self, token: str, *, position: Position | None = None) -> User:
        """Log in with the token of an earlier login. position: as in `login`."""
        resume = beginning_at(requests.Resume(token=token), self._beginning(position))
        return await self._keeper.retry(lambda: self._keeper.enter(resume))

    def _beginning(self, position: Position | None) -> Position | None:
        """This position or, without one, that of the local store."""
        return self._connection.position if position is None and self._journal.user else position

    def _check_whose(self, number: int | None, name: str | None) -> None:
        """The local store belongs to one user; check by it, without the server, that it is this
        one. Raises StoreError."""
        owner = self._journal.user
        if owner is None:
            return
        if number not in (None, owner.id) or (name and name_key(name) != name_key(owner.name)):
            whose = f"user {owner.id}, {owner.name}"
            raise StoreError(f"the local store belongs to {whose}, not to {name or number}")

    async def logout(self) -> None:
        """End the session and its token, after waiting for unanswered messages for up to
        `Settings.answer_within`."""
        await self._online()
        await self.drain(self._settings.answer_within)
        self._keeper.identity = None
        self._journal.record_token("")
        logged_out = Refused.named("not_logged_in", "you have logged out")
        self._connection.unsettled.forget(logged_out)
        try:
            async with asyncio.timeout(self._settings.request_within):
                await self._connection.log_out()
        except (TimeoutError, Refused):
            self._connection.drop("the server does not log out")  # which ends the session, too
            raise

    async def change_password(self, old: str, new: str) -> None:
        """Change the password. This ends all tokens; this session gets a new one."""
        ack = await self._ask(requests.ChangePassword(old=old, new=new))
        identity = self._keeper.identity
        if identity is not None:
            login = identity.login and replace(identity.login, password=new)
            self._keeper.identity = Identity(identity.user, ack.token, login)
            self._journal.record_token(ack.token)

    async def sessions(self) -> list[SessionRow]:
        """The user's sessions that can be resumed, the latest first."""
        return (await self._ask(requests.ListSessions())).sessions

    async def end_session(self, name: str) -> None:
        """End another session of the user and its token; for the current one, use `logout`."""
        await self._ask(requests.EndSession(session=name))
