"""A store's file has one process at a time; what this has acknowledged survives it."""

import asyncio
import signal
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from adapters.sqlite import DatabaseInUse, Durability, sqlite_store
from chat_domain.entries import pair
from tests.contract.making import seen, text, write
from tests.integration.server_process import ROOT

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
    """Kill a process while it writes. Return the log's epoch, and the positions and cids that the
    process had acknowledged."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), durability, str(SENDERS)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
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
    """After kill -9 the entries are at their positions, without a hole, and the last user to join
    is a member. The epoch is another one only if the end could have been missing.
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
        said = await write(store, text(1, pair(1, 2), "hello", cid="of this process"))
        assert said.at == ends.head + 1
        assert (await seen(store, 2))[-1] == said.at


SECOND_SERVER = """
import asyncio, sys
from pathlib import Path
from adapters.sqlite import DatabaseInUse, sqlite_store

async def main():
    try:
        async with sqlite_store(Path(sys.argv[1])):
            print("opened")
    except DatabaseInUse:
        print("refused")

asyncio.run(main())
"""


async def second_server(path: Path) -> bytes:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        SECOND_SERVER,
        str(path),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await child.communicate()
    return output.strip()


async def test_another_process_is_refused(tmp_path: Path) -> None:
    """The file is locked against other processes, even if this one tries to open it again."""
    path = tmp_path / "chat.db"
    async with sqlite_store(path):
        with pytest.raises(DatabaseInUse):
            await AsyncExitStack().enter_async_context(sqlite_store(path))
        assert await second_server(path) == b"refused"
    assert await second_server(path) == b"opened"
