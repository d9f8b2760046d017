"""Where settings come from, which one takes precedence, and how errors are reported."""

from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from entrypoints.bootstrap import open_store
from entrypoints.declaring import BadSettings, default_of, variable
from entrypoints.settings import Settings, secret_names
from entrypoints.sources import read_settings, unknown_variables

Writer = Callable[[str], str]


@pytest.fixture
def file(tmp_path: Path) -> Writer:
    """Writes a file of settings, and returns its name."""

    def write(text: str) -> str:
        path = tmp_path / "chat.toml"
        path.write_text(text, "utf-8")
        return str(path)

    return write


def complaint(*arguments: str, **environment: str) -> str:
    """The one line that reports the error."""
    with pytest.raises(BadSettings) as caught:
        read_settings(arguments, environment)
    line = str(caught.value)
    assert line
    assert "\n" not in line
    return line


def test_nothing_has_to_be_set() -> None:
    """The defaults make a complete server, for this machine only."""
    settings = read_settings([], {})
    assert settings == Settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 6000)
    assert (settings.store, settings.broker) == ("sqlite:///chat.db", "memory://")


def test_the_port_is_the_first_argument() -> None:
    """The C++ server has it there, too."""
    assert read_settings(["7000"], {}).port == 7000
    assert read_settings(["--host", "0.0.0.0", "7000"], {}).port == 7000  # noqa: S104  # a test


def test_a_flag_wins_over_the_environment_over_the_file_over_the_default(file: Writer) -> None:
    """Each counts where those before it say nothing."""
    config = file('host = "file"\nlog_level = "error"\nhashing_jobs = 5\n')
    environment = {"CHAT_CONFIG": config, "CHAT_HOST": "environment", "CHAT_LOG_LEVEL": "warning"}
    settings = read_settings(["--host", "flag"], environment)
    assert settings.host == "flag"
    assert settings.log_level == "warning"
    assert settings.hashing_jobs == 5
    assert settings.port == 6000


def test_a_file_that_is_named_by_a_flag_wins_over_one_of_the_environment(file: Writer) -> None:
    """The other file is not even opened."""
    config = file("port = 7000")
    assert read_settings(["--config", config], {"CHAT_CONFIG": "/nowhere"}).port == 7000


@pytest.mark.parametrize(
    "field", [field for field in attrs.fields(Settings) if field.type is int], ids=lambda f: f.name
)
def test_numbers_are_read_from_everywhere(file: Writer, field: "attrs.Attribute[int]") -> None:
    """They are texts in the environment and in options, and numbers in the file."""
    flag = ["2"] if field.name == "port" else [f"--{field.name.replace('_', '-')}", "2"]
    elsewhere = {"CHAT_BROKER": "redis://localhost", "CHAT_STORE": "mysql://localhost/chat"}
    for settings in (
        read_settings(flag, elsewhere),
        read_settings([], {f"CHAT_{field.name.upper()}": "2"} | elsewhere),
        read_settings(["--config", file(f"{field.name} = 2")], elsewhere),
    ):
        assert getattr(settings, field.name) == 2


def test_help_tells_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    """It also has the default, and `none` where that is empty."""
    with pytest.raises(SystemExit):
        read_settings(["--help"], {})
    text = " ".join(capsys.readouterr().out.split())
    for field in attrs.fields(Settings):
        assert field.name.replace("_", "-") in text
        assert f"(default: {default_of(field)})" in text
    assert "(default: )" not in text


def test_the_environment_of_others_is_nobody_s_business() -> None:
    """Only names of settings count."""
    assert read_settings([], {"CHATTER": "x", "PORT": "1", "HOME": "/", "chat_port": "1"}).port == (
        6000
    )


LARGEST = 1_000_000_000_000
PORTS = "a whole number from 0 to 65535"
LENGTHS = "lengths from 128 to 1 and factors like 64,56:2,48:4, the longest first"
ORIGINS = "http:// or https:// and a name, separated by commas"
LEVELS = "one of debug, info, warning, error"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["many"], f"port many: {PORTS}"),
        (["65536"], f"port 65536: {PORTS}"),
        (["--", "-1"], f"port -1: {PORTS}"),
        (["6000.5"], f"port 6000.5: {PORTS}"),
        (["--http-port", "99999"], f"--http-port 99999: {PORTS}"),
        (["--log-level", "lout"], f"--log-level lout: {LEVELS}"),
        (["--hashing", "none"], "--hashing none: one of strong, cheap"),
        (["--workers", "0"], "--workers 0: a whole number from 1 to 1000"),
        (["--durability", "none"], "--durability none: one of disk, process"),
        (["--connections", "1e4"], f"--connections 1e4: a whole number from 0 to {LARGEST}"),
        (
            ["--ipv6-prefixes", "48,64"],
            f"--ipv6-prefixes 48,64: {LENGTHS}",
        ),
        (["--tls-cert", "a.pem"], "--tls-cert a.pem: has no effect without --tls-key"),
        (["--tls-key", "a.pem"], "--tls-key a.pem: has no effect without --tls-cert"),
        (["--workers", "2"], "--workers 2: more than one needs a broker: --broker redis://HOST"),
        (
            ["--host", ""],
            "--host '': an address is needed; 0.0.0.0 is all of this machine's",
        ),
        (
            ["--web-host", ""],
            "--web-host '': an address is needed; 0.0.0.0 is all of this machine's",
        ),
        (
            ["--http-host", "a..b"],
            "--http-host a..b: an address is needed; 0.0.0.0 is all of this machine's",
        ),
        (["--origin", "chat.example.org"], f"--origin chat.example.org: {ORIGINS}"),
        (["--origin", "https://a.org/b"], f"--origin https://a.org/b: {ORIGINS}"),
        (["--log-level", "a\nb"], f"--log-level 'a\\nb': {LEVELS}"),
        (
            ["many", "--workers", "few"],
            f"port many: {PORTS}; --workers few: a whole number from 1 to 1000",
        ),
        (["6000", "7000"], "unrecognized arguments: 7000"),
        (["--nonsense", "1"], "unrecognized arguments: --nonsense"),
        (["--hosts", "127.0.0.1"], "unrecognized arguments: --hosts"),
        (["--host"], "argument --host: expected one argument"),
    ],
)
def test_a_bad_option_is_one_line(arguments: list[str], line: str) -> None:
    """The line has the option, its value, and what is allowed."""
    assert complaint(*arguments) == line


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        ("CHAT_PORT", "many", f"CHAT_PORT=many: {PORTS}"),
        ("CHAT_PORT", "", f"CHAT_PORT='': {PORTS}"),
        ("CHAT_LOG_LEVEL", "INFO!", f"CHAT_LOG_LEVEL=INFO!: {LEVELS}"),
        ("CHAT_SINGLE_NODE", "", "CHAT_SINGLE_NODE='': yes or no"),
        ("CHAT_SINGLE_NODE", "perhaps", "CHAT_SINGLE_NODE=perhaps: yes or no"),
        ("CHAT_CONFIG", "/not/there", "cannot read /not/there: No such file or directory"),
        ("CHAT_STORE_FILE", "/not", "CHAT_STORE_FILE: cannot read /not: No such file or directory"),
    ],
)
def test_a_bad_variable_is_one_line(variable: str, value: str, line: str) -> None:
    """It names the variable, so that nobody looks for an option."""
    assert complaint(**{variable: value}) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("port = ", "cannot read FILE: Invalid value"),
        ("prot = 7000", "prot in FILE: no such setting"),
        ("[chat]", "chat in FILE: no such setting"),
        ("port = 70000", f"port = 70000 in FILE: {PORTS}"),
        ('port = "many"', f'port = "many" in FILE: {PORTS}'),
        ("port = true", f"port = true in FILE: {PORTS}"),
        ("port = 1.5", f"port = 1.5 in FILE: {PORTS}"),
        ("port = [1]", f"port in FILE: {PORTS}"),
        ("host = 5", "host = 5 in FILE: a text"),
        ('host = { file = "x" }', "host in FILE: a text"),
        ('log_level = "loud"', f'log_level = "loud" in FILE: {LEVELS}'),
        ("single_node = 3", "single_node = 3 in FILE: yes or no"),
        (f"connections = {10**400}", "connections = 1000"),
        (f"connections = {hex(10**5000)}", "cannot read FILE: Exceeds the limit"),
        ("host = " + "[" * 9999, "cannot read FILE: maximum recursion"),
        ('store = { file = "a\\u0000b" }', "store in FILE: cannot read 'a\\x00b': embedded null"),
        ("#" * 1_048_577, "cannot read FILE: it has more than 1048576 characters"),
        ("host = 5\nport = {", "cannot read FILE: Invalid initial character for a key part"),
    ],
)
def test_a_bad_file_is_one_line(file: Writer, text: str, line: str) -> None:
    """The file may be no valid TOML, or may have a bad setting."""
    config = file(text)
    assert complaint("--config", config).replace(config, "FILE").startswith(line)


@pytest.mark.parametrize(
    "store", ["", "chat.db", "sqlite", "sqlite:///", "sqlite://chat.db", "mongodb://localhost/chat"]
)
def test_a_store_that_is_none_is_refused(store: str) -> None:
    """The text is not taken for the name of a file."""
    with pytest.raises(BadSettings, match="--store"):
        open_store(read_settings(["--store", store], {}))


@pytest.mark.parametrize("text", ["store = 5", 'store = ["mysql://chat:hunter2@db/chat"]'])
def test_a_bad_secret_is_not_repeated(file: Writer, text: str) -> None:
    """The error only says what the value should be."""
    config = file(text)
    assert complaint("--config", config) == f"store in {config}: a text"


def test_a_file_that_is_no_text_is_one_line(tmp_path: Path) -> None:
    """For example, the operator may have named the database by mistake."""
    path = tmp_path / "chat.db"
    path.write_bytes(b"\xff\xfe\0")
    assert "cannot read" in complaint("--config", str(path))


@pytest.mark.parametrize(("text", "meant"), [("true", True), ("false", False)])
def test_switches_can_be_set_everywhere(file: Writer, text: str, meant: bool) -> None:
    """They can be set to either value."""
    assert read_settings([], {"CHAT_SINGLE_NODE": text}).single_node is meant
    assert read_settings(["--config", file(f"single_node = {text}")], {}).single_node is meant


@pytest.mark.parametrize("name", ["CHAT_STOER", "CHAT_WEP_PORT", "CHAT_TLS_KEY_FILE", "CHAT_"])
def test_a_variable_that_is_no_setting_is_noticed(name: str) -> None:
    """It is most likely misspelt, or cannot be set this way."""
    assert unknown_variables({"CHAT_HOST": "0.0.0.0", name: "6080"}) == [name]  # noqa: S104  # a test


def test_no_setting_is_taken_for_a_mistake() -> None:
    """Nor is the file of a secret, or another program's variable."""
    settings = map(variable, [*attrs.fields_dict(Settings), "config"])
    files = (f"{variable(name)}_FILE" for name in secret_names())
    assert unknown_variables(dict.fromkeys([*settings, *files, "CHATTER", "HOME"], "x")) == []


@pytest.mark.parametrize("service", ["CHAT", "CHAT_REDIS"])
def test_what_is_set_for_services_is_no_mistake(service: str) -> None:
    """Kubernetes sets such variables for each service of this name, and Docker for each linked
    container."""
    others = {
        f"{service}_SERVICE_HOST": "10.0.0.1",
        f"{service}_SERVICE_PORT": "6000",
        f"{service}_SERVICE_PORT_WEB": "6080",
        f"{service}_PORT": "tcp://10.0.0.1:6000",
        f"{service}_PORT_6000_TCP": "tcp://10.0.0.1:6000",
        f"{service}_PORT_6000_TCP_ADDR": "10.0.0.1",
        f"{service}_PORT_6000_TCP_PORT": "6000",
        f"{service}_PORT_6000_TCP_PROTO": "tcp",
    }
    assert unknown_variables(others) == []
