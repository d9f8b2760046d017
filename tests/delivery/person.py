"""Somebody who talks, comes and goes, at the whims of a seed."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import attrs

from adapters.client.errors import ClientError, ConnectionLost, Refused
from adapters.client.position import Position
from adapters.client.settings import Settings
from tests.delivery.history import History
from tests.delivery.process import Process

COMES_BACK_WITHIN = 90.0  # seconds: leases, silent connections and outages, one after the other
_LIVE_WITHIN = 30.0
_LONG = 3_000  # characters


@attrs.define(eq=False)
class Person:
    """Their client processes come one after the other; `process` is the present one."""

    id: int
    name: str
    password: str
    port: int
    history: History
    rng: random.Random
    everybody: Sequence[int]
    groups: Sequence[int]
    own_groups: list[int] = attrs.field(factory=list)  # which they have made, and never leave
    process: Process | None = None
    sent: int = 0

    # -- what they do, step by step --------------------------------------------------------------

    async def live(self, until: float) -> None:
        """Do one thing after the other until that time of the history."""
        while self.history.now < until:
            step, _ = self.rng.choices(_STEPS, [weight for _, weight in _STEPS])[0]
            with suppress(ClientError, TimeoutError):
                async with asyncio.timeout(max(until + 1 - self.history.now, 1)):
                    await self.be_here()
                    await step(self)
            await asyncio.sleep(self.rng.expovariate(3))

    async def be_here(self) -> Process:
        """Be logged in, by a new process if the present one is of no use any more."""
        if self.process is not None and self.process.has_ended:
            await self._close()
        if self.process is not None and self.process.client.user is not None:
            return self.process
        return await self._enter(None)

    async def _enter(self, token: str | None, position: Position | None = None) -> Process:
        async with asyncio.timeout(COMES_BACK_WITHIN):
            while True:
                try:
                    return await self._try_to_enter(token, position)
                except Refused as refused:
                    if refused.error == "bad_token":
                        token = None
                except ConnectionLost:
                    await self._close()
                await asyncio.sleep(0.3)

    async def _try_to_enter(self, token: str | None, position: Position | None) -> Process:
        if self.process is None:
            process = Process(self.history, self.id)
            await process.start(self.port, self._settings(), random.Random(self.rng.random()))
            self.process = process
        if token is None:
            await self.process.log_in(self.password)
        else:
            await self.process.resume(token, position)
        return self.process

    def _settings(self) -> Settings:
        """Impatient ones, so that copies of messages are sent on purpose."""
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
            await process.close()

    # -- messages ------------------------------------------------------------------------------

    async def write(self) -> None:
        """One message or several at once to somebody."""
        to = self.rng.choice(self.everybody)
        for _ in range(self.rng.choice([1, 1, 2, 5, 20])):
            self._post(to=to)

    async def write_to_group(self) -> None:
        """The same to a group, of which they may not be a member."""
        group = self.rng.choice(self.groups)
        for _ in range(self.rng.choice([1, 1, 3])):
            self._post(group=group)

    async def write_to_all(self) -> None:
        """One message to each of many, so that nodes have several recipients for each other."""
        for to in self.rng.sample(self.everybody, len(self.everybody) // 2):
            self._post(to=to)

    def _post(self, *, to: int = 0, group: int = 0) -> None:
        process = self.process
        if process is None or process.client.unsettled > 150:
            return  # an outage is no reason to write more and more
        self.sent += 1
        key = f"{self.id}:{self.sent}"
        length = _LONG if self.rng.random() < 0.05 else self.rng.randrange(60)
        process.post(key, self.sent, f"{key} {'é' * length}", to=to, group=group)

    # -- groups --------------------------------------------------------------------------------

    async def join_one(self) -> None:
        await self.join(self._others_group())

    async def join(self, group: int) -> None:
        await self._change("join", group, "already_member")

    async def leave_one(self) -> None:
        await self._change("leave", self._others_group(), "not_member")

    def _others_group(self) -> int:
        return self.rng.choice([one for one in self.groups if one not in self.own_groups])

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
        """The client remembers what it has shown."""
        process = await self.be_here()
        await process.log_out()
        await asyncio.sleep(self.rng.uniform(0.0, 3.0))

    async def restart(self) -> None:
        """End the client in good order, and begin with another one."""
        await self._close()
        await asyncio.sleep(self.rng.uniform(0.0, 2.0))

    async def crash(self) -> None:
        """The same without good order; the new one has the old one's token and its position, if
        they were written."""
        process, self.process = self.process, None
        if process is not None:
            token, position = process.client.token, process.client.position
            if self.rng.random() < 0.3:
                token = position = None
            await process.crash()
            await asyncio.sleep(self.rng.choice([0.0, 0.0, 0.5, 3.0]))
            await self._enter(token, position)

    async def move(self) -> None:
        """Go on with another client while the first is still connected."""
        old = await self.be_here()
        token = old.client.token
        if token is None:
            return
        new = Process(self.history, self.id)
        await new.start(self.port, self._settings(), random.Random(self.rng.random()))
        try:
            await new.resume(token)
        except BaseException:
            await new.close()
            raise
        await old.crash()
        self.process = new

    # -- the end -------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Be here, and have all answers; note whether that came about."""
        ok = False
        with suppress(ClientError, TimeoutError):
            process = await self.be_here()
            async with asyncio.timeout(_LIVE_WITHIN):
                await process.client.drain(_LIVE_WITHIN)
            ok = True
        self.history.note("live", user=self.id, ok=ok)

    @property
    def is_here(self) -> bool:
        return self.process is not None and self.process.client.user is not None

    async def stay(self) -> None:
        """Do nothing."""

    async def log_out(self) -> None:
        """With the client still connected."""
        if self.process is not None:
            await self.process.log_out()

    async def part(self) -> None:
        """End the client, if there is one."""
        await self._close()

    async def die(self) -> None:
        """The same, without a word to the server."""
        process, self.process = self.process, None
        if process is not None:
            await process.crash()


Step = Callable[[Person], Awaitable[None]]
_STEPS: tuple[tuple[Step, int], ...] = (
    (Person.write, 50),
    (Person.write_to_group, 30),
    (Person.write_to_all, 6),
    (Person.join_one, 6),
    (Person.leave_one, 3),
    (Person.log_out_and_in, 3),
    (Person.restart, 2),
    (Person.crash, 3),
    (Person.move, 2),
)
