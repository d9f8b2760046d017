"""A device of a user who talks, comes and goes, as a seed decides."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Protocol, TypeVar

import attrs

from adapters.client.errors import ClientError, ConnectionLost, Refused
from adapters.client.position import Position
from adapters.client.settings import Settings
from tests.delivery.history import END, History
from tests.delivery.process import Process

COMES_BACK_WITHIN = 90.0  # seconds: leases, silent connections and outages, one after the other
_LIVE_WITHIN = 60.0
STEPS_A_SECOND = 2.0
_LONG = 3_000  # characters
_FORGETS, _KEEPS_TOKEN = 0.2, 0.7  # bounds for one random number; see `_write_down`


@attrs.frozen
class Place:
    """What a process has saved. process: its number, 0 if nothing is saved."""

    process: int = 0
    token: str | None = None
    position: Position | None = None


@attrs.define(eq=False)
class Somebody:
    """A user. everybody, groups: the users and groups to choose recipients from."""

    id: int
    name: str
    password: str
    everybody: list[int]
    groups: list[int]
    own_groups: list[int] = attrs.field(factory=list)  # which they made and never leave


class Living(Protocol):
    history: History
    rng: random.Random

    async def be_here(self) -> object: ...


L = TypeVar("L", bound=Living)
Steps = Sequence[tuple[Callable[[L], Awaitable[None]], int]]  # with the weight of each


async def live(one: L, steps: Steps[L], until: float, failure: type[Exception]) -> None:
    """Take one step after the other until that time of the history. failure: what a step may
    raise."""
    while one.history.now < until:
        step, _ = one.rng.choices(steps, [weight for _, weight in steps])[0]
        with suppress(failure, TimeoutError):
            async with asyncio.timeout(max(until + 1 - one.history.now, 1)):
                await one.be_here()
                await step(one)
        await asyncio.sleep(one.rng.expovariate(STEPS_A_SECOND))


@attrs.define(eq=False)
class Device:
    """It has one client process after the other; `process` is the current one. number: its number
    among all devices."""

    user: Somebody
    number: int
    port: int
    history: History
    rng: random.Random
    process: Process | None = None
    sent: int = 0
    _place: Place = Place()

    # -- what it does, step by step --------------------------------------------------------------

    async def live(self, until: float) -> None:
        """Take one step after the other until that time of the history."""
        await live(self, _STEPS, until, ClientError)

    async def be_here(self) -> Process:
        """Be logged in, with a new process if the current one has ended."""
        if self.process is not None and self.process.has_ended:
            await self._close()
        if self.process is not None and self.process.client.user is not None:
            return self.process
        return await self._enter()

    async def _enter(self) -> Process:
        async with asyncio.timeout(COMES_BACK_WITHIN):
            while True:
                try:
                    return await self._try_to_enter()
                except Refused as refused:
                    if refused.error == "bad_token":
                        self._place = attrs.evolve(self._place, token=None)
                except ConnectionLost:
                    await self._close()
                await asyncio.sleep(0.3)

    async def _try_to_enter(self) -> Process:
        place = self._place
        if self.process is None:
            self.process = await self._new_process(place.process)
        elif self.process.client.position is not None:  # it was logged in before
            place = Place(self.process.number, None, self.process.client.position)
        if place.token is None:
            await self.process.log_in(self.user.password, place.position)
        else:
            await self.process.resume(place.token, place.position)
        return self.process

    async def _new_process(self, after: int) -> Process:
        process = Process(self.history, self.user.id, after)
        await process.start(self.port, self._settings(), random.Random(self.rng.random()))
        return process

    def _settings(self) -> Settings:
        """Impatient settings, so that the client sends copies of its messages."""
        silence = self.rng.uniform(6.0, 20.0)
        return Settings(
            first_delay=0.05,
            longest_delay=1.0,
            greet_within=3.0,
            patience=8.0,
            request_within=15.0,
            answer_within=self.rng.choice([3.0, 5.0, 10.0]),
            give_up_after=self.rng.uniform(12.0, 20.0),
            ping_after=silence / 3,
            dead_after=silence,
        )

    async def _close(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            try:
                await process.close()
            finally:  # entries may arrive until then
                self._write_down(process)

    def _write_down(self, process: Process) -> None:
        """Keep what the next process goes on from: everything, everything but the token, or
        nothing. What was kept before stays if this process never got in and nothing is forgotten.
        """
        kept, client = self.rng.random(), process.client
        if kept < _FORGETS:
            self._place = Place()
        elif client.position is not None:
            token = client.token if kept < _KEEPS_TOKEN else None
            self._place = Place(process.number, token, client.position)

    # -- messages ------------------------------------------------------------------------------

    async def write(self) -> None:
        """Send one message, or several at once, to a user."""
        to = self.rng.choice(self.user.everybody)
        for _ in range(self.rng.choice([1, 1, 2, 5, 20])):
            self._post(to=to)

    async def write_to_group(self) -> None:
        """Do the same to a group; the user may not be a member of it."""
        group = self.rng.choice(self.user.groups)
        for _ in range(self.rng.choice([1, 1, 3])):
            self._post(group=group)

    async def write_to_all(self) -> None:
        """Send one message to each of many users, so that the nodes have several recipients for
        each other."""
        for to in self.rng.sample(self.user.everybody, len(self.user.everybody) // 2):
            self._post(to=to)

    def _post(self, *, to: int = 0, group: int = 0) -> None:
        process = self.process
        if process is None or process.client.unsettled > 150:
            return  # messages must not pile up during an outage
        self.sent += 1
        key = f"{self.user.id}:{self.number}:{self.sent}"
        process.post(key, self.sent, text_of(key, self.rng), to=to, group=group)

    # -- groups --------------------------------------------------------------------------------

    async def join_one(self) -> None:
        await self.join(self._others_group())

    async def join(self, group: int) -> None:
        await self._change("join", group, "already_member")

    async def leave_one(self) -> None:
        await self._change("leave", self._others_group(), "not_member")

    def _others_group(self) -> int:
        user = self.user
        return self.rng.choice([one for one in user.groups if one not in user.own_groups])

    async def _change(self, kind: str, group: int, done_before: str) -> None:
        process = await self.be_here()
        ask = process.client.join_group if kind == "join" else process.client.leave_group
        try:
            await ask(group)
        except Refused as refused:
            if refused.error != done_before:
                raise

    # -- coming and going ----------------------------------------------------------------------

    async def log_out_and_in(self) -> None:
        """Log out; the next step logs in again. The client remembers what it has shown."""
        process = await self.be_here()
        await process.log_out()
        await asyncio.sleep(self.rng.uniform(0.0, 3.0))

    async def restart(self) -> None:
        """End the client in good order, and begin with another one."""
        await self._close()
        await asyncio.sleep(self.rng.uniform(0.0, 2.0))

    async def crash(self) -> None:
        """Do the same without good order."""
        await self.die()
        await asyncio.sleep(self.rng.choice([0.0, 0.0, 0.5, 3.0]))

    async def move(self) -> None:
        """Go on with another client while the first is still connected."""
        old = await self.be_here()
        token = old.client.token
        if token is None:
            return
        new = await self._new_process(0)
        try:
            await new.resume(token)
        except BaseException:
            await new.close()
            raise
        await old.crash()
        self.process, self._place = new, Place()  # the new one began without a position

    # -- the end -------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Be logged in and wait for all answers; note whether this succeeded."""
        ok = False
        with suppress(ClientError, TimeoutError):
            process = await self.be_here()
            async with asyncio.timeout(_LIVE_WITHIN):
                await process.client.drain(_LIVE_WITHIN)
            ok = True
        self.history.note("live", user=self.user.id, ok=ok)

    @property
    def is_here(self) -> bool:
        return self.process is not None and self.process.client.user is not None

    async def stay(self) -> None:
        """Do nothing, unless the session was ended: then nobody is here any more."""
        if self.process is not None and self.process.has_ended:
            await self._close()

    async def log_out(self) -> None:
        """Log out and leave the client connected, if its connection lasts that long."""
        if self.process is not None:
            with suppress(ClientError, TimeoutError):
                await self.process.log_out()

    async def part(self) -> None:
        """End the client, if there is one."""
        await self._close()

    async def die(self) -> None:
        """End the client, if there is one, without a word to the server."""
        process, self.process = self.process, None
        if process is not None:
            self._write_down(process)
            await process.crash()


def text_of(key: str, rng: random.Random) -> str:
    """A short or a long text, with characters of several bytes, and END at its end."""
    length = _LONG if rng.random() < 0.05 else rng.randrange(60)
    return f"{key} {'é' * length}{END}"


_STEPS: Steps[Device] = (
    (Device.write, 50),
    (Device.write_to_group, 30),
    (Device.write_to_all, 6),
    (Device.join_one, 6),
    (Device.leave_one, 3),
    (Device.log_out_and_in, 3),
    (Device.restart, 2),
    (Device.crash, 3),
    (Device.move, 2),
)
