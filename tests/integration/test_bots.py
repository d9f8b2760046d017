"""Programs that use ChatClient, as processes that are killed: those of docs/client.md, unchanged
except for the port, and one that notes what it is given."""

import asyncio
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from adapters.client import ChatClient, InGroup, Where
from tests.eventually import eventually
from tests.integration.chatter import Chatter, beside, connected, newcomer
from tests.integration.server_process import ROOT, ServerProcess

KILLS = 6

_WITNESS = """
import asyncio
from adapters.client import ChatClient, Message

async def main():
    async with ChatClient.connect("127.0.0.1", 6000, retry=True, store="witness.db") as client:
        await client.login("witness", "secret", wait=True)
        with open("notes", "a", buffering=1) as notes:
            async for event in client.events():
                if isinstance(event, Message):
                    print(event.text, file=notes)

asyncio.run(main())
"""


def program(title: str) -> str:
    """The program under this title on the page."""
    page = (ROOT / "docs/client.md").read_text("utf-8")
    section = re.split(r"^### ", page, flags=re.MULTILINE)
    (text,) = [part for part in section if part.startswith(f"{title}\n")]
    (code,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    return str(code)


class Bot:
    """A program in a process of its own."""

    def __init__(self, code: str, port: int, directory: Path) -> None:
        self._file = directory / "bot.py"
        self._file.write_text(code.replace("6000", str(port)))
        self._errors = directory / "errors"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._errors.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, self._file.name],
                cwd=self._file.parent,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stderr=errors,
            )

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @property
    def complaints(self) -> str:
        return self._errors.read_text()


@contextmanager
def bot(code: str, port: int, directory: Path) -> Iterator[Bot]:
    it = Bot(code, port, directory)
    try:
        yield it
    finally:
        it.kill()
        sys.stdout.write(it.complaints)  # pytest shows it if the test fails


async def register(port: int, name: str) -> int:
    async with ChatClient.connect("127.0.0.1", port) as client:
        return await client.register(name, "secret")


async def test_the_echo_bot_of_the_page(server: ServerProcess, tmp_path: Path) -> None:
    """It has ten lines. It answers what was said while it was down, once, whatever kills it."""
    code = program("An echo bot")
    assert len([line for line in code.splitlines() if line]) == 10
    echo = await register(server.port, "echo")
    with bot(code, server.port, tmp_path) as process:
        async with newcomer(server.port) as ann:
            await ann.client.send(echo, "one")
            process.start()
            await ann.hears("one")
            process.kill()
            await ann.client.send(echo, "two")
            process.start()
            await ann.hears("one", "two")
            await ann.client.send(echo, "three")
            await ann.hears("one", "two", "three")
            assert ann.texts == ["one", "two", "three"]


class Talk:
    """A user who says one number after the other until told to end."""

    def __init__(self, who: Chatter, where: Where | int) -> None:
        self._who = who
        self._where = where
        self._go_on = True
        self._task = asyncio.create_task(self._talk())

    async def _talk(self) -> int:
        number = 0
        while self._go_on:
            await self._who.client.send(self._where, str(number))
            number += 1
            await asyncio.sleep(0.05)
        return number

    async def end(self) -> list[str]:
        """Stop; return everything that was said."""
        self._go_on = False
        return [str(number) for number in range(await self._task)]


async def run_and_kill(process: Bot, rng: random.Random, size: Callable[[], int]) -> None:
    """Start a bot, and kill it some time after it has done something, so that `size` has grown."""
    had = size()
    process.start()
    await eventually(lambda: size() > had)
    await asyncio.sleep(rng.uniform(0.0, 0.3))
    await beside(process.kill)


@pytest.mark.parametrize("seed", [1, 2])
async def test_the_bridge_of_the_page_survives_being_killed(
    server: ServerProcess, tmp_path: Path, seed: int
) -> None:
    """Two people talk through it while it is killed repeatedly at random moments. Each is told
    everything that the other says, once and in order."""
    rng = random.Random(seed)
    await register(server.port, "bridge")
    async with newcomer(server.port) as ann, newcomer(server.port) as bob:
        await ann.client.create_group("one")
        await bob.client.create_group("two")
        await join(server.port, "bridge", (1, 2))
        with bot(program("A bridge"), server.port, tmp_path) as process:
            talks = [Talk(ann, InGroup(1)), Talk(bob, InGroup(2))]
            for _ in range(KILLS):
                await run_and_kill(process, rng, lambda: len(ann.texts) + len(bob.texts))
            said_by_ann, said_by_bob = [await talk.end() for talk in talks]
            process.start()
            for who in (ann, bob):
                await who.client.send(InGroup(1 if who is ann else 2), "the end")
            await ann.hears(f"{bob.name}: the end")
            await bob.hears(f"{ann.name}: the end")
    assert ann.texts == [f"{bob.name}: {text}" for text in [*said_by_bob, "the end"]]
    assert bob.texts == [f"{ann.name}: {text}" for text in [*said_by_ann, "the end"]]
    assert process.complaints == ""


async def join(port: int, name: str, groups: tuple[int, ...]) -> None:
    async with connected(port) as chatter:
        await chatter.client.login(name, "secret")
        for group in groups:
            await chatter.client.join_group(group)


async def test_a_killed_bot_misses_nothing_and_sees_nothing_twice(
    server: ServerProcess, tmp_path: Path
) -> None:
    """The exception is what it was doing when it was killed: nobody knows whether it did that."""
    rng = random.Random(3)
    witness = await register(server.port, "witness")
    notes = tmp_path / "notes"
    notes.touch()
    ends = [0]
    with bot(_WITNESS, server.port, tmp_path) as process:
        async with newcomer(server.port) as ann:
            talk = Talk(ann, witness)
            for _ in range(KILLS):
                await run_and_kill(process, rng, lambda: notes.stat().st_size)
                ends.append(len(notes.read_text().splitlines()))
            said = await talk.end()
            process.start()
            await eventually(lambda: notes.read_text().splitlines()[-1] == said[-1])
    lines = notes.read_text().splitlines()
    runs = [lines[begin:end] for begin, end in pairwise([*ends, len(lines)])]
    seen = runs[0]
    for run in runs[1:]:
        seen += run[1:] if run[:1] == seen[-1:] else run
    assert seen == said
