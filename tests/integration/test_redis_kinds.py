"""Redis servers of other kinds than the plain one."""

from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import trustme

from entrypoints.services.ports import free_port
from entrypoints.services.redis import Redis
from tests.integration.server_process import ServerProcess, ended_server

NOBODYS = "192.0.2.1"  # an address that no machine has (RFC 5737)
AGAIN = 3


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Redis]:
    with Redis(tmp_path / "redis") as redis:
        yield redis


@pytest.fixture
def redis_cluster(tmp_path: Path) -> Iterator[Redis]:
    """One node of a Redis Cluster.

    Its second port is given, since an outgoing connection may use the port that it would choose.
    """
    options = ("--cluster-enabled", "yes", "--cluster-port", str(free_port()))
    with Redis(tmp_path / "redis", options=options) as redis:
        yield redis


@pytest.fixture
def encrypted(tmp_path: Path) -> Iterator[str]:
    """The address of a Redis that speaks TLS on a second port."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    certificate = authority.issue_cert("127.0.0.1", "localhost")
    certificate.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    port = free_port()
    options = (
        *("--tls-port", str(port), "--tls-auth-clients", "no"),
        *("--tls-cert-file", str(tmp_path / "cert.pem")),
        *("--tls-key-file", str(tmp_path / "key.pem")),
        *("--tls-ca-cert-file", str(tmp_path / "ca.pem")),
    )
    with Redis(tmp_path / "redis", options=options):
        yield f"rediss://127.0.0.1:{port}?ssl_ca_certs={tmp_path / 'ca.pem'}"


def start(broker: str) -> CompletedProcess[str]:
    """Run a server that cannot use this Redis.

    If the machine is so busy that Redis does not answer in time, a server begins its work without
    Redis. This one cannot, since it has nowhere to listen, and is run again.
    """
    arguments = ("0", "--host", NOBODYS, "--store", "memory://", "--broker", broker)
    ended = ended_server(*arguments)
    for _ in range(AGAIN):
        if "starting without redis" not in ended.stderr:
            break
        ended = ended_server(*arguments)
    return ended


def test_a_redis_cluster_is_refused(redis_cluster: Redis) -> None:
    """The node says in one line what it needs instead."""
    ended = start(redis_cluster.url())
    assert ended.returncode == 1
    assert "this is a Redis Cluster" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_database_that_redis_does_not_have_is_refused(plain: Redis) -> None:
    """The address is wrong, and the node says what Redis says about it."""
    ended = start(f"{plain.url()}/99")
    assert ended.returncode == 1
    last = ended.stderr.splitlines()[-1]
    assert last == "chat server: cannot use Redis: ERR DB index is out of range"


def test_what_is_no_redis_is_refused(tmp_path: Path) -> None:
    """It may be another service, whose port is in the address by mistake."""
    port = free_port()
    with ServerProcess(f"sqlite:///{tmp_path}/chat.db", "--web-port", str(port)):
        ended = start(f"redis://127.0.0.1:{port}")
    assert ended.returncode == 1
    assert "cannot use Redis: no Redis" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_redis_can_be_reached_by_tls(encrypted: str) -> None:
    """A node starts with rediss:// and the authority's certificate; it refuses a stranger's."""
    with ServerProcess("memory://", "--broker", encrypted) as server:
        assert "listening" in server.log
    stranger = start(encrypted.partition("?")[0])
    assert stranger.returncode == 1
    assert "certificate" in stranger.stderr.lower()
