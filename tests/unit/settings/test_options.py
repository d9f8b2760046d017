"""What operators see of the settings: the table, the check, and files with secrets."""

import io
from pathlib import Path
from typing import Any

import pytest

from entrypoints import checking, options
from entrypoints.command_line import wants_check
from entrypoints.declaring import BadSettings, BadValue
from entrypoints.settings import Settings
from entrypoints.sources import read_settings

PAGE = Path(__file__).parents[3] / "docs" / "operations.md"
URL = "mysql://chat:hunter2@db/chat"


@pytest.fixture
def secret(tmp_path: Path) -> str:
    """The name of a file that contains a store's address."""
    path = tmp_path / "store"
    path.write_text(URL + "\n")
    return str(path)


def test_the_page_has_the_table() -> None:
    """The table is the one that `python -m entrypoints.options` prints."""
    assert "\n".join(options.table()) in PAGE.read_text("utf-8")


def test_a_secret_is_read_from_a_file_that_the_environment_names(secret: str) -> None:
    """The line end is dropped, and an option takes precedence."""
    assert read_settings([], {"CHAT_STORE_FILE": secret}).store == URL
    assert read_settings(["--store", "memory://"], {"CHAT_STORE_FILE": secret}).store == "memory://"


def test_a_secret_is_read_from_a_file_that_the_settings_name(secret: str, tmp_path: Path) -> None:
    """The setting is a table with the key `file`."""
    config = tmp_path / "chat.toml"
    config.write_text(f'store = {{ file = "{secret}" }}\n')
    assert read_settings(["--config", str(config)], {}).store == URL


def test_a_byte_order_mark_is_skipped(secret: str, tmp_path: Path) -> None:
    """Editors for Windows write one at the beginning of a file."""
    Path(secret).write_text(URL, "utf-8-sig")
    config = tmp_path / "chat.toml"
    config.write_text(f'store = {{ file = "{secret}" }}\r\n', "utf-8-sig")
    assert read_settings(["--config", str(config)], {}).store == URL


@pytest.mark.parametrize(
    "text", ["store = { path = 'x' }", "store = { file = 1 }", "store = { file = '/not/there' }"]
)
def test_another_table_is_no_secret(text: str, tmp_path: Path) -> None:
    """The file also has to exist."""
    config = tmp_path / "chat.toml"
    config.write_text(text)
    with pytest.raises(BadSettings, match=r"^store in .*chat.toml: "):
        read_settings(["--config", str(config)], {})


def test_one_secret_is_not_said_twice(secret: str) -> None:
    """Nobody could know which of the two is intended."""
    with pytest.raises(BadSettings, match="both are set"):
        read_settings([], {"CHAT_STORE_FILE": secret, "CHAT_STORE": "memory://"})


def test_a_good_configuration_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """It has every setting but no password, and the defaults are marked."""
    settings = Settings(store=URL, single_node=True)
    assert checking.check_and_print(settings) == 0
    lines = capsys.readouterr().out.splitlines()
    assert 'store = "mysql://db/chat"' in lines
    assert "single_node = true" in lines
    assert "port = 6000  # default" in lines


@pytest.mark.parametrize(
    "settings",
    [
        Settings(store="mysql://chat:hunter2@db/", single_node=True),
        Settings(store="mysql://chat:hunter2@a..b/chat", single_node=True),
        Settings(store="postgres://chat:hunter2@db/chat"),
        Settings(broker="amqp://chat:hunter2@broker"),
        Settings(broker="redis://chat:hunter2@broker:x"),
        Settings(broker="redis://chat:hunter2@a..b"),
        Settings(tls_cert="/not/there", tls_key="/not/there"),
    ],
    ids=["database", "host", "store", "broker", "address", "no name", "certificate"],
)
def test_what_only_its_user_could_notice_is_noticed(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """No connection is made, and no password is shown."""
    assert checking.check_and_print(settings) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert len(told.err.splitlines()) == 1
    assert "hunter2" not in told.err


@pytest.mark.parametrize(
    "wrong",
    [
        {"web_port": 6000},
        {"http_port": 6000},
        {"web_port": 6080, "http_port": 6080},
        {"http_port": 5999, "workers": 2, "broker": "redis://redis", "store": "mysql://db/chat"},
    ],
)
def test_a_server_is_not_in_its_own_way(wrong: dict[str, Any]) -> None:
    """All ports of a server differ, including the operators' port of each worker."""
    with pytest.raises(BadValue, match="another port of this server is the same"):
        Settings(**wrong)
    Settings(**wrong, host="10.0.0.31", web_host="10.0.0.32")  # other addresses have ports as well


def test_each_worker_has_a_port_for_operators() -> None:
    """There are none above 65535."""
    cluster: dict[str, Any] = {"broker": "redis://redis", "store": "mysql://db/chat", "workers": 2}
    Settings(**cluster, http_port=65_534)
    with pytest.raises(BadValue, match="--http-port: each worker takes the next port, up to 65535"):
        Settings(**cluster, http_port=65_535)


def test_settings_that_cannot_be_shown_are_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A full disk is a failure, in one line."""
    with open("/dev/full", "w") as full:  # noqa: PTH123
        monkeypatch.setattr("sys.stdout", full)
        assert checking.check_and_print(Settings()) == 1
    said = "chat server: the settings cannot be written: No space left on device\n"
    assert capfd.readouterr().err == said


def test_a_check_tells_of_variables_that_are_no_settings(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The check goes on, for they may belong to another program."""
    assert checking.check_and_print(Settings(), ["CHAT_STOER"]) == 0
    assert "CHAT_STOER in the environment: no such setting" in capsys.readouterr().err


def test_a_check_has_to_be_asked_for() -> None:
    """The option for it is `--check-config`."""
    assert wants_check(["--check-config"])
    assert not wants_check([])


def test_the_check_escapes_what_the_terminal_cannot_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of a file may be any text."""
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, "ascii", write_through=True))
    assert checking.check_and_print(Settings(store="sqlite:///名.db")) == 0
    assert rb"sqlite:///\u540d.db" in raw.getvalue()
