"""A real server deletes what has been kept long enough."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from entrypoints.services.ports import free_port
from tests.integration.bad_input.chatters import newcomer
from tests.integration.raw_client import Frame, RawClient
from tests.integration.server_process import ServerProcess
from tests.integration.test_operators_port import get, number

DAY_MS = 24 * 3600 * 1000
PATIENCE = 60.0  # seconds
GROUP_CHAT = 1009


def say(writer: RawClient, reader: RawClient, text: str) -> int:
    """Write a message to a user; return its position."""
    return int(writer.ask({"msgid": 1005, "toid": reader.id, "msg": text})["at"])


def convs(path: Path) -> set[int]:
    with closing(sqlite3.connect(path)) as database:
        return {conv for (conv,) in database.execute("SELECT conv FROM Entry")}


def becomes(what: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < until
        time.sleep(0.02)


def make_old(path: Path, upto: int, days: int) -> None:
    """Make the entries up to a position so many days older."""
    with closing(sqlite3.connect(path)) as database, database:
        older = "UPDATE Entry SET time_ms = time_ms - ? WHERE at <= ?"
        database.execute(older, (days * DAY_MS, upto))


def kept(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as database:
        return [at for (at,) in database.execute("SELECT at FROM Entry ORDER BY at")]


def log_in_and_out(reader: RawClient) -> Frame:
    ack = reader.login()
    reader.ask({"msgid": 1002})
    return ack


def test_what_is_old_is_forgotten_and_devices_are_told(tmp_path: Path) -> None:
    """A server that is started with the option does so, and its metrics show it."""
    path, http = tmp_path / "chat.db", free_port()
    options = ["--hashing", "cheap", "--keep-days", "30", "--http-port", str(http)]
    with ServerProcess(f"sqlite:///{path}", *options) as server:
        with newcomer(server.port) as writer, newcomer(server.port) as reader:
            places = [say(writer, reader, f"message {number}") for number in range(700)]
            reader_id = reader.id
        server.stop()
        make_old(path, places[-3], 31)
        server.start()
        becomes(lambda: kept(path) == places[-2:])
        becomes(lambda: number(get(http, "/metrics")[1], "chat_entries_forgotten_total") == 698)
        with RawClient(server.port) as reader:
            reader.id = reader_id
            becomes(lambda: log_in_and_out(reader)["oldest"] == places[-2])
            ack = reader.login()
            assert [reader.next_chat()["at"] for _ in range(2)] == places[-2:]
            reader.ask({"msgid": 1002})
            ack = reader.login(since=places[0], epoch=ack["epoch"])
            assert ack["reset"] is True


def test_a_group_forgets_sooner(tmp_path: Path) -> None:
    """It does so once an operator has said so, and everything else stays."""
    path = tmp_path / "chat.db"
    with ServerProcess(f"sqlite:///{path}", "--hashing", "cheap") as server:
        with newcomer(server.port) as writer, newcomer(server.port) as reader:
            group = writer.ask({"msgid": 1007, "groupname": "hikers"})["groupid"]
            writer.ask({"msgid": GROUP_CHAT, "groupid": group, "msg": "old"})
            stays = say(writer, reader, "hello")
        server.stop()
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("INSERT INTO Keeping VALUES (?, 7)", (group,))
        make_old(path, stays, 8)
        server.start()
        becomes(lambda: group not in convs(path))
        assert stays in kept(path)
