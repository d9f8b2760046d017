"""infra/nginx.conf between real clients and real nodes.

The nodes keep everything in memory and do not know each other: they only have to answer.
"""

import json
import os
import re
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import attrs
import pytest

from entrypoints.services.nginx import CONFIGURATION, Nginx
from entrypoints.services.ports import free_port
from entrypoints.services.program import find_program, wait_until
from tests.integration.cluster import LIKE_NGINX, NGINX_COMES_FROM, NodeProcess
from tests.integration.raw_client import ERROR, PATIENCE, PONG, RawClient

PING = b'{"msgid":1012,"seq":1}\n'
LOGS = Path("/var/log/nginx")
HEARTBEAT = 60  # seconds of silence after which the server gives up a client
OPEN = {"01", "08"}  # Linux's names for ESTABLISHED and CLOSE_WAIT
ELSEWHERE = "127.0.0.7"  # this machine as well, but not the address from which nginx connects


@attrs.frozen
class Site:
    """Nodes, and nginx in front of them."""

    nodes: list[NodeProcess]
    nginx: Nginx
    _stack: ExitStack

    def client(self) -> RawClient:
        """A client that a node has answered and logged, so that nginx has chosen."""
        before = sum(map(self.clients_of, self.nodes))
        client = self._stack.enter_context(RawClient(self.nginx.port))
        assert client.is_alive()
        assert wait_until(lambda: sum(map(self.clients_of, self.nodes)) > before, PATIENCE)
        return client

    def clients_of(self, node: NodeProcess) -> int:
        """How many clients nginx has ever sent to this node."""
        return len(peers_of(node))


def peers_of(node: NodeProcess) -> list[str]:
    lines = [json.loads(line) for line in node.log.splitlines() if line.startswith("{")]
    return [line["address"] for line in lines if line["event"] == "proxied"]


NewSite = Callable[..., Site]


@contextmanager
def site_of(directory: Path, nodes: int, shutdown_timeout: str | None) -> Iterator[Site]:
    with ExitStack() as stack:
        processes = [
            stack.enter_context(NodeProcess("memory://", *LIKE_NGINX, "--log-level", "debug"))
            for _ in range(nodes)
        ]
        ports = [node.port for node in processes]
        nginx = Nginx(
            directory, ports, shutdown_timeout=shutdown_timeout, comes_from=NGINX_COMES_FROM
        )
        stack.enter_context(nginx)
        yield Site(processes, nginx, stack)


@pytest.fixture
def new_site(tmp_path: Path) -> Iterator[NewSite]:
    with ExitStack() as stack:

        def new(nodes: int = 1, shutdown_timeout: str | None = None) -> Site:
            return stack.enter_context(site_of(tmp_path, nodes, shutdown_timeout))

        yield new


@pytest.mark.skipif(os.geteuid() != 0, reason="the file names places that are root's alone")
def test_nginx_accepts_the_file_as_it_lies_there() -> None:
    """An operator can put it in place without a change."""
    made_by_trying = [
        path
        for path in (Path("/run/nginx.pid"), *map(LOGS.joinpath, ("chat.log", "chat-web.log")))
        if not path.exists()
    ]
    command = [find_program("nginx", "nginx"), "-t", "-c", str(CONFIGURATION)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    for path in made_by_trying:
        path.unlink(missing_ok=True)
    assert done.returncode == 0, done.stderr


def test_quiet_chats_are_not_cut() -> None:
    """nginx waits much longer than the server, which gives up after three heartbeats."""
    found = re.search(r"\bproxy_timeout (\d+)d;", CONFIGURATION.read_text("utf-8"))
    assert found
    assert int(found[1]) * 86_400 >= 3 * HEARTBEAT


def test_clients_are_spread_evenly(new_site: NewSite) -> None:
    """Each client goes to the node that has the fewest."""
    site = new_site(nodes=3)
    clients = [site.client() for _ in range(12)]
    assert [site.clients_of(node) for node in site.nodes] == [4, 4, 4]
    assert all(client.is_alive() for client in clients)


def test_a_node_that_is_back_is_filled_first(new_site: NewSite) -> None:
    """Taking turns would leave it with a few clients while others have many."""
    site = new_site(nodes=2)
    clients = [site.client() for _ in range(8)]
    site.nodes[1].stop()
    lost = [client for client in clients if not client.is_alive()]
    assert len(lost) == 4
    for client in lost:
        client.close()
    assert wait_until(lambda: not has_connections_to(site.nodes[1].port), PATIENCE)
    site.nodes[1].start()
    before = site.clients_of(site.nodes[1])
    for _ in lost:
        site.client()
    assert site.clients_of(site.nodes[1]) == before + len(lost)


def test_a_node_sees_its_clients_addresses(new_site: NewSite) -> None:
    """Limits and logs are about clients, not about nginx."""
    site = new_site()
    with from_elsewhere(site.nginx.port) as client:
        client.sendall(PING)
        assert read_frame(client)["msgid"] == PONG
    assert wait_until(lambda: peers_of(site.nodes[0]) == [ELSEWHERE], PATIENCE)


def test_a_client_cannot_lie_about_its_address(new_site: NewSite) -> None:
    """A second header counts as data, which is bad."""
    site = new_site()
    with from_elsewhere(site.nginx.port) as client:
        client.sendall(b"PROXY TCP4 203.0.113.7 10.0.0.1 56324 8000\r\n")
        refusal = read_frame(client)
        assert (refusal["msgid"], refusal["error"]) == (ERROR, "bad_json")
    assert wait_until(lambda: peers_of(site.nodes[0]) == [ELSEWHERE], PATIENCE)


def test_a_client_that_ends_its_sending_is_answered(new_site: NewSite) -> None:
    """So a file of requests can be piped in."""
    site = new_site()
    with RawClient(site.nginx.port) as client:
        client.send_bytes(PING)
        client.end_sending()
        assert client.find_msgid(PONG)
        client.wait_for_close()


def test_a_dead_node_costs_new_clients_nothing(new_site: NewSite) -> None:
    """They get another node at once."""
    site = new_site(nodes=2)
    site.nodes[0].kill()
    for _ in range(10):
        site.client()
    assert site.clients_of(site.nodes[1]) == 10


def test_connections_outlive_a_reload(new_site: NewSite) -> None:
    """They stay with their node, while new ones go to the new nodes."""
    site = new_site()
    old = site.client()
    with NodeProcess("memory://", *LIKE_NGINX, "--log-level", "debug") as newcomer:
        site.nginx.nodes = [newcomer.port]
        site.nginx.reload()
        site.nodes.append(newcomer)
        site.client()
        assert site.clients_of(newcomer) == 1
        assert old.is_alive()


def test_after_a_reload_old_connections_end_at_last(new_site: NewSite) -> None:
    """Then their clients reconnect, and the old nginx processes are gone."""
    site = new_site(shutdown_timeout="1s")
    old = site.client()
    site.nginx.reload()
    old.wait_for_close()
    assert site.client().is_alive()


def test_no_client_is_refused_during_a_reload(new_site: NewSite) -> None:
    """All clients that connect during it are answered."""
    site = new_site(nodes=2)
    done = threading.Event()
    answered: list[bool] = []

    def keep_coming() -> None:
        while not done.is_set():
            with RawClient(site.nginx.port) as client:
                answered.append(client.is_alive())

    visitors = [threading.Thread(target=keep_coming) for _ in range(3)]
    for visitor in visitors:
        visitor.start()
    for reloads in range(30):
        site.nginx.reload()
        if reloads >= 2 and len(answered) > 10:
            break
    done.set()
    for visitor in visitors:
        visitor.join(PATIENCE)
    assert len(answered) > 10
    assert all(answered)


@contextmanager
def from_elsewhere(port: int) -> Iterator[socket.socket]:
    """A client from another address."""
    with socket.create_connection(
        ("127.0.0.1", port), timeout=PATIENCE, source_address=(ELSEWHERE, free_port())
    ) as client:
        yield client


def has_connections_to(port: int) -> bool:
    """Whether any process of this machine has one that is not closed at this end."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(
        remote.endswith(f":{port:04X}") and state in OPEN for _, _, remote, state, *_ in rows
    )


def read_frame(client: socket.socket) -> dict[str, object]:
    data = b""
    while not data.endswith(b"\n"):
        piece = client.recv(4096)
        assert piece, "the connection was closed"
        data += piece
    frame = json.loads(data)
    assert isinstance(frame, dict)
    return frame
