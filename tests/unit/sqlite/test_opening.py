"""Which files can be a store, and what the operator is told about the others."""

import asyncio
import os
import shutil
import sqlite3
import stat
from contextlib import AsyncExitStack, closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from adapters.faults.startup_errors import StoreUnusable
from adapters.sqlite import DatabaseInUse, Durability, sqlite_store
from chat_domain.entries import EVERYWHERE, Batch, ChangeKind, EntryRef, pair
from chat_domain.errors import TryAgain
from chat_domain.ports.store import Store
from tests.contract.making import change, commit, create, leave, register, say, seen, text, write

SOMEBODY = 65534  # a user who is not root


@pytest.fixture
async def made(tmp_path: Path) -> Path:
    """A store that was opened before."""
    path = tmp_path / "chat.db"
    async with sqlite_store(path):
        pass
    return path


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


def owners(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_uid for path in folder.iterdir()}


async def refusal(path: Path) -> str:
    """The one line with which opening this path is refused."""
    with pytest.raises(StoreUnusable) as error:
        async with sqlite_store(path):
            pass
    line = str(error.value)
    assert str(path.name) in line
    assert "\n" not in line
    return line


def query(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return connection.execute(sql).fetchall()


async def test_what_was_stored_is_there_after_reopening(tmp_path: Path) -> None:
    """A store that is closed and opened again has lost nothing, and gives no id twice."""
    path = tmp_path / "chat.db"
    async with sqlite_store(path) as store:
        ann, bob = await register(store, "Ann", "Bob")
        await store.friends.add(ann, bob)
        ended = await create(store, ann, "Chess")
        await leave(store, ended.id, ann)
        await say(store, ann, pair(ann, bob), "hello")
        before = await store.log.ends()
    async with sqlite_store(path) as store:
        assert await store.log.ends() == before
        assert await store.users.names([ann, bob]) == {ann: "Ann", bob: "Bob"}
        assert await store.friends.listed_by(bob, 0, 1000) == [ann]
        assert await seen(store, bob) == [3]
        (said,) = await say(store, ann, pair(ann, bob), "hello again")
        assert said.at == 4
        assert (await create(store, ann, "Chess")).id > ended.id


async def test_closing_leaves_one_file(tmp_path: Path) -> None:
    """The write-ahead log is merged into the file. Only the empty lock file stays beside it."""
    async with sqlite_store(tmp_path / "chat.db") as store:
        await register(store, "Ann")
    assert modes(tmp_path).keys() == {"chat.db", "chat.db-lock"}
    assert (tmp_path / "chat.db-lock").stat().st_size == 0


async def test_closing_waits_for_writes(tmp_path: Path) -> None:
    """What is being written when the store closes is still written."""
    async with sqlite_store(tmp_path / "chat.db") as store:
        task = asyncio.create_task(register(store, "Ann"))
        await asyncio.sleep(0)
    assert await task == [1]
    assert query(tmp_path / "chat.db", "SELECT name FROM User") == [("Ann",)]


async def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Nobody else can read messages and secrets, in the write-ahead log either."""
    async with sqlite_store(tmp_path / "chat.db") as store:
        await register(store, "Ann")
        found = modes(tmp_path)
    assert "chat.db-wal" in found
    assert set(found.values()) == {0o600}


async def test_what_root_has_opened_stays_its_owners(made: Path, tmp_path: Path) -> None:
    """An operator who is root leaves no file that keeps the server's user out."""
    server = os.getuid() or SOMEBODY
    (tmp_path / "chat.db-lock").unlink()  # as when a backup has replaced the database
    os.chown(made, server, -1)
    async with sqlite_store(made):
        assert set(owners(tmp_path).values()) == {server}


async def test_what_a_link_in_place_of_the_lock_leads_to_stays_its_owners(
    made: Path, tmp_path: Path
) -> None:
    """Otherwise the server's user could place a link there and be given any file of root's."""
    lock, other = tmp_path / "chat.db-lock", tmp_path / "other"
    other.touch()
    lock.unlink()
    lock.symlink_to(other)
    os.chown(made, os.getuid() or SOMEBODY, -1)
    async with sqlite_store(made):
        assert other.stat().st_uid == os.getuid()


async def test_the_file_that_may_not_be_used_is_named(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another user may own the lock file, even if the database's owner is the right one."""
    monkeypatch.setattr(os, "access", lambda file, _: file.name != "chat.db-lock")  # not of root
    assert await refusal(made) == f"cannot use {made}-lock: Permission denied"


async def test_a_directory_that_cannot_be_written_is_named(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file alone may belong to the server's user; SQLite calls it read-only."""
    monkeypatch.setattr(os, "access", lambda file, _: file != made.parent)
    with pytest.raises(StoreUnusable) as refused:
        await AsyncExitStack().enter_async_context(sqlite_store(made))
    assert str(refused.value) == f"cannot use {made.parent}: Permission denied"


async def test_a_disk_that_cannot_be_written_is_not_taken_for_a_missing_right(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many systems mount a disk read-only after an error."""
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_flag=os.ST_RDONLY))
    assert await refusal(made) == f"cannot use {made}: Read-only file system"


async def asked(store: Store, *pragmas: str) -> list[object]:
    """The answers of the writing connection to these pragmas."""
    writer = store.log._writer  # type: ignore[attr-defined]  # not part of the port
    return [
        await writer.run(
            lambda connection, one: connection.execute(f"PRAGMA {one}").fetchone()[0], one
        )
        for one in pragmas
    ]


async def test_every_commit_reaches_the_disk(tmp_path: Path) -> None:
    """Each commit is synced to the write-ahead log, and deleted content is overwritten."""
    async with sqlite_store(tmp_path / "chat.db") as store:
        pragmas = await asked(store, "synchronous", "journal_mode", "secure_delete")
        assert pragmas == [2, "wal", 1]


async def test_what_was_erased_is_not_in_the_file(tmp_path: Path) -> None:
    """After the server has stopped, the file has only the texts of others."""
    path = tmp_path / "chat.db"
    async with sqlite_store(path) as store:
        ann, bob = await register(store, "Ann", "Bob")
        for number in range(100):
            await say(store, ann, pair(ann, bob), f"a secret of Ann's {number}")
            await say(store, bob, pair(ann, bob), f"a secret of Bob's {number}")
        await write(store, change(ChangeKind.ERASED, ann, pair(ann, ann)))
    content = path.read_bytes()
    assert b"a secret of Ann's" not in content
    assert content.count(b"a secret of Bob's") >= 100


async def test_commits_may_be_left_to_the_system(tmp_path: Path) -> None:
    """An operator may choose that commits only have to survive the process."""
    async with sqlite_store(tmp_path / "chat.db", "process") as store:
        assert await asked(store, "synchronous") == [1]


async def test_an_end_in_good_order_keeps_the_epoch(tmp_path: Path) -> None:
    """The durability of commits does not matter."""
    epochs = set()
    for durability in ("disk", "process", "process", "disk"):
        async with sqlite_store(tmp_path / "chat.db", durability) as store:
            epochs.add((await store.log.ends()).epoch)
    assert len(epochs) == 1


@pytest.mark.parametrize("then", ["disk", "process"])
async def test_where_an_end_may_be_missing_the_epoch_is_another(
    tmp_path: Path, then: Durability
) -> None:
    """A copy of the files of a running server may miss its end. It gets a new epoch once."""
    path, copy = tmp_path / "chat.db", tmp_path / "copy.db"
    async with sqlite_store(path, "process") as store:
        (ann,) = await register(store, "Ann")
        await say(store, ann, pair(ann, ann), "hello")
        await store.log.mark({(ann, EVERYWHERE): 9})
        epoch = (await store.log.ends()).epoch
        for end in ("", "-wal"):
            shutil.copy(f"{path}{end}", f"{copy}{end}")
    async with sqlite_store(copy, then) as store:
        opening = await store.log.opening(ann)
        assert opening.ends.epoch != epoch
        assert (opening.ends.head, opening.got) == (1, 1)
    async with sqlite_store(copy, then) as store:
        assert (await store.log.ends()).epoch == opening.ends.epoch


async def test_the_end_of_a_server_that_syncs_is_never_missing(tmp_path: Path) -> None:
    """A copy of its files therefore keeps the epoch."""
    path, copy = tmp_path / "chat.db", tmp_path / "copy.db"
    async with sqlite_store(path) as store:
        await register(store, "Ann")
        epoch = (await store.log.ends()).epoch
        for end in ("", "-wal"):
            shutil.copy(f"{path}{end}", f"{copy}{end}")
    async with sqlite_store(copy) as store:
        assert (await store.log.ends()).epoch == epoch


async def test_a_second_server_is_refused(tmp_path: Path) -> None:
    """A file in use cannot be opened a second time, by any name; afterwards it can."""
    path, alias = tmp_path / "chat.db", tmp_path / "alias.db"
    alias.symlink_to(path)
    async with sqlite_store(path) as store:
        for _ in range(2):
            assert await refusal(path) == f"{path} is in use by another server"
        with pytest.raises(DatabaseInUse):
            await AsyncExitStack().enter_async_context(sqlite_store(alias))
        await register(store, "Ann")
    async with sqlite_store(alias) as store:
        assert await store.users.names([1]) == {1: "Ann"}


async def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    """A file of no bytes counts as no file."""
    path = tmp_path / "chat.db"
    path.touch()
    async with sqlite_store(path) as store:
        assert await register(store, "Ann") == [1]


@pytest.mark.parametrize("content", [b"This is a letter, not a database.\n" * 99, b"xy"])
async def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    """A file that is no database stays as it is."""
    path = tmp_path / "letter.txt"
    path.write_bytes(content)
    assert "not a database" in await refusal(path)
    assert path.read_bytes() == content


async def test_a_broken_file_is_refused(tmp_path: Path) -> None:
    """A database whose first pages were overwritten is refused with one line."""
    path = tmp_path / "chat.db"
    async with sqlite_store(path) as store:
        await register(store, "Ann")
    content = bytearray(path.read_bytes())
    content[100:8192] = b"\xff" * (8192 - 100)
    path.write_bytes(content)
    assert "malformed" in await refusal(path)


async def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    """The server does not add its tables to another program's."""
    path = tmp_path / "other.db"
    query(path, "CREATE TABLE Recipe (cake TEXT)")
    assert "another program" in await refusal(path)
    assert query(path, "SELECT name FROM sqlite_master") == [("Recipe",)]


@pytest.mark.parametrize(
    "sql", ["UPDATE SchemaVersion SET version = 99", "DELETE FROM SchemaVersion"]
)
async def test_an_unknown_version_is_refused(made: Path, sql: str) -> None:
    """Tables of a later version are not touched."""
    query(made, sql)
    assert "schema" in await refusal(made)


@pytest.mark.parametrize("version", [1, 2])
async def test_a_file_of_version_0_1_is_refused_by_name(tmp_path: Path, version: int) -> None:
    """The refusal says what to do, and the file stays as it is."""
    path = tmp_path / "chat.db"
    query(path, "CREATE TABLE SchemaVersion (version INTEGER NOT NULL PRIMARY KEY)")
    query(path, f"INSERT INTO SchemaVersion VALUES ({version})")  # noqa: S608  # constants
    assert "version 0.1" in await refusal(path)
    assert "start with a new database" in await refusal(path)
    assert query(path, "SELECT name FROM sqlite_master WHERE type = 'table'") == [
        ("SchemaVersion",)
    ]


@pytest.mark.parametrize("name", ["missing/chat.db", "file/chat.db", "folder"])
async def test_a_place_without_a_file_is_refused(tmp_path: Path, name: str) -> None:
    """The refusal has the reason, and no folder is created."""
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    assert await refusal(tmp_path / name)
    assert not (tmp_path / "missing").exists()


async def test_a_refused_file_is_not_kept_locked(tmp_path: Path) -> None:
    """Once the reason is removed, the same process can open the file."""
    path = tmp_path / "chat.db"
    path.write_bytes(b"This is a letter, not a database.\n" * 99)
    await refusal(path)
    path.unlink()
    async with sqlite_store(path) as store:
        assert await register(store, "Ann") == [1]


async def test_an_error_inside_is_not_the_stores(tmp_path: Path) -> None:
    """What is raised while the store is open passes through, and the store is closed."""
    with pytest.raises(OSError, match="mine"):
        async with sqlite_store(tmp_path / "chat.db"):
            raise OSError("mine")
    async with sqlite_store(tmp_path / "chat.db"):
        pass


@pytest.mark.parametrize("name", ["chat.db", "chat.db-wal"])
async def test_nothing_is_written_to_a_file_that_is_not_there_any_more(
    tmp_path: Path, name: str
) -> None:
    """What is written there would vanish with the process, acknowledged or not. If the file is put
    back, it has all that was acknowledged, and the server goes on."""
    path, aside = tmp_path / name, tmp_path / "aside"
    async with sqlite_store(tmp_path / "chat.db") as store:
        (ann,) = await register(store, "Ann")
        await say(store, ann, pair(ann, ann), "before")
        ends = await store.log.ends()
        path.rename(aside)
        for _ in ("gone", "another"):
            batch = Batch((text(ann, pair(ann, ann)),), ends.epoch, ends.head, EntryRef(), {})
            assert isinstance(await commit(store, batch), TryAgain)
            with pytest.raises(TryAgain):
                await register(store, "Bob")
            with pytest.raises(TryAgain):
                await store.log.ends()
            shutil.copy(aside, path)
        aside.rename(path)
        (said,) = await say(store, ann, pair(ann, ann), "after")
        assert said.at == 2
