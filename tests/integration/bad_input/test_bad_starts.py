"""A server that cannot start says why in one line, gives up, and does not disturb a running one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from entrypoints.process import WRONG_USE
from tests.integration.server_process import ServerProcess, ended_server


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bad_starts")


@pytest.fixture(scope="module")
def database(folder: Path) -> Path:
    """The file of the running server."""
    return folder / "chat.db"


@pytest.fixture(scope="module")
def port(database: Path) -> Iterator[int]:
    """The port of a server that the others must not disturb."""
    with ServerProcess(f"sqlite:///{database}", "--hashing", "cheap") as server:
        yield server.port


def failed_start(*arguments: str, status: int | None = None, **environment: str) -> str:
    """Start a server that ends by itself, and return the one line that it says."""
    ended = ended_server(*arguments, **environment)
    assert ended.returncode == status if status else ended.returncode > 0
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    return line


def test_a_second_server_on_the_same_file_gives_up(database: Path) -> None:
    """Users of two servers on one file could not meet, so the second names the file and ends."""
    assert str(database) in failed_start("0", "--store", f"sqlite:///{database}")


def test_a_second_server_by_another_path_to_the_same_file_gives_up(database: Path) -> None:
    """A symbolic link to the file does not get around the lock, and the file itself is named."""
    link = database.with_name("link.db")
    link.symlink_to(database)
    assert str(database) in failed_start("0", "--store", f"sqlite:///{link}")


def test_a_file_can_be_served_again_after_its_server_was_killed(folder: Path) -> None:
    """The lock ends with the process, even if that had no time to release it."""
    with ServerProcess(f"sqlite:///{folder}/killed.db", "--hashing", "cheap") as server:
        server.kill()
        server.start()


def test_a_port_in_use_is_named(port: int) -> None:
    """The second server on a port says which port is taken."""
    assert str(port) in failed_start(str(port), "--store", "memory://")


def test_a_port_for_operators_in_use_is_named(port: int) -> None:
    """The line has its own option, not that of the port for clients."""
    line = failed_start("0", "--store", "memory://", "--http-port", str(port))
    assert f"--http-port {port}: cannot listen" in line


def test_an_address_of_another_machine_is_named() -> None:
    """An address that is not this machine's is refused and named."""
    assert "192.0.2.1" in failed_start("0", "--store", "memory://", "--host", "192.0.2.1")


def test_an_address_that_is_none_is_refused() -> None:
    """A host that cannot be found is an error like any other."""
    failed_start("0", "--store", "memory://", "--host", "256.256.256.256")


@pytest.mark.parametrize("file", ["missing/chat.db", "folder", "text"])
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, file: str) -> None:
    """A file in no folder, a folder, and a file that is no database are each refused by name."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("this is no database, and longer than a header of one" * 10)
    assert file in failed_start("0", "--store", f"sqlite:///{tmp_path}/{file}")
    assert (tmp_path / "text").read_text().startswith("this is no database")


def test_a_file_that_cannot_be_written_is_named() -> None:
    """A file where nobody may write, root included, is refused by name."""
    assert "/proc/chat.db" in failed_start("0", "--store", "sqlite:////proc/chat.db")


@pytest.mark.parametrize(
    ("option", "address"),
    [
        ("--store", "chat.db"),
        ("--store", "mongodb://localhost/chat"),
        ("--store", "mysql://chat:secret@localhost/chat"),  # and no broker
        ("--store", "mysql://localhost/chat"),
        ("--broker", "mongodb://localhost"),
        ("--broker", "redis://localhost:port"),
    ],
)
def test_an_address_that_is_none_of_ours_is_wrong_use(option: str, address: str) -> None:
    """A store that the server does not know is an error, not a file of that name. As for other
    settings, the status says that a restart will not help."""
    line = failed_start("0", "--store", "memory://", option, address, status=WRONG_USE)
    assert option in line or "store" in line
    assert "secret" not in line


def test_a_setting_that_is_none_is_refused(tmp_path: Path) -> None:
    """It is refused by name, whether it comes from the command line, the environment or a file.
    (The tests of reading settings show what can be wrong with each.)"""
    assert "port" in failed_start("--store", "memory://", "--", "-1")
    assert "--frobnicate" in failed_start("--frobnicate")
    assert "loud" in failed_start("0", "--store", "memory://", CHAT_LOG_LEVEL="loud")
    file = tmp_path / "chat.toml"
    file.write_text("port = ")
    assert str(file) in failed_start("--config", str(file))
