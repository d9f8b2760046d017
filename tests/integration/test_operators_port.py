"""The operators' port of real servers."""

import asyncio
import platform
import signal
import socket
import urllib.error
import urllib.request
from pathlib import Path

from entrypoints.services.ports import free_port
from entrypoints.version import VERSION
from tests.eventually import PATIENCE
from tests.integration.chatter import beside, newcomer
from tests.integration.cluster import NewCluster
from tests.integration.server_process import ServerProcess


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


async def becomes(port: int, status: int) -> str:
    """Wait until /readyz has this status; return its text."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE
    found, text = await beside(get, port, "/readyz")
    while found != status:
        assert loop.time() < deadline, text
        await asyncio.sleep(0.05)
        found, text = await beside(get, port, "/readyz")
    return text


def number(page: str, name: str) -> float:
    """The value in a metric's line."""
    (line,) = [line for line in page.splitlines() if line.startswith(name + " ")]
    return float(line.rpartition(" ")[2])


async def test_a_node_tells_how_it_is(tmp_path: Path) -> None:
    """Its numbers follow what happens, and never name a user."""
    port = free_port()
    options = ["--hashing", "cheap", "--http-port", str(port)]
    with ServerProcess(f"sqlite:///{tmp_path}/chat.db", *options) as server:
        async with newcomer(server.port) as anna:
            await anna.client.send(anna.id, "hello")
            assert await beside(get, port, "/healthz") == (200, "ok\n")
            assert await beside(get, port, "/readyz") == (200, "ready\n")
            status, page = await beside(get, port, "/metrics")
        assert status == 200
        build = f'chat_build_info{{python="{platform.python_version()}",version="{VERSION}"}}'
        assert number(page, build) == 1
        assert number(page, "chat_sessions") == 1
        assert number(page, 'chat_messages_total{what="written"}') == 1
        assert number(page, 'chat_operation_seconds_count{operation="add",port="users"}') == 1
        assert number(page, "chat_connections_not_logged_in") == 0
        assert number(page, 'chat_queue_depth{queue="hashing"}') == 0
        assert number(page, 'chat_connections_held_up{why="too_fast"}') == 0
        assert anna.name not in page
        assert "127.0.0.1" not in page
        while number(page, "chat_loop_lag_seconds_count") == 0:  # ten times a second
            _, page = await beside(get, port, "/metrics")


async def test_who_only_asks_for_the_page_counts_as_a_connection(tmp_path: Path) -> None:
    """It counts for the limit, too, as a TLS handshake does: the alert compares the two."""
    port, web_port = free_port(), free_port()
    options = ["--http-port", str(port), "--web-port", str(web_port)]
    with (
        ServerProcess(f"sqlite:///{tmp_path}/chat.db", *options),
        socket.create_connection(("127.0.0.1", web_port)),
    ):
        page = ""
        while "chat_connections_not_logged_in 1" not in page:  # until the server accepts it
            _, page = await beside(get, port, "/metrics")
        assert number(page, "chat_connections") == 1


async def test_a_node_without_redis_is_not_ready(new_cluster: NewCluster) -> None:
    """The balancer is told so, and is told when Redis returns."""
    port = free_port()
    with new_cluster(nodes=1, options=["--http-port", str(port)]) as cluster:
        assert await beside(get, port, "/readyz") == (200, "ready\n")
        cluster.redis.send(signal.SIGSTOP)
        assert await becomes(port, 503) == "not ready: broker\n"
        cluster.redis.send(signal.SIGCONT)
        assert await becomes(port, 200) == "ready\n"
