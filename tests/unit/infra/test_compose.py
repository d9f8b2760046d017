"""The cluster of compose.yaml, as far as it can be checked without Docker."""

import re
import shutil
import subprocess
import tomllib
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from entrypoints.process import SMALLEST_CORE
from tests.unit.infra.files import INFRA, ROOT, parsed, text_of

DOCKER = INFRA / "docker"
COMPOSE = parsed("docker/compose.yaml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
NODES = ["node1", "node2", "node3"]


@pytest.mark.parametrize("name", SERVICES)
def test_whatever_a_service_needs_is_there(name: str) -> None:
    """These are other services, networks, volumes, secrets and files."""
    service = SERVICES[name]
    assert set(service.get("depends_on", ())) <= SERVICES.keys()
    assert set(service["networks"]) <= COMPOSE["networks"].keys()
    assert set(service.get("secrets", ())) <= COMPOSE["secrets"].keys()
    for mounted in service.get("volumes", ()):
        source = mounted.partition(":")[0]
        assert source in COMPOSE["volumes"] or (DOCKER / source).exists(), source


def test_who_is_waited_for_can_say_that_it_is_well() -> None:
    """Such a service has a healthcheck, or ends."""
    for service in SERVICES.values():
        needed = service.get("depends_on", {})
        for name in needed if isinstance(needed, dict) else ():
            if needed[name]["condition"] == "service_healthy":
                assert "test" in SERVICES[name]["healthcheck"]
            else:
                assert SERVICES[name]["restart"] == "no"


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_gets_new_privileges(name: str) -> None:
    """This holds whatever programs an image has."""
    assert "no-new-privileges:true" in SERVICES[name]["security_opt"]


@pytest.mark.parametrize("name", [*NODES, "init-db", "mariadb", "redis", "nginx"])
def test_nobody_leaves_a_core(name: str) -> None:
    """Passwords, messages and keys are in the memory of all of these."""
    assert SERVICES[name]["ulimits"]["core"] == SMALLEST_CORE


def test_images_are_of_one_version() -> None:
    """Our own, which is built here, is the exception."""
    images = {service["image"] for service in SERVICES.values()} - {"chat"}
    images |= set(re.findall(r"^FROM (\S+)", text_of("docker/Dockerfile"), re.MULTILINE))
    assert all(re.search(r":v?\d+\.\d+\.\d+(-|$)", image) for image in images), images


@pytest.mark.parametrize("name", ["nginx.conf", "nginx-tls.conf"])
def test_nginx_knows_the_nodes_and_they_know_nginx(name: str) -> None:
    """They know fixed addresses, which stay the same when a container is created again."""
    command = SERVICES["nginx"]["command"][-1].split(" >")[0].replace("/etc/chat/nginx.conf", name)
    done = subprocess.run(
        ["sh", "-c", command], cwd=INFRA, capture_output=True, text=True, check=True
    )
    addresses = [SERVICES[node]["networks"]["inside"]["ipv4_address"] for node in NODES]
    found = re.findall(r"^ *server (\S+) max_fails", done.stdout, re.MULTILINE)
    assert found == [f"{address}:{port}" for port in (6000, 6080) for address in addresses]
    assert "/var/log/nginx/chat" not in done.stdout
    nginx = SERVICES["nginx"]["networks"]["inside"]["ipv4_address"]
    assert COMPOSE["x-node"]["environment"]["CHAT_PROXY_FROM"] == f"{nginx}/32"


def test_nodes_are_reached_through_nginx_alone() -> None:
    """Ports without encryption are open only to this machine."""
    assert all("ports" not in SERVICES[name] for name in (*NODES, "mariadb", "redis"))
    ports = chain.from_iterable(service.get("ports", ()) for service in SERVICES.values())
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert COMPOSE["networks"]["inside"]["internal"]


def test_prometheus_scrapes_the_nodes() -> None:
    """It uses the port that the image gives them."""
    (job,) = parsed("prometheus/prometheus.yml")["scrape_configs"]
    (port,) = re.findall(r"\bCHAT_HTTP_PORT=(\d+)", text_of("docker/Dockerfile"))
    assert job["static_configs"][0]["targets"] == [f"{node}:{port}" for node in NODES]


def test_all_secrets_are_made_once(tmp_path: Path) -> None:
    """Nobody else can read them; the store's address has the password of the database's user."""
    for name in ("redis.acl", "redis-acl.sh"):
        shutil.copy(INFRA / name, tmp_path)
    home = tmp_path / "docker"
    home.mkdir()
    script = shutil.copy(DOCKER / "make-secrets.sh", home)
    subprocess.run([script], check=True, capture_output=True)
    made = {path.name: path.read_text() for path in (home / "secrets").iterdir()}
    assert {f"secrets/{name}" for name in made} == {
        secret["file"] for secret in COMPOSE["secrets"].values()
    }
    assert made["store"] == f"mysql://chat:{made['mariadb']}@mariadb/chat"
    assert (home / "secrets").stat().st_mode & 0o077 == 0
    assert subprocess.run([script], check=False, capture_output=True).returncode == 1
    assert {path.name: path.read_text() for path in (home / "secrets").iterdir()} == made
    _knows_its_users(made)


def _knows_its_users(made: dict[str, str]) -> None:
    """Redis has the hashes of the passwords that nodes and admin have, and no others."""
    found = re.fullmatch(r"redis://chat:(\w+)@redis", made["broker"])
    assert found
    hashes = dict(re.findall(r"^user (\w+) on #(\w{64}) ", made["redis.acl"], re.MULTILINE))
    passwords = {"admin": made["redis-admin"], "chat": found[1]}
    assert hashes == {name: sha256(word.encode()).hexdigest() for name, word in passwords.items()}
    assert "user default off\n" in made["redis.acl"]


def test_redis_is_given_its_rules_and_the_nodes_their_password() -> None:
    """Each has the secrets that it names, and no others."""
    assert {"redis.acl", "redis-admin"} == set(SERVICES["redis"]["secrets"])
    command = SERVICES["redis"]["command"]
    assert command[command.index("--aclfile") + 1] == "/run/secrets/redis.acl"
    node = COMPOSE["x-node"]
    assert node["environment"]["CHAT_BROKER_FILE"] == "/run/secrets/broker"
    assert set(node["secrets"]) == {"store", "broker"}


def test_the_image_has_the_whole_server() -> None:
    """It has all packages of the project, and nothing else of the tree."""
    copied = re.findall(r"^COPY (?!--)(\S+)", text_of("docker/Dockerfile"), re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    packages = project["tool"]["setuptools"]["packages"]["find"]["include"]
    assert set(copied) == {"requirements.txt", *(name.rstrip("*") for name in packages)}
    let_in = re.findall(r"^!(\S+)", text_of("docker/Dockerfile.dockerignore"), re.MULTILINE)
    assert set(let_in) == set(copied)
