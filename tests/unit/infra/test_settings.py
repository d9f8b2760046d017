"""Units, images and examples set what the server knows, and fit what it does."""

import re
from pathlib import Path

import attrs
import pytest
import trustme

from entrypoints.checking import check_and_print
from entrypoints.declaring import variable
from entrypoints.process import SMALLEST_CORE
from entrypoints.settings import Settings, secret_names
from entrypoints.sources import read_settings
from tests.unit.infra.files import INFRA, parsed, setting, text_of, unit

UNITS = {"chat.service": "chat.toml", "chat@.service": "cluster.toml"}
KNOWN = (
    {variable(field.name) for field in attrs.fields(Settings)}
    | {f"{variable(name)}_FILE" for name in secret_names()}
    | {"CHAT_CONFIG"}
)
FILES = [path for path in sorted(INFRA.rglob("*")) if path.is_file()]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(INFRA)))
def test_every_variable_exists(path: Path) -> None:
    """The server would not complain about a misspelt one."""
    assert set(re.findall(r"\bCHAT_[A-Z_]+\b", path.read_text("utf-8"))) <= KNOWN


@pytest.mark.parametrize("name", list(UNITS.values()))
def test_the_examples_can_be_used(name: str, tmp_path: Path) -> None:
    """They can even with the lines that are commented out."""
    (tmp_path / "store").write_text("mysql://chat:PASSWORD@10.0.0.20/chat\n")
    (tmp_path / "broker").write_text("redis://chat:PASSWORD@10.0.0.20\n")
    certificate = trustme.CA().issue_cert("chat.example.org")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "fullchain.pem")
    certificate.private_key_pem.write_to_path(tmp_path / "privkey.pem")
    text = text_of(f"systemd/{name}").replace("/etc/chat/", f"{tmp_path}/")
    example = tmp_path / name
    example.write_text(re.sub(r"^# (\w+ = )", r"\1", text, flags=re.MULTILINE))
    assert check_and_print(read_settings(["--config", str(example)], {})) == 0


@pytest.mark.parametrize(("name", "example"), list(UNITS.items()))
def test_systemd_is_patient_enough(name: str, example: str) -> None:
    """With workers the server takes up to 20 s more than it drains."""
    found = re.search(r"^drain_seconds = (\d+)", text_of(f"systemd/{example}"), re.MULTILINE)
    assert found
    assert int(setting(name, "TimeoutStopSec")) >= int(found[1]) + 20


@pytest.mark.parametrize("name", list(UNITS))
def test_there_are_files_for_all_connections(name: str) -> None:
    """Each connection takes one, and the server needs some for itself."""
    assert int(setting(name, "LimitNOFILE")) >= Settings().connections + 100


# MiB: the program; the last entries, those that wait to be written, those that came early, and
# those that wait to be applied; memberships; what else it remembers; two passwords being hashed
NEEDED_ANYWAY = 60 + 32 + 16 + 16 + 33 + 200 + 120 + 2 * 19
TLS_SESSION = 24 / 1024  # MiB


def needed() -> float:
    """MiB that a node needs with all its connections taken (docs/operations.md, "Sizing")."""
    return NEEDED_ANYWAY + Settings().connections * TLS_SESSION


@pytest.mark.parametrize("name", list(UNITS))
def test_a_node_may_take_twice_the_memory_that_it_needs(name: str) -> None:
    """The rest is for clients that do not read. With more, the machine would suffer."""
    limit = setting(name, "MemoryMax")
    assert limit == parsed("docker/compose.yaml")["x-node"]["mem_limit"].upper()
    assert 2 * needed() <= 1024 * int(limit.removesuffix("G")) < 3 * needed()


@pytest.mark.parametrize("name", list(UNITS))
def test_nothing_of_the_memory_goes_to_the_disk(name: str) -> None:
    """It goes there neither as swap nor as a core. With one byte, no program gets a core."""
    assert setting(name, "MemorySwapMax") == "0"
    node = parsed("docker/compose.yaml")["x-node"]
    assert node["memswap_limit"] == node["mem_limit"]  # of both together
    assert setting(name, "LimitCORE") == str(node["ulimits"]["core"]) == str(SMALLEST_CORE)


def test_a_container_may_do_as_little_as_a_unit() -> None:
    """It has no capabilities, gets no new ones, cannot write, and has no more processes."""
    node = parsed("docker/compose.yaml")["x-node"]
    assert node["cap_drop"] == ["ALL"]
    assert node["security_opt"] == ["no-new-privileges:true"]
    assert node["read_only"] is True
    assert str(node["pids_limit"]) == setting("chat.service", "TasksMax")


def test_both_units_are_as_strict() -> None:
    """What one of them may not do, the other may not, either."""
    one, other = (unit(name)[_strict_from(name) :] for name in UNITS)
    assert one == other


def _strict_from(name: str) -> int:
    return unit(name).index(("NoNewPrivileges", "yes"))


def test_a_container_is_given_enough_time_and_files() -> None:
    """It gets as much as a unit."""
    node = parsed("docker/compose.yaml")["x-node"]
    drain = int(node["environment"]["CHAT_DRAIN_SECONDS"])
    assert int(node["stop_grace_period"].removesuffix("s")) >= drain + 10
    assert node["ulimits"]["nofile"] >= Settings().connections + 100
