"""Programs refuse databases of version 0.1, which was never released, and leave them alone."""

import sqlite3
from contextlib import closing
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.integration.cluster import Services
from tests.integration.manage import manage
from tests.integration.server_process import ended_server

NEVER_RELEASED = "was made by version 0.1, which was never released"


def is_refused(done: CompletedProcess[str], name: str) -> None:
    """Check for one line that names the database, and for the exit status 1."""
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert name in line
    assert NEVER_RELEASED in line


@pytest.fixture
def old_file(tmp_path: Path) -> Path:
    path = tmp_path / "chat.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "CREATE TABLE SchemaVersion (version INTEGER NOT NULL PRIMARY KEY);"
            "INSERT INTO SchemaVersion VALUES (2);"
            "CREATE TABLE OfflineMessage (id INTEGER PRIMARY KEY, body TEXT);"
            "INSERT INTO OfflineMessage VALUES (1, 'hello');"
        )
    return path


def test_an_old_file_is_refused(old_file: Path) -> None:
    """The server and `manage` refuse it, and not a byte of it changes."""
    before = old_file.read_bytes()
    store = "--store", f"sqlite:///{old_file}"
    is_refused(ended_server("0", *store), str(old_file))
    is_refused(manage("list", options=store), str(old_file))
    assert old_file.read_bytes() == before


def test_old_tables_are_refused(cluster_services: Services) -> None:
    """A node, `manage`, and the commands that make or upgrade tables refuse them."""
    database_server, broker = cluster_services.database_server, cluster_services.redis.url()
    name = cluster_services.new_database()
    try:
        database_server.query(f"UPDATE {name}.SchemaVersion SET version = 2")  # noqa: S608  # a number
        store = "--store", database_server.url(name)
        is_refused(ended_server("0", *store, "--broker", broker), name)
        is_refused(manage("list", options=(*store, "--broker", broker)), name)
        for command in ("init-db", "upgrade-db"):
            is_refused(manage(command, options=store), name)
    finally:
        database_server.query(f"DROP DATABASE {name}")
