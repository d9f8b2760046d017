"""Users over WebSockets, together with users over TCP."""

import subprocess
import sys
from pathlib import Path

import pytest

from entrypoints.services.ports import free_port
from entrypoints.services.program import wait_until
from tests.integration.certificates import Files
from tests.integration.raw_client import PATIENCE, RawClient
from tests.integration.server_process import ROOT, SERVER
from tests.integration.web_client import (
    NoWebSocket,
    WebClient,
    WebServer,
    asked,
    connected,
    get,
    read_answer,
)


def logged_in(client: RawClient, name: str) -> RawClient:
    client.register(name)
    client.login()
    return client


def test_a_browser_and_a_client_talk(web: WebServer) -> None:
    """They talk both ways, in any script, with texts of the greatest length."""
    with WebClient(web.web_port) as anna, RawClient(web.port) as bert:
        logged_in(anna, "Anna")
        logged_in(bert, "Bert")
        words = "漢" * 4096
        for sender, reader in ((anna, bert), (bert, anna)):
            sender.ask({"msgid": 1005, "toid": reader.id, "msg": words, "cid": f"of-{sender.id}"})
            assert reader.next_chat()["msg"] == words


def test_version_1_is_refused(web: WebServer) -> None:
    """It is refused in words and by a close code."""
    with WebClient(web.web_port) as anna:
        anna.register("Anna")
        refusal = anna.ask({"msgid": 1000, "id": anna.id, "password": "secret"})
        assert (refusal["msgid"], refusal["error"]) == (1001, "too_old")
        assert anna.code() == 1008


def test_a_server_that_stops(web: WebServer) -> None:
    """It says GOING_AWAY, and closes all connections with 1001, even those without a login."""
    with WebClient(web.web_port) as anna, WebClient(web.web_port) as stranger:
        logged_in(anna, "Anna")
        web.send(15)
        assert anna.find_msgid(1018)
        assert [anna.code(), stranger.code()] == [1001, 1001]


def test_a_browser_s_origin_is_its_page_s(web: WebServer) -> None:
    """Pages of other origins cannot make their readers chat here."""
    own = f"http://127.0.0.1:{web.web_port}"
    with WebClient(web.web_port, Origin=own) as anna:
        assert anna.is_alive()
    for origin in ("http://evil.example", f"{own}0", "null", "http://127.0.0.1"):
        with pytest.raises(NoWebSocket, match="403"):
            WebClient(web.web_port, Origin=origin)


def test_a_name_has_to_be_said() -> None:
    """--origin names it; then it works for requests and for WebSockets."""
    origin = "https://chat.example.org"
    with WebServer("memory://", "--origin", origin) as web:
        assert asked(web.web_port, get(host="chat.example.org")).status == 200
        assert asked(web.web_port, get(host="other.example.org")).status == 421
        with WebClient(web.web_port, Host="chat.example.org", Origin=origin) as anna:
            assert anna.is_alive()


def test_a_port_that_is_in_use_is_one_line(web: WebServer) -> None:
    """The line has the option that names it."""
    command = [
        sys.executable,
        *SERVER,
        "0",
        "--store",
        "memory://",
        "--web-port",
        str(web.web_port),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"--web-port {web.web_port}: cannot listen there: " in done.stderr.splitlines()[-1]


def test_metrics_tell_of_browsers() -> None:
    """They count answers by status; 101 is a WebSocket."""
    operators = free_port()
    with WebServer("memory://", "--http-port", str(operators)) as web, WebClient(web.web_port):
        asked(web.web_port, get("/nothing"))
        page = asked(operators, get("/metrics")).body.decode()
        assert 'chat_web_answers_total{status="101"} 1.0' in page
        assert 'chat_web_answers_total{status="404"} 1.0' in page


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files.issued(tmp_path)


def test_with_tls(files: Files) -> None:
    """The page and the chat use the same certificate as the other port."""
    context, options = files.trusting(), files.options()
    with WebServer("memory://", "--hashing", "cheap", *options) as web:
        with connected(web.web_port, tls=context) as sock:
            sock.sendall(get())
            assert read_answer(sock).status == 200
            sock.sendall(get())
            assert read_answer(sock).status == 200
        with WebClient(web.web_port, connected(web.web_port, tls=context)) as anna:
            logged_in(anna, "Anna")
            anna.send_bytes(b"\x82\x80\0\0\0\0")
            assert anna.code() == 1003


def test_http_to_a_port_with_tls(files: Files) -> None:
    """The answer is HTTP, and says that the port uses TLS."""
    with WebServer("memory://", *files.options()) as web:
        answer = asked(web.web_port, get())
        assert (answer.status, answer.body) == (400, b"this port uses TLS: https://\n")


def test_a_proxy_says_who_the_client_is() -> None:
    """It does so by the PROXY protocol or by X-Forwarded-For. The limits are the client's."""
    with WebServer("memory://", "--proxy-from", "127.0.0.5/32", "--log-level", "debug") as web:

        def address_of(header: str, before: bytes = b"") -> str:
            before_it = web.log.count("client_closed")
            sock = connected(web.web_port, "127.0.0.5")
            sock.sendall(before)
            with WebClient(web.web_port, sock, **({"X-Forwarded-For": header} if header else {})):
                pass
            assert wait_until(lambda: web.log.count("client_closed") > before_it, PATIENCE)
            return web.log.rpartition('"address": "')[2].partition('"')[0]

        assert address_of("198.51.100.1, 203.0.113.7") == "203.0.113.7"
        header = b"PROXY TCP4 203.0.113.8 10.0.0.1 56324 8000\r\n"
        assert address_of("198.51.100.1", header) == "203.0.113.8"
        with pytest.raises(NoWebSocket, match="400"):
            address_of("")


def test_who_is_no_proxy_says_nothing() -> None:
    """Its claims are ignored."""
    with WebServer("memory://", "--proxy-from", "127.0.0.5/32") as web:
        claim = {"X-Forwarded-For": "203.0.113.9"}
        with WebClient(web.web_port, connected(web.web_port, "127.0.0.6"), **claim):
            pass
        web.says("client_closed")
        assert '"127.0.0.6"' in web.log
        assert "203.0.113.9" not in web.log
