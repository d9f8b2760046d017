"""Where settings come from, which one wins, and what is said of a bad one."""

from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from entrypoints.settings import BadSettings, Settings, read_settings

Writer = Callable[[str], str]


@pytest.fixture
def file(tmp_path: Path) -> Writer:
    """Writes a file of settings; returns its name."""

    def write(text: str) -> str:
        path = tmp_path / "chat.toml"
        path.write_text(text, "utf-8")
        return str(path)

    return write


def complaint(*arguments: str, **environment: str) -> str:
    """The one line that is said about settings."""
    with pytest.raises(BadSettings) as caught:
        read_settings(arguments, environment)
    line = str(caught.value)
    assert line
    assert "\n" not in line
    return line


def test_nothing_has_to_be_set() -> None:
    """The defaults are a whole server, for this machine alone."""
    settings = read_settings([], {})
    assert settings == Settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 6000)
    assert (settings.store, settings.broker) == ("sqlite:///chat.db", "memory://")


def test_the_port_is_the_first_argument() -> None:
    """As with the C++ server."""
    assert read_settings(["7000"], {}).port == 7000
    assert read_settings(["--host", "0.0.0.0", "7000"], {}).port == 7000  # noqa: S104  # a test


def test_a_flag_wins_over_the_environment_over_the_file_over_the_default(file: Writer) -> None:
    """Each where the ones before it say nothing."""
    config = file('host = "file"\nlog_level = "error"\nmailbox_capacity = 5\n')
    environment = {"CHAT_CONFIG": config, "CHAT_HOST": "environment", "CHAT_LOG_LEVEL": "warning"}
    settings = read_settings(["--host", "flag"], environment)
    assert settings.host == "flag"
    assert settings.log_level == "warning"
    assert settings.mailbox_capacity == 5
    assert settings.port == 6000


def test_a_file_that_is_named_by_a_flag_wins_over_one_of_the_environment(file: Writer) -> None:
    """The other one is not even opened."""
    config = file("port = 7000")
    assert read_settings(["--config", config], {"CHAT_CONFIG": "/nowhere"}).port == 7000


@pytest.mark.parametrize(
    "field", [field for field in attrs.fields(Settings) if field.type is int], ids=lambda f: f.name
)
def test_numbers_are_read_from_everywhere(file: Writer, field: "attrs.Attribute[int]") -> None:
    """A text in the environment or a flag, a number in the file."""
    flag = ["2"] if field.name == "port" else [f"--{field.name.replace('_', '-')}", "2"]
    elsewhere = {"CHAT_BROKER": "redis://localhost"}
    for settings in (
        read_settings(flag, elsewhere),
        read_settings([], {f"CHAT_{field.name.upper()}": "2"} | elsewhere),
        read_settings(["--config", file(f"{field.name} = 2")], elsewhere),
    ):
        assert getattr(settings, field.name) == 2


@pytest.mark.parametrize("field", attrs.fields(Settings), ids=lambda field: field.name)
def test_help_tells_every_setting(
    field: "attrs.Attribute[object]", capsys: pytest.CaptureFixture[str]
) -> None:
    """With its default."""
    with pytest.raises(SystemExit):
        read_settings(["--help"], {})
    text = capsys.readouterr().out
    assert field.name.replace("_", "-") in text
    assert str(field.default) in text


def test_the_environment_of_others_is_nobody_s_business() -> None:
    """Only what is a setting's name counts."""
    assert read_settings([], {"CHATTER": "x", "PORT": "1", "HOME": "/", "chat_port": "1"}).port == (
        6000
    )


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        (["many"], {}, ["port"]),
        (["-1"], {}, []),
        (["65536"], {}, ["port", "65536"]),
        (["6000", "7000"], {}, ["7000"]),
        (["--nonsense", "1"], {}, ["nonsense"]),
        (["--host"], {}, ["host"]),
        (["--log-level", "loud"], {}, ["log_level", "loud", "warning"]),
        (["--hashing", "none"], {}, ["hashing", "none", "strong"]),
        (["--second-login", "maybe"], {}, ["second_login", "maybe", "replace"]),
        (["--mailbox-capacity", "0"], {}, ["mailbox_capacity", "0"]),
        (["--mailbox-capacity", "1.5"], {}, ["mailbox_capacity"]),
        ([], {"CHAT_PORT": ""}, ["port"]),
        ([], {"CHAT_PORT": "many"}, ["port"]),
        ([], {"CHAT_MAILBOX_CAPACITY": "-5"}, ["mailbox_capacity", "-5"]),
        ([], {"CHAT_LOG_LEVEL": "INFO!"}, ["log_level", "INFO!"]),
        ([], {"CHAT_CONFIG": "/nowhere/at/all"}, ["/nowhere/at/all"]),
        (["--config", "/nowhere/at/all"], {}, ["/nowhere/at/all"]),
    ],
)
def test_a_bad_value_is_one_line(
    arguments: list[str], environment: dict[str, str], words: list[str]
) -> None:
    """Which names the setting."""
    line = complaint(*arguments, **environment)
    assert all(word in line for word in words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("prot = 7000", ["prot"]),
        ("port = 70000", ["port", "70000"]),
        ('port = "many"', ["port"]),
        ("port = true", ["port"]),
        ("port = [1]", ["port"]),
        ("port = 1.5", ["port"]),
        ("host = 5\nport = {", ["cannot read"]),
        ('log_level = "loud"', ["log_level", "loud"]),
    ],
)
def test_a_bad_file_is_one_line(file: Writer, text: str, words: list[str]) -> None:
    """Whether it is no TOML, or says what it should not."""
    line = complaint("--config", file(text))
    assert all(word in line for word in words)


def test_a_file_that_is_no_text_is_one_line(tmp_path: Path) -> None:
    """The database, say, given by mistake."""
    path = tmp_path / "chat.db"
    path.write_bytes(b"\xff\xfe\0")
    assert "cannot read" in complaint("--config", str(path))


def test_several_bad_values_are_one_line() -> None:
    """One of them is told at least."""
    assert "port" in complaint("many", "--mailbox-capacity", "few")


@pytest.mark.parametrize(("text", "meant"), [("true", True), ("false", False)])
def test_switches_can_be_set_everywhere(file: Writer, text: str, meant: bool) -> None:
    """Off as well as on."""
    assert read_settings([], {"CHAT_SINGLE_NODE": text}).single_node is meant
    assert read_settings(["--config", file(f"single_node = {text}")], {}).single_node is meant


@pytest.mark.parametrize("text", ["perhaps", ""])
def test_a_switch_is_on_or_off(text: str) -> None:
    """Nothing else, and so nothing is taken for `on` that was not meant so."""
    assert "single_node" in complaint(CHAT_SINGLE_NODE=text)
