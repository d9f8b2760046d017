"""A client of version 1, as the C++ server had it: its messages get no answers and no positions."""

import asyncio
import json
import random
from contextlib import suppress
from typing import Any

import attrs

from tests.delivery.device import COMES_BACK_WITHIN, Somebody, Steps, live, text_of
from tests.delivery.history import History, crc_of
from tests.delivery.network import LOOPBACK
from tests.delivery.process import NUMBERS

LOGIN, LOGIN_ACK, LOGOUT, ONE_CHAT, GROUP_CHAT = 1000, 1001, 1002, 1005, 1009
_ANSWERED_WITHIN = 5.0  # seconds
_TRIED_AFTER = 0.3


@attrs.define(eq=False)
class OldDevice:
    """Each connection counts as a process. Half of them end frames with NUL, like the original
    client, the others with a newline, like a terminal."""

    user: Somebody
    number: int
    port: int
    history: History
    rng: random.Random
    is_here: bool = False
    sent: int = 0
    _process: int = 0
    _end: bytes = b"\0"
    _writer: asyncio.StreamWriter | None = None
    _reading: asyncio.Task[None] | None = None
    _answered: asyncio.Future[bool] | None = None

    # -- what it does, step by step --------------------------------------------------------------

    async def live(self, until: float) -> None:
        """Take one step after the other until that time of the history."""
        await live(self, _STEPS, until, OSError)

    async def be_here(self) -> None:
        """Be logged in. Raises TimeoutError."""
        async with asyncio.timeout(COMES_BACK_WITHIN):
            while not self.is_here:
                with suppress(OSError, TimeoutError):
                    async with asyncio.timeout(_ANSWERED_WITHIN):
                        await self._try_to_enter()
                if not self.is_here:
                    await self.die()
                    await asyncio.sleep(_TRIED_AFTER)

    async def _try_to_enter(self) -> None:
        if self._writer is None:
            self._end = self.rng.choice([b"\0", b"\n"])
            self._process = next(NUMBERS)
            reader, self._writer = await asyncio.open_connection(LOOPBACK, self.port)
            self._reading = asyncio.create_task(self._read(reader))
        self._answered = asyncio.get_running_loop().create_future()
        self._say(msgid=LOGIN, id=self.user.id, password=self.user.password)
        if await self._answered:
            self.is_here = True
            self._note("login", how="password")

    async def _read(self, reader: asyncio.StreamReader) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                frame = json.loads((await reader.readuntil(self._end))[:-1])
                answered = self._answered
                if frame["msgid"] == LOGIN_ACK and answered is not None and not answered.done():
                    answered.set_result(frame["errno"] == 0)
        self._is_gone()
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(False)

    def _is_gone(self) -> None:
        if self.is_here:
            self.is_here = False
            self._note("closed")

    def _say(self, **frame: Any) -> None:
        assert self._writer is not None
        self._writer.write(json.dumps(frame).encode() + self._end)

    def _note(self, kind: str, **facts: Any) -> None:
        self.history.note(kind, process=self._process, user=self.user.id, **facts)

    # -- messages ------------------------------------------------------------------------------

    async def write(self) -> None:
        to = self.rng.choice(self.user.everybody)
        for _ in range(self.rng.choice([1, 1, 3])):
            self._post(ONE_CHAT, to=to)

    async def write_to_group(self) -> None:
        self._post(GROUP_CHAT, group=self.rng.choice(self.user.groups))

    def _post(self, msgid: int, *, to: int = 0, group: int = 0) -> None:
        """Send a message. No answer will come, so it is noted as failed, whatever becomes of it."""
        if not self.is_here:
            return
        self.sent += 1
        key = f"{self.user.id}:{self.number}:{self.sent}"
        text = text_of(key, self.rng)
        facts = {"to": to} if to else {"group": group}
        self._note(
            "send", key=key, sender=self.user.id, number=self.sent, crc=crc_of(text), **facts
        )
        whom = {"toid": to} if to else {"groupid": group}
        self._say(msgid=msgid, msg=text, **whom)
        self.history.note("fail", key=key, error="no answer")

    # -- coming and going ----------------------------------------------------------------------

    async def log_out(self) -> None:
        """Log out and leave the client connected."""
        if self.is_here:
            self._say(msgid=LOGOUT)
            self._is_gone()

    async def part(self) -> None:
        """End the connection once everything is sent."""
        if self._writer is not None:
            self._writer.close()
        await self.die()

    async def die(self) -> None:
        """End the connection with whatever is under way."""
        writer, self._writer = self._writer, None
        reading, self._reading = self._reading, None
        if reading is not None:
            reading.cancel()
        if writer is not None and not writer.is_closing():
            writer.transport.abort()
        self._is_gone()

    async def stay(self) -> None:
        """Do nothing."""

    async def settle(self) -> None:
        """Be logged in; note whether this succeeded."""
        ok = False
        with suppress(TimeoutError):
            await self.be_here()
            ok = True
        self.history.note("live", user=self.user.id, ok=ok)


_STEPS: Steps[OldDevice] = (
    (OldDevice.write, 40),
    (OldDevice.write_to_group, 20),
    (OldDevice.stay, 20),
    (OldDevice.log_out, 3),
    (OldDevice.part, 4),
    (OldDevice.die, 4),
)
