"""A cluster on a Redis as in infra/, with a user for the nodes that may do only what they need."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
import trustme

from entrypoints.services.errors import DidNotStart
from entrypoints.services.ports import free_port
from entrypoints.services.redis import Redis
from tests.eventually import eventually
from tests.integration.chatter import Chatter, back, beside, newcomer
from tests.integration.cluster import Cluster, Services
from tests.integration.guarded_redis import ADMIN, INFRA, NODES, GuardedRedis
from tests.integration.manage import told
from tests.integration.raw_client import RawClient
from tests.integration.server_process import ServerProcess
from tests.integration.test_redis_kinds import start

PREFIX = ("--broker-prefix", "chat")  # as in the file


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[GuardedRedis]:
    with GuardedRedis(tmp_path / "redis") as server:
        yield server


@contextmanager
def connected_as(server: Redis, login: str) -> Iterator[Any]:
    with redis.Redis.from_url(server.url(login), decode_responses=True) as client:
        yield client


def as_admin(server: Redis, *command: str) -> Any:
    with connected_as(server, f"admin:{ADMIN}@") as client:
        return client.execute_command(*command)


def allowed(server: Redis) -> set[str]:
    """The commands that nodes may use."""
    with connected_as(server, f"admin:{ADMIN}@") as client:
        rules = client.acl_getuser("chat")
    assert rules["categories"] == ["-@all"]
    return {rule.removeprefix("+") for rule in rules["commands"]}


def used(server: Redis) -> set[str]:
    """The commands that anybody has used, including those in scripts."""
    with connected_as(server, f"admin:{ADMIN}@") as client:
        stats = client.info("commandstats")
    return {name.removeprefix("cmdstat_") for name in stats}


# The commands that begin a connection, which no user can be denied, and those of these tests.
OF_ANYBODY = {
    "hello",
    "auth",
    "acl|log",
    "acl|getuser",
    "acl|list",
    "config|resetstat",
    "config|get",
}


async def live(cluster: Cluster) -> None:
    """Make nodes do everything that they ever ask of Redis."""
    async with newcomer(cluster.ports[0]) as anna, newcomer(cluster.ports[1]) as bert:
        await anna.client.add_friend(bert.id)
        group = await anna.client.create_group("hikers")
        await bert.client.join_group(group.id)
        await anna.tells(bert, "hello")
        await beside(log_in_by_version_1, cluster, anna)
        await beside(cluster.nodes[1].kill)
        await eventually(lambda: anna.sees_online(bert) is False)  # taken from the dead node
        async with back(cluster.ports[0], bert) as returned:
            await returned.client.send_group(group.id, "I am here")
            await anna.hears("I am here")
            await manage_it(cluster, anna, returned)


def log_in_by_version_1(cluster: Cluster, who: Chatter) -> None:
    """Check that there is one slot in the whole cluster."""
    with RawClient(cluster.ports[0], b"\0") as first, RawClient(cluster.ports[1], b"\0") as second:
        for client, errno in ((first, 0), (second, 2)):
            client.send({"msgid": 1000, "id": who.id, "password": who.password})
            assert client.find_msgid(1001)["errno"] == errno


async def manage_it(cluster: Cluster, anna: Chatter, bert: Chatter) -> None:
    """Make `manage`, which uses Redis like a node, do everything that it asks of it."""
    options = ["--store", cluster.store, "--broker", cluster.redis.url(), *PREFIX]
    assert len((await beside(lambda: told("nodes", options=options)))["nodes"]) == 1
    who = (await beside(lambda: told("who", options=options)))["users"]
    assert {one["id"] for one in who} == {anna.id, bert.id}
    assert await beside(lambda: told("broadcast", "hello", options=options)) == {"online": 2}
    assert (await beside(lambda: told("log-out", str(anna.id), options=options)))["was_online"]


async def test_a_cluster_works_and_its_user_may_do_nothing_else(
    guarded: GuardedRedis, cluster_services: Services, tmp_path: Path
) -> None:
    """Nodes and `manage` are refused nothing, and use every command that they may use."""
    as_admin(guarded, "CONFIG", "RESETSTAT")
    services = Services(cluster_services.database_server, guarded)
    with Cluster(services, tmp_path, nodes=2, options=PREFIX) as cluster:
        await live(cluster)
        assert all(node.stop() == 0 for node in cluster.nodes[:1])
        for node in cluster.nodes:
            assert "redis refuses" not in node.log
    assert as_admin(guarded, "ACL", "LOG") == []
    assert used(guarded) - OF_ANYBODY == allowed(guarded)


REFUSED = [
    "FLUSHALL",
    "FLUSHDB",
    "KEYS *",
    "SCAN 0",
    "CONFIG GET *",
    "CONFIG SET dir /tmp",
    "SHUTDOWN NOSAVE",
    "REPLICAOF 127.0.0.1 1",
    "MODULE LIST",
    "ACL LIST",
    "ACL WHOAMI",
    "CLIENT LIST",
    "CLIENT KILL TYPE pubsub",
    "MONITOR",
    "SCRIPT FLUSH",
    "FUNCTION LIST",
    "SAVE",
    "SLOWLOG GET",
    "PSUBSCRIBE *",
    "PUBSUB CHANNELS",
    "SUBSCRIBE other:all",
    "PUBLISH other:all hello",
    "GET other:key",
    "SET other:key x",
    "EXPIRE chat:nodes 1",
    "EVALSHA 0 0",
    "SELECT 1",
]
IN_SCRIPTS = ["FLUSHALL", "GET other:key", "PUBLISH other:all x", "KEYS *"]


def test_whatever_else_the_nodes_user_asks_is_refused(guarded: GuardedRedis) -> None:
    """This includes scripts, and keys and channels with another prefix."""
    with connected_as(guarded, f"chat:{NODES}@") as client:
        for command in REFUSED:
            with pytest.raises(redis.exceptions.NoPermissionError):
                client.execute_command(*command.split())
        for command in IN_SCRIPTS:
            words = ", ".join(f"'{word}'" for word in command.split())
            with pytest.raises(redis.exceptions.ResponseError, match="executing the script can't"):
                client.eval(f"return redis.call({words})", 0)


@pytest.mark.parametrize("login", ["", "chat:wrong@", "admin:wrong@", ":the-nodes-password@"])
def test_nobody_gets_in_without_a_password(guarded: GuardedRedis, login: str) -> None:
    """A node says so in one line, which does not have the secrets of its address."""
    ended = start(guarded.url(login))
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "cannot use Redis" in ended.stderr
    assert NODES not in ended.stderr


@pytest.mark.parametrize("rule", ["-info", "-subscribe", "-eval", "resetchannels"])
def test_a_node_that_may_not_do_what_it_needs_does_not_start(
    guarded: GuardedRedis, rule: str
) -> None:
    """Whatever it may not do, its last words are that it is not permitted."""
    as_admin(guarded, "ACL", "SETUSER", "chat", rule)
    ended = start(guarded.url())
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("chat server: cannot use Redis: NOPERM")


def test_redis_does_not_start_without_passwords(tmp_path: Path) -> None:
    """The file has placeholders for them."""
    options = ("--aclfile", str(INFRA / "redis.acl"))
    with pytest.raises(DidNotStart, match="ACL errors"):
        Redis(tmp_path, options=options).start()


def test_its_settings_are_those_that_nodes_rely_on(guarded: GuardedRedis) -> None:
    """Redis itself reports these settings."""
    expected = {
        "maxmemory-policy": "noeviction",
        "appendonly": "no",
        "save": "",
        "protected-mode": "yes",
        "proto-max-bulk-len": "1048576",
        "enable-debug-command": "no",
        "enable-module-command": "no",
    }
    found = {name: as_admin(guarded, "CONFIG", "GET", name)[name] for name in expected}
    assert found == expected
    limits = as_admin(guarded, "CONFIG", "GET", "client-output-buffer-limit")
    assert "pubsub 33554432 8388608 60" in limits["client-output-buffer-limit"]


def test_what_is_commented_out_can_be_used(tmp_path: Path) -> None:
    """The settings for a Redis with replicas."""
    options = [
        f"--{line.removeprefix('# ')}"
        for line in (INFRA / "redis.conf").read_text("utf-8").splitlines()
        if line.startswith("# min-replicas")
    ]
    assert len(options) == 2
    words = [word for option in options for word in option.split()]
    with (
        Redis(tmp_path, options=words) as server,
        connected_as(server, "") as client,
        pytest.raises(redis.exceptions.ResponseError, match="NOREPLICAS"),
    ):
        client.set("key", "value")


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    """Certificates where redis.conf looks for them, one for a client, and one for another host."""
    directory = tmp_path / "tls"
    directory.mkdir()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(directory / "ca.pem"))
    for name, host in (("redis", "127.0.0.1"), ("node", "node1"), ("other", "other.example")):
        certificate = authority.issue_cert(host)
        certificate.private_key_pem.write_to_path(str(directory / f"{name}.key"))
        certificate.cert_chain_pems[0].write_to_path(str(directory / f"{name}.pem"))
    return directory


def tls_url(port: int, certificates: Path, more: str = "") -> str:
    ca = f"ssl_ca_certs={certificates / 'ca.pem'}"
    return f"rediss://chat:{NODES}@127.0.0.1:{port}?{ca}{more}"


def test_nodes_speak_tls_with_it(certificates: Path, tmp_path: Path) -> None:
    """They do with the settings' lines for TLS. A node checks the name in the certificate."""
    port = free_port()
    options: tuple[str, ...] = ("--tls-port", str(port))
    with (
        GuardedRedis(tmp_path / "redis", tls=certificates, options=options),
        ServerProcess("memory://", "--broker", tls_url(port, certificates), *PREFIX) as node,
    ):
        node.says("listening")
    other = str(certificates / "other")
    options += ("--tls-cert-file", f"{other}.pem", "--tls-key-file", f"{other}.key")
    with GuardedRedis(tmp_path / "other", tls=certificates, options=options):
        ended = start(tls_url(port, certificates))
        assert ended.returncode == 1
        assert "certificate is not valid for '127.0.0.1'" in ended.stderr


def test_nodes_can_prove_themselves_by_certificates(certificates: Path, tmp_path: Path) -> None:
    """They do if Redis asks for that besides the password."""
    port = free_port()
    options = ("--tls-port", str(port), "--tls-auth-clients", "yes")
    own = f"&ssl_certfile={certificates / 'node.pem'}&ssl_keyfile={certificates / 'node.key'}"
    with GuardedRedis(tmp_path / "redis", tls=certificates, options=options):
        with ServerProcess(
            "memory://", "--broker", tls_url(port, certificates, own), *PREFIX
        ) as node:
            node.says("listening")
        assert "cannot use Redis" in start(tls_url(port, certificates)).stderr


def test_the_documented_way_to_its_rules_works(tmp_path: Path) -> None:
    """It is followed to the letter, except for the files' places and owner."""
    page = (INFRA.parent / "docs/operations.md").read_text("utf-8")
    (block,) = [part for part in page.split("```") if "infra/redis-acl.sh" in part]
    lines = [line for line in block.splitlines() if "chown" not in line]
    script = "\n".join(lines).replace("/etc/redis", str(tmp_path))
    for path in ("/etc/chat", "/root"):
        script = script.replace(path, str(tmp_path))
    subprocess.run(["sh", "-ec", script], cwd=INFRA.parent, check=True, timeout=60)
    found = re.fullmatch(r"redis://(chat:\w+@)10\.0\.0\.20\n", (tmp_path / "broker").read_text())
    assert found
    rules = ("--aclfile", str(tmp_path / "chat.acl"))
    admin = ("admin", (tmp_path / "redis-admin").read_text().strip())
    with (
        Redis(tmp_path / "redis", options=rules, login=admin) as server,
        connected_as(server, found[1]) as client,
    ):
        assert client.publish("chat:all", "") == 0
