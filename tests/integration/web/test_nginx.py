"""infra/nginx.conf and nginx-tls.conf between browsers and real nodes."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import attrs
import pytest

from entrypoints.services.nginx import Nginx
from entrypoints.services.ports import free_port
from entrypoints.services.program import wait_until
from tests.integration.certificates import Files
from tests.integration.cluster import LIKE_NGINX, NGINX_COMES_FROM, NodeProcess
from tests.integration.raw_client import PATIENCE
from tests.integration.web_client import (
    NoWebSocket,
    WebClient,
    asked,
    connected,
    get,
    read_answer,
)

ELSEWHERE = "127.0.0.7"  # this machine as well, but not the address from which nginx connects


@attrs.frozen
class Site:
    nodes: list[NodeProcess]
    nginx: Nginx

    @property
    def port(self) -> int:
        return self.nginx.web_port


def started(
    stack: ExitStack, directory: Path, nodes: int, certificate: tuple[Path, Path] | None = None
) -> Site:
    """Nodes that do not know each other, and nginx in front of them."""
    ports = [free_port() for _ in range(nodes)]
    options = ("memory://", *LIKE_NGINX, "--hashing", "cheap", "--log-level", "debug")
    processes = [
        stack.enter_context(NodeProcess(*options, "--web-port", str(port))) for port in ports
    ]
    nginx = Nginx(
        directory,
        [node.port for node in processes],
        web_nodes=ports,
        certificate=certificate,
        comes_from=NGINX_COMES_FROM,
    )
    stack.enter_context(nginx)
    return Site(processes, nginx)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def test_browsers_are_spread_over_three_nodes(stack: ExitStack, tmp_path: Path) -> None:
    """The page comes from any of them, and a WebSocket goes to the node that has the fewest."""
    site = started(stack, tmp_path, 3)
    assert asked(site.port, get()).status == 200
    for _ in range(9):
        client = stack.enter_context(WebClient(site.port))
        client.register(f"user {client._socket.getsockname()[1]}")
        client.login()

    def logins() -> list[int]:
        return [node.log.count('"event": "logged in"') for node in site.nodes]

    assert wait_until(lambda: sum(logins()) == 9, PATIENCE)
    assert logins() == [3, 3, 3]


def test_a_node_sees_its_browsers_addresses(stack: ExitStack, tmp_path: Path) -> None:
    """It sees the real ones, whatever browsers claim."""
    site = started(stack, tmp_path, 1)
    claim = {"X-Forwarded-For": "203.0.113.9"}
    with WebClient(site.port, connected(site.port, ELSEWHERE), **claim) as client:
        assert client.is_alive()
    site.nodes[0].says("client_closed")
    assert f'"address": "{ELSEWHERE}"' in site.nodes[0].log
    assert "203.0.113.9" not in site.nodes[0].log


def test_origins_are_told_apart_behind_it(stack: ExitStack, tmp_path: Path) -> None:
    """The node knows which address the browser has asked nginx for."""
    site = started(stack, tmp_path, 1)
    own = f"http://127.0.0.1:{site.port}"
    with WebClient(site.port, Origin=own, Host=f"127.0.0.1:{site.port}") as client:
        assert client.is_alive()
    with pytest.raises(NoWebSocket, match="403"):
        WebClient(site.port, Origin="http://evil.example")


def test_a_dead_node_costs_browsers_nothing(stack: ExitStack, tmp_path: Path) -> None:
    """They get another node at once."""
    site = started(stack, tmp_path, 3)
    site.nodes[0].kill()
    for _ in range(6):
        assert asked(site.port, get()).status == 200
        with WebClient(site.port) as client:
            assert client.is_alive()


def test_a_node_s_close_codes_come_through(stack: ExitStack, tmp_path: Path) -> None:
    """An example is the code of a node that is about to stop."""
    site = started(stack, tmp_path, 1)
    with WebClient(site.port) as client:
        site.nodes[0].send(15)
        assert client.code() == 1001


def test_with_tls(stack: ExitStack, tmp_path: Path) -> None:
    """Both the page and the chat work."""
    files = Files.issued(tmp_path)
    trusting = files.trusting()
    site = started(stack, tmp_path, 1, (files.cert, files.key))
    with connected(site.port, tls=trusting) as sock:
        sock.sendall(get())
        page = read_answer(sock)
        assert (page.status, "Strict-Transport-Security" in page.headers) == (200, True)
    host = f"127.0.0.1:{site.port}"
    sock = connected(site.port, tls=trusting)
    with WebClient(site.port, sock, Host=host, Origin=f"https://{host}") as client:
        assert client.is_alive()
