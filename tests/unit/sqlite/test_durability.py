"""What was acknowledged survives, whatever becomes of the process."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.sqlite import Durability, sqlite_store
from chat_domain.entries import pair
from chat_domain.errors import TryAgain
from tests.contract.making import append, register, say, seen, text

SENDERS = 20

WRITER = """
import asyncio, os, sys
from pathlib import Path
from adapters.sqlite import sqlite_store
from chat_domain.entries import pair
from chat_domain.errors import TryAgain
from tests.contract.making import append, create, leave, join, register, text

async def write(store, ann, sender, group):
    for number in range(10**9):
        texts = [text(sender, conv, f"{number}") for conv in (pair(ann, sender), group)]
        for said in await append(store, *texts):
            os.write(1, f"{said.at} {said.cid}\\n".encode())
        if number % 7 == 0:
            await leave(store, group, sender)
            await join(store, group, sender)

async def main():
    async with sqlite_store(Path(sys.argv[1]), sys.argv[2]) as store:
        names = [f"user {n}" for n in range(int(sys.argv[3]))]
        ann, *senders = await register(store, "Ann", *names)
        group = (await create(store, ann, "Chess")).id
        for sender in senders:
            await join(store, group, sender)
        os.write(1, (await store.log.ends()).epoch.encode() + b"\\n")
        await asyncio.gather(*(write(store, ann, sender, group) for sender in senders))

asyncio.run(main())
"""


def killed_while_writing(path: Path, durability: Durability, acknowledged: int) -> list[str]:
    """The log's epoch, and what a process had acknowledged that was killed in the midst of writing
    more: positions and cids."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), durability, str(SENDERS)],
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


@pytest.mark.parametrize("durability", ["disk", "process"])
async def test_what_was_acknowledged_survives_a_kill(
    tmp_path: Path, durability: Durability
) -> None:
    """After kill -9 it is where it was said to be, without a hole, and a member is who joined last.

    The epoch is another only where the end could have been missing.
    """
    path = tmp_path / "chat.db"
    epoch, *acknowledged = await asyncio.to_thread(killed_while_writing, path, durability, 700)
    assert len(acknowledged) >= 699
    async with sqlite_store(path, durability) as store:
        ends = await store.log.ends()
        assert (ends.epoch == epoch) == (durability == "disk")
        entries = (await store.log.tail(0, 10**6)).entries
        assert [one.at for one in entries] == list(range(1, ends.head + 1))
        kept = {f"{one.at} {one.cid}" for one in entries}
        assert set(acknowledged) <= kept
        for sender in range(2, 2 + SENDERS):
            last = [one for one in entries if one.sender_id == sender and one.change][-1]
            assert last.change is not None
            groups = (await store.log.opening(sender)).groups
            assert groups == ((1,) if last.change.what == "joined" else ())
        (said,) = await say(store, 1, pair(1, 2), "hello")
        assert said.at == ends.head + 1
        assert (await seen(store, 2))[-1] == said.at


async def test_a_batch_that_breaks_leaves_nothing(tmp_path: Path) -> None:
    """When writing breaks off half-way, what was written is gone, and takes no position."""
    async with sqlite_store(tmp_path / "chat.db") as store:
        ann, bob = await register(store, "Ann", "Bob")
        with pytest.raises(TryAgain):
            await append(
                store, text(ann, pair(ann, bob)), text(ann, pair(ann, bob), "alone: \ud800")
            )
        good = text(ann, pair(ann, bob))
        assert await append(store, good) == [good]
        assert good.at == 1
        assert await seen(store, bob) == [1]
