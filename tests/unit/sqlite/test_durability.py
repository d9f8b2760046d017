"""What was acknowledged survives, whatever becomes of the process."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.sqlite import sqlite_store
from tests.contract.making import at_once, message, mids, outcomes, register, send

WRITER = """
import asyncio, os, sys
from pathlib import Path
from adapters.sqlite import sqlite_store
from tests.contract.making import message, register, send

async def write(store, ann, sender):
    for number in range(10**9):
        mid = f"{sender:02}-{number:09}"
        await send(store, ann, message(mid))
        os.write(1, f"{mid}\\n".encode())

async def main():
    async with sqlite_store(Path(sys.argv[1]), mailbox_capacity=10**9) as store:
        (ann,) = await register(store, "Ann")
        await asyncio.gather(*(write(store, ann, sender) for sender in range(20)))

asyncio.run(main())
"""


def killed_while_writing(path: Path, acknowledged: int) -> list[str]:
    """What a process had acknowledged that was killed in the midst of writing more."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    ) as child:
        assert child.stdout
        lines = [child.stdout.readline() for _ in range(acknowledged)]
        child.send_signal(signal.SIGKILL)
        lines += child.stdout.readlines()
    assert child.returncode == -signal.SIGKILL
    return [line.strip() for line in lines if line.endswith("\n")]


async def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    """After kill -9 every acknowledged message is there, and nothing bars the next start."""
    path = tmp_path / "chat.db"
    acknowledged = await asyncio.to_thread(killed_while_writing, path, 500)
    assert len(acknowledged) >= 500
    async with sqlite_store(path, mailbox_capacity=10**9) as store:
        stored = [found.mid for found in await store.mailbox.read(1, 10**9, ())]
        assert set(acknowledged) <= set(stored)


async def test_the_count_of_a_mailbox_survives_a_kill(tmp_path: Path) -> None:
    """A mailbox is full at its capacity, neither sooner nor later, after a kill in mid-writing."""
    path = tmp_path / "chat.db"
    await asyncio.to_thread(killed_while_writing, path, 100)
    async with sqlite_store(path, mailbox_capacity=10**9) as store:
        stored = len(await store.mailbox.read(1, 10**9, ()))
    async with sqlite_store(path, mailbox_capacity=stored + 1) as store:
        assert [
            outcome.name for outcome in outcomes(await send(store, 1, message("y"), message("z")))
        ] == ["STORED", "FULL"]


async def test_a_step_that_breaks_is_not_counted(tmp_path: Path) -> None:
    """When storing breaks off half-way, what it had stored is gone and takes no room."""
    async with sqlite_store(tmp_path / "chat.db", mailbox_capacity=3) as store:
        (ann,) = await register(store, "Ann")
        unstorable = message("b", "a lone surrogate: \ud800")
        broken, good = await at_once(
            [send(store, ann, message("a"), unstorable), send(store, ann, message("c"))]
        )
        assert isinstance(broken, UnicodeEncodeError)
        assert isinstance(good, list)
        assert await mids(store, ann) == ["c"]
        filings = await send(store, ann, *(message(mid) for mid in "xyz"))
        assert [filing.outcome.name for filing in filings] == ["STORED", "STORED", "FULL"]


async def test_a_cancelled_write_happens_or_not_and_breaks_nothing(tmp_path: Path) -> None:
    """Whoever stops waiting for a write does not stop those of others."""
    async with sqlite_store(tmp_path / "chat.db") as store:
        (ann,) = await register(store, "Ann")
        tasks = [asyncio.create_task(send(store, ann, message(mid))) for mid in "abcd"]
        await asyncio.sleep(0)
        tasks[1].cancel()
        with pytest.raises(asyncio.CancelledError):
            await tasks[1]
        await asyncio.gather(tasks[0], *tasks[2:])
        assert set(await mids(store, ann)) >= {"a", "c", "d"}
