"""A database that cannot be used is refused at the start, with one line that says what to do."""

from pathlib import Path
from ssl import SSLCertVerificationError

import pytest
from pymysql.err import OperationalError

from adapters.faults.startup_errors import StoreUnusable
from adapters.mysql import mysql_store
from adapters.mysql.address import Address
from adapters.mysql.failures import reason
from adapters.mysql.managing import make_tables as make_tables_anew
from adapters.mysql.managing import upgrade_tables
from adapters.sql.version import VERSION
from entrypoints.services.database import DatabaseServer
from entrypoints.services.ports import LOOPBACK, free_port
from tests.integration.database_server import Database

from .conftest import Ask, make_tables


async def refusal(url: str) -> str:
    """The one line of the refusal."""
    with pytest.raises(StoreUnusable) as refused:
        async with mysql_store(url):
            pass
    line = str(refused.value)
    assert "\n" not in line
    return line


async def test_a_database_without_tables(database_server: DatabaseServer, database: str) -> None:
    """An operator who has to make the tables first is told how."""
    line = await refusal(database_server.url(database))
    assert line == (
        f"database '{database}' at {LOOPBACK}:{database_server.port}"
        " has no tables of the chat server; run python -m entrypoints.manage init-db"
    )


async def test_a_database_of_the_original_server(
    database_server: DatabaseServer, database: str, ask: Ask
) -> None:
    """An operator who has to upgrade the tables first is told how."""
    ask(f"USE {database}")
    ask("CREATE TABLE user (id INT, name VARCHAR(50), password VARCHAR(50), state VARCHAR(9))")
    line = await refusal(database_server.url(database))
    assert line.endswith(
        "has tables of the C++ server; run python -m entrypoints.manage upgrade-db"
    )


@pytest.mark.parametrize("version", [1, 2])
async def test_a_database_of_version_0_1(
    database_server: DatabaseServer, database: str, ask: Ask, version: int
) -> None:
    """The line says what it is, and what to do."""
    make_tables(ask, database)
    ask(f"UPDATE SchemaVersion SET version = {version}")  # noqa: S608  # constants
    ask("DROP TABLE Entry")
    line = await refusal(database_server.url(database))
    assert line.endswith(
        "was made by version 0.1, which was never released and whose tables are no longer"
        " supported: start with a new database"
    )
    for again in (
        make_tables_anew(database_server.url(database)),
        upgrade_tables(database_server.url(database)),
    ):
        with pytest.raises(StoreUnusable, match="start with a new database"):
            await again
    assert ask("SHOW TABLES LIKE 'Entry'") == []  # nothing was made beside what is there


@pytest.mark.parametrize("versions", [[VERSION + 1], [VERSION, VERSION + 1], []])
async def test_a_schema_of_another_version(
    database_server: DatabaseServer, database: str, ask: Ask, versions: list[int]
) -> None:
    """A version that this program does not know is refused."""
    make_tables(ask, database)
    ask("DELETE FROM SchemaVersion")
    for version in versions:
        ask(f"INSERT INTO SchemaVersion VALUES ({version})")  # noqa: S608  # constants
    known = f"this program supports [{VERSION}]"
    assert f"has the schema {versions}, {known}" in await refusal(database_server.url(database))


async def test_making_the_tables_twice_does_no_harm(
    database_server: DatabaseServer, database: str, ask: Ask
) -> None:
    """schema.sql can be run again on tables that are in use."""
    make_tables(ask, database)
    ask("INSERT INTO User (name, namekey, password) VALUES ('Ann', 'ann', 'x')")
    before = ask("SELECT epoch, head FROM Log")
    make_tables(ask, database)
    async with mysql_store(database_server.url(database)) as store:
        assert await store.users.names([1]) == {1: "Ann"}
    assert ask("SELECT epoch, head FROM Log") == before


async def test_making_the_tables_can_be_cut_off(
    database_server: DatabaseServer, database: str, ask: Ask
) -> None:
    """Even just before the last row: `init-db` adds it when it is run again."""
    make_tables(ask, database)
    ask("DELETE FROM SchemaVersion")
    assert await make_tables_anew(database_server.url(database))
    assert not await make_tables_anew(database_server.url(database))


@pytest.mark.parametrize("lost", ["SchemaVersion", "User"])
async def test_a_part_of_a_backup_is_not_completed_by_empty_tables(
    database_server: DatabaseServer, database: str, ask: Ask, lost: str
) -> None:
    """A new user would get the id of one in the backup, and read their messages."""
    make_tables(ask, database)
    ask("INSERT INTO Member (userid, conv, joined, since, `left`) VALUES (1, 7, 1, 0, 9)")
    ask(f"DROP TABLE {lost}")
    with pytest.raises(StoreUnusable, match="has a Member in use, but not all tables: if it was"):
        await make_tables_anew(database_server.url(database))
    assert ask(f"SHOW TABLES LIKE '{lost}'") == []


async def test_a_database_that_lacks_a_table(
    database_server: DatabaseServer, database: str, ask: Ask
) -> None:
    """The line names it. It is not made anew, since what was in it is missing."""
    make_tables(ask, database)
    ask("DROP TABLE Member")
    line = await refusal(database_server.url(database))
    assert line.endswith("has no table Member: if it was restored from a backup, restore all of it")
    with pytest.raises(StoreUnusable, match="has no table Member"):
        await make_tables_anew(database_server.url(database))


async def test_a_wrong_password(database_server: DatabaseServer, database: str) -> None:
    """The line says what is wrong, and no password."""
    line = await refusal(database_server.url(database).replace(":chat@", ":S3cret@"))
    assert "Access denied" in line
    assert "S3cret" not in line


async def test_a_database_that_is_not_there(database_server: DatabaseServer) -> None:
    """The line names it."""
    assert "chat_nowhere" in await refusal(database_server.url("chat_nowhere"))


async def test_a_server_that_is_not_there() -> None:
    """The line says where no server was found, and why, in the system's words."""
    port = free_port()
    line = await refusal(f"mysql://chat:chat@{LOOPBACK}:{port}/chat")
    assert line.endswith(f"{LOOPBACK}:{port}: Connection refused")


def test_a_certificate_that_is_not_trusted() -> None:
    """The line says what OpenSSL says, whose number 1 would be "Operation not permitted"."""
    error = OperationalError(2003, "Can't connect to MySQL server on 'chat-db'")
    error.__cause__ = SSLCertVerificationError(1, "certificate verify failed: self-signed")
    assert reason(error) == "certificate verify failed: self-signed"


async def test_a_server_without_encryption(home: Path) -> None:
    """An address that asks for TLS never gets less."""
    with Database(home / "plain", fast=True, options=Database.WITHOUT_TLS) as server:
        assert "does not offer TLS" in await refusal(server.url() + "?ssl=true")


async def test_a_socket_in_the_file_system(
    database_server: DatabaseServer, url: str, tmp_path: Path
) -> None:
    """A server on the same machine can be reached by its socket."""
    short = tmp_path / "s"  # the path of a socket may not be long
    short.symlink_to(database_server.socket)
    by_socket = f"mysql://chat:chat@localhost/chat?unix_socket={short}&pool=1"
    async with mysql_store(by_socket) as store:
        assert await store.users.find(1) is None
    assert Address.parse(url).port == database_server.port


def test_an_address_is_taken_apart() -> None:
    """Each part of an address is where it belongs, and is unescaped."""
    address = Address.parse("mysql://us%40er:p%3A%2Fw%C3%B6rd@db.example:3307/my%20chat?pool=3")
    assert (address.host, address.port) == ("db.example", 3307)
    assert (address.user, address.password) == ("us@er", "p:/wörd")
    assert (address.database, address.pool, address.tls) == ("my chat", 3, None)


def test_what_an_address_leaves_out() -> None:
    """Port, password and options have their usual values."""
    address = Address.parse("mysql://chat@localhost/chat")
    assert (address.port, address.password, address.pool) == (3306, "", 8)
    assert (address.unix_socket, address.tls) == (None, None)


@pytest.mark.parametrize(
    "url",
    [
        "mysql://user:secret@host",
        "mysql://user:secret@host/",
        "mysql://user:secret@host/a/b",
        "mysql://host/chat",
        "mysql://user:secret@host:port/chat",
        "mysql://user:secret@host:99999/chat",
        "mysql://user:secret@host/chat?pool=0",
        "mysql://user:secret@host/chat?pool=many",
        "mysql://user:secret@host/chat?ssl=perhaps",
        "mysql://user:secret@host/chat?ssl_ca=/not/there",
        "mysql://user:secret@host/chat?color=red",
        "postgres://user:secret@host/chat",
    ],
)
def test_an_address_that_cannot_be(url: str) -> None:
    """One line, without the password, says what is wrong with the address."""
    with pytest.raises(StoreUnusable) as refused:
        Address.parse(url)
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_of_authorities_that_cannot_be_read_is_named() -> None:
    """The operator may not see the address, which can come from a file."""
    with pytest.raises(StoreUnusable, match=r"ssl_ca=/not/there: No such file"):
        Address.parse("mysql://user:secret@host/chat?ssl_ca=/not/there")


def test_an_address_is_shown_without_its_password() -> None:
    """Neither its `str` nor its `repr` has it."""
    address = Address.parse("mysql://user:secret@host/chat")
    assert str(address) == "database 'chat' at host:3306"
    assert "secret" not in repr(address)
