"""Keeping a user connected and logged in, whatever happens to the connection.

Rules:
 1. A lost connection is replaced after a growing delay, or after the server's own delay if it had
    announced that it was going away.
 2. The user logs in again by token; by password if the token is refused and the password known.
 3. If the server refuses only for now, or is silent, the client tries another connection. Any other
    refusal ends the session, and all unanswered messages fail with it.
 4. So does the server's message that the session was ended elsewhere. The client then does not log
    in again by itself: two clients would end each other's sessions forever.
 5. A client that is not to reconnect ends with its connection.
"""

import asyncio
import logging
import random
import ssl
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

import attrs

from adapters.client import events
from adapters.client.backoff import Backoff
from adapters.client.connection import Connection
from adapters.client.errors import (
    ClientError,
    ConnectionLost,
    NeedsTls,
    Refused,
    StoreError,
    WrongServer,
)
from adapters.client.journal import Journal
from adapters.client.link import Address, speaks_tls
from adapters.client.outputs import ENDED_ELSEWHERE, State
from adapters.client.position import beginning_at
from adapters.client.settings import Settings
from adapters.wire.answers import Answer, LoginAck
from adapters.wire.declaring import Request, answer_of
from adapters.wire.requests import Login, Ping, Resume
from chat_domain.model import User

A = TypeVar("A", bound=Answer)
T = TypeVar("T")

log = logging.getLogger("adapters.client")
LONGEST_REQUESTED_DELAY = 60.0  # seconds; the longest wait that a server going away can impose


@attrs.define
class Identity:
    """The user who is logged in, and how to log in again. login: None if only by token."""

    user: User
    token: str = attrs.field(repr=False)
    login: Login | None = attrs.field(repr=False)


class SessionKeeper:
    def __init__(
        self,
        connection: Connection,
        address: Address,
        settings: Settings,
        journal: Journal,
        deliver: Callable[[events.Event], None],
        *,
        reconnect: bool,
        rng: random.Random,
    ) -> None:
        self.identity: Identity | None = None
        self.ended: ClientError | None = None
        self.on_end: Callable[[ClientError], None] = lambda _: None
        self._connection = connection
        self._address = address
        self._settings = settings
        self._journal = journal
        self._deliver = deliver
        self._reconnect = reconnect
        self._random = rng
        self._delays = Backoff(settings.first_delay, settings.longest_delay, rng)
        self._requested_delay: float | None = None
        self._online = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._tls_check: asyncio.Task[None] | None = None

    async def start(self, *, retry: bool) -> None:
        """Connect for the first time. Raises ConnectionLost if that fails; with `retry`, only if
        TLS fails, which waiting does not mend."""
        while True:
            try:
                await self._connection.open(self._address)
                break
            except (OSError, TimeoutError) as exc:
                why = f"cannot connect to {self._address}: {_reason(exc)}"
                if not retry or isinstance(exc, ssl.SSLError):
                    raise ConnectionLost(why) from exc
                log.warning("%s; trying again", why)
            await asyncio.sleep(self._delays.next())
        self._delays.reset()
        self._deliver(events.Connected())
        self._online.set()
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        tasks = {task for task in (self._task, self._tls_check) if task is not None}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        self._end(ConnectionLost("the client is closed"))
        await self._connection.close()

    def fail(self, why: ClientError) -> None:
        """End the client: it cannot go on."""
        self._end(why)
        self._connection.drop(str(why))

    def observe(self, event: events.Event) -> None:
        """Act on events about the session and the connection."""
        if isinstance(event, events.SessionEnded):
            self.identity = None
            self._journal.record_token("")
            self._connection.unsettled.forget(event.refusal)
        elif isinstance(event, events.GoingAway):
            longest = min(event.delay_ms / 1000, LONGEST_REQUESTED_DELAY)
            self._requested_delay = self._random.uniform(0, longest)

    async def online(self) -> None:
        """Wait until requests can be made. Raises `ended` once the client has ended."""
        await self._online.wait()
        while self.ended is None and self._connection.state is State.CLOSED:
            self._online.clear()  # it is lost, but `_run` does not know yet
            await self._online.wait()
        if self.ended is not None:
            raise self.ended

    async def ask(self, request: Request[A], within: float | None = None) -> A:
        """Send a request on the present connection, which is dropped if the server is silent."""
        try:
            async with asyncio.timeout(within or self._settings.request_within):
                answer = await self._connection.request(request)
        except TimeoutError:
            self._connection.drop("the server does not answer")
            raise ConnectionLost("the server does not answer") from None
        expected = answer_of(type(request))
        if expected is None or not isinstance(answer, expected):
            self._connection.drop("the server sent an unexpected answer")
            raise ConnectionLost("the server sent an unexpected answer")
        return cast("A", answer)

    async def enter(self, entry: Login | Resume, login: Login | None = None) -> User:
        """Log in or resume on the present connection. login: for logging in again later; if left
        out, `entry` itself, or the login known so far."""
        try:
            ack = await self.ask(entry, self._settings.greet_within)
        except asyncio.CancelledError:
            # It may succeed all the same, and then this connection accepts no other.
            self._connection.drop("the login was abandoned")
            raise
        self._check(ack)
        if self._connection.state is State.OPEN:  # SESSION_ENDED came right after the answer
            raise ENDED_ELSEWHERE
        known = self.identity.login if self.identity is not None else None
        login = entry if isinstance(entry, Login) else login or known
        self.identity = Identity(User(ack.id, ack.name), ack.token, login)
        return self.identity.user

    def _check(self, ack: LoginAck) -> None:
        """The local store belongs to one user. Raises StoreError for another."""
        if self._journal.user is not None and self._journal.user.id != ack.id:
            self._connection.drop("the server logged in another user")
            raise StoreError(
                f"the local store belongs to {self._journal.user.name}, not {ack.name}"
            )

    async def retry(
        self, attempt: Callable[[], Awaitable[T]], *, waits: frozenset[str] | None = None
    ) -> T:
        """Repeat an idempotent attempt until its outcome is final, on another connection if this
        one is silent, for `Settings.patience` in total.
        waits: further refusals that are not final; if given, repeat for as long as it takes.
        """
        trouble: Refused | ConnectionLost = ConnectionLost("the server does not answer")
        delays = Backoff(self._settings.first_delay, self._settings.longest_delay, self._random)
        try:
            async with asyncio.timeout(self._settings.patience if waits is None else None):
                while True:
                    await self.online()
                    try:
                        return await attempt()
                    except ConnectionLost as exc:
                        trouble = exc
                    except Refused as exc:
                        if not exc.passing and exc.error not in (waits or ()):
                            raise
                        trouble = exc
                    if waits is not None:
                        log.warning("%s; trying again", trouble)
                    await asyncio.sleep(delays.next())
        except TimeoutError:
            raise trouble from None

    async def _run(self) -> None:
        clock = asyncio.get_running_loop().time
        while self.ended is None:
            since = clock()
            why = await asyncio.shield(self._connection.lost)
            self._online.clear()
            hopeless = self.ended is not None or isinstance(why, WrongServer)
            retrying = self._reconnect and not hopeless
            self._deliver(events.Disconnected(str(why), retrying))
            if self._tls_check is None and self._connection.turned_away and not hopeless:
                self._tls_check = asyncio.create_task(self._check_for_tls())
            if not retrying:
                if self._tls_check is not None:
                    await asyncio.wait({self._tls_check})
                self._end(why)
                return
            if clock() - since >= self._settings.steady_after:
                self._delays.reset()
            await self._connect_again()

    async def _check_for_tls(self) -> None:
        """Find out whether the server closed without sending anything because it expects TLS. Done
        once, while the client keeps trying to reconnect."""
        address, within = self._address, self._settings.connect_within
        speaks = address.tls is None and await speaks_tls(address, within)
        if speaks and self._connection.turned_away:
            self.fail(NeedsTls(f"{address} uses TLS; connect with TLS"))

    async def _connect_again(self) -> None:
        while self.ended is None:
            await asyncio.sleep(self._next_delay())
            try:
                await self._connection.open(self._address)
                resumed = self.ended is None and await self._log_in_again()
            except (WrongServer, StoreError) as exc:
                self.fail(exc)
                return
            except (OSError, TimeoutError, ConnectionLost, Refused) as exc:
                self._connection.drop(_reason(exc))
                continue
            if self.ended is None:
                self._online.set()
                self._deliver(events.Reconnected(resumed))
            return

    def _next_delay(self) -> float:
        requested, self._requested_delay = self._requested_delay, None
        return self._delays.next() if requested is None else requested

    async def _log_in_again(self) -> bool:
        """Log the user in on a new connection; if nobody is, let the server prove that it is there,
        since a proxy or a stopped server accepts connections, too. Raises Refused if the client
        should try another."""
        if self.identity is None:
            await self.ask(Ping(), self._settings.greet_within)
            return False
        try:
            await self._resume_or_login(self.identity)
        except Refused as refused:
            if refused.passing:
                raise
            self._deliver(events.SessionEnded(refused))
            return False
        return True

    async def _resume_or_login(self, identity: Identity) -> None:
        position = self._connection.position
        try:
            await self.enter(beginning_at(Resume(token=identity.token), position))
        except Refused as refused:
            if refused is ENDED_ELSEWHERE or refused.error != "bad_token" or identity.login is None:
                raise
            await self.enter(beginning_at(identity.login, position))

    def _end(self, why: ClientError) -> None:
        if self.ended is None:
            self.ended = why
        self._connection.unsettled.forget(self.ended)
        self._online.set()
        self.on_end(self.ended)


def _reason(exc: Exception) -> str:
    if isinstance(exc, TimeoutError):
        return "no answer"
    if isinstance(exc, ConnectionRefusedError):
        return "nothing is listening there"
    if isinstance(exc, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {exc.verify_message}"
    if isinstance(exc, ssl.SSLError) and exc.reason == "WRONG_VERSION_NUMBER":
        return "it does not use TLS"
    return (exc.strerror if isinstance(exc, OSError) else None) or str(exc) or type(exc).__name__
