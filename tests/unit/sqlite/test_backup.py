"""Copying a store while the server goes on."""

import os
import resource
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from adapters.faults.startup_errors import StoreUnusable
from adapters.sqlite import sqlite_store
from adapters.sqlite.backup import back_up
from chat_domain.entries import pair
from chat_domain.names import Name
from tests.contract.making import register, say

LARGE = (
    "INSERT INTO Entry (conv, kind, senderid, cid, time_ms, body)"
    " VALUES (1, 0, 1, 'c1', 0, hex(zeroblob(3000000)))"
)


def facts(path: Path) -> tuple[int, int, list[str]]:
    """A file's size and mode, and the names in its folder."""
    facts = path.stat()
    return (
        facts.st_size,
        stat.S_IMODE(facts.st_mode),
        sorted(one.name for one in path.parent.iterdir()),
    )


@pytest.mark.parametrize("name", ["copy.db", os.fsdecode(b"copy\xff.db")])
async def test_a_backup_is_a_whole_store(tmp_path: Path, name: str) -> None:
    """The copy has what was committed before, gives later ids, and is readable for its owner only.
    Its name may be any that the system allows."""
    copy = tmp_path / name
    async with sqlite_store(tmp_path / "chat.db") as store:
        ann, bob = await register(store, "Ann", "Bob")
        await say(store, ann, pair(ann, ann), "before")
        await store.users.remove(bob)
        size = back_up(tmp_path / "chat.db", copy)
        await say(store, ann, pair(ann, ann), "later")
        epoch = (await store.log.ends()).epoch
    assert facts(copy) == (size, 0o600, ["chat.db", "chat.db-lock", name])
    async with sqlite_store(copy) as store:
        assert [one.text for one in (await store.log.tail(0, 9)).entries] == ["before"]
        assert (await store.log.ends()).epoch == epoch
        assert await store.users.add(Name.parse("Cid"), "x") > bob


async def test_a_backup_of_what_may_lose_its_end_has_an_epoch_of_its_own(tmp_path: Path) -> None:
    """The copy was made while the server was running, so it was not closed properly."""
    async with sqlite_store(tmp_path / "chat.db", "process") as store:
        epoch = (await store.log.ends()).epoch
        back_up(tmp_path / "chat.db", tmp_path / "copy.db")
    async with sqlite_store(tmp_path / "copy.db") as store:
        assert (await store.log.ends()).epoch != epoch


async def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """An existing file stays as it is."""
    async with sqlite_store(tmp_path / "chat.db"):
        pass
    (tmp_path / "mine").write_text("precious")
    with pytest.raises(StoreUnusable, match="mine: File exists"):
        back_up(tmp_path / "chat.db", tmp_path / "mine")
    assert (tmp_path / "mine").read_text() == "precious"


@pytest.mark.parametrize("content", [None, b"", b"no database at all", "another program's"])
def test_what_is_no_store_of_ours_is_not_copied(
    tmp_path: Path, content: bytes | str | None
) -> None:
    """The attempt leaves nothing behind."""
    source = tmp_path / "other.db"
    if isinstance(content, bytes):
        source.write_bytes(content)
    elif content:
        with sqlite3.connect(source) as connection:
            connection.execute("CREATE TABLE Recipe (name TEXT)")
        connection.close()
    before = list(tmp_path.iterdir())
    with pytest.raises(StoreUnusable, match=r"other\.db"):
        back_up(source, tmp_path / "copy.db")
    assert list(tmp_path.iterdir()) == before


def test_a_file_that_is_not_there_is_told_with_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name alone means another file in each directory, and the operator may be in the wrong
    one."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreUnusable, match=f"there is no {tmp_path}/chat.db"):
        back_up(Path("chat.db"), Path("copy.db"))


async def test_a_backup_that_has_no_place_is_one_line(tmp_path: Path) -> None:
    """Here, the folder does not exist."""
    async with sqlite_store(tmp_path / "chat.db"):
        pass
    with pytest.raises(StoreUnusable, match="No such file"):
        back_up(tmp_path / "chat.db", tmp_path / "missing" / "copy.db")


@contextmanager
def full_from(size: int) -> Iterator[None]:
    """Let no file become larger than this many bytes, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(
    ("size", "why"), [(3_000_000, "disk I/O error"), (1_000, "there is no room beside chat.db")]
)
async def test_of_a_backup_that_has_no_room_nothing_is_left(
    tmp_path: Path, size: int, why: str
) -> None:
    """Either the copy's disk is full or the database's."""
    backups = tmp_path / "backups"
    backups.mkdir()
    async with sqlite_store(tmp_path / "chat.db"):
        pass
    with closing(sqlite3.connect(tmp_path / "chat.db")) as connection, connection:
        connection.execute(LARGE)
    with full_from(size), pytest.raises(StoreUnusable, match=why):
        back_up(tmp_path / "chat.db", backups / "copy.db")
    assert list(backups.iterdir()) == []
