"""The answers and refusals to HTTP requests on the browsers' port."""

import gzip
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.integration.web_client import (
    WebServer,
    asked,
    connected,
    get,
    read_answer,
    text,
)


@pytest.fixture(scope="module")
def web() -> Iterator[WebServer]:
    """One server for all tests, since none leaves anything there."""
    with WebServer("memory://") as process:
        yield process


def modules_of(web: WebServer) -> list[str]:
    page = asked(web.web_port, get()).body.decode()
    return [f"/{path}" for path in re.findall(r'"(v/[0-9a-f]{16}/[^"]+)"', page)]


def test_the_page_and_all_that_it_names_is_served(web: WebServer) -> None:
    """Files with a version in their paths may be cached forever; the page has to be revalidated."""
    page = asked(web.web_port, get())
    assert (page.status, page.headers["Cache-Control"]) == (200, "no-cache")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    paths = modules_of(web)
    assert paths
    for path in paths:
        file = asked(web.web_port, get(path))
        assert (file.status, bool(file.body)) == (200, True)
        assert "immutable" in file.headers["Cache-Control"]


def test_what_a_browser_has_is_not_sent_again(web: WebServer) -> None:
    """The ETag of its content decides."""
    tag = asked(web.web_port, get()).headers["ETag"]
    again = asked(web.web_port, get("/", f"If-None-Match: {tag}"))
    assert (again.status, again.body) == (304, b"")
    assert asked(web.web_port, get("/", 'If-None-Match: "other"')).status == 200


def test_files_are_packed_for_who_can_unpack_them(web: WebServer) -> None:
    """They are packed with gzip."""
    plain = asked(web.web_port, get())
    packed = asked(web.web_port, get("/", "Accept-Encoding: gzip, br"))
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body


@pytest.mark.parametrize("path", ["/", "/nothing"])
def test_every_answer_has_the_headers_that_browsers_heed(web: WebServer, path: str) -> None:
    """They forbid foreign scripts, frames around the page, guessed types and referrers."""
    headers = asked(web.web_port, get(path)).headers
    policy = headers["Content-Security-Policy"]
    for part in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"):
        assert part in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_a_connection_stays_for_the_next_request(web: WebServer) -> None:
    """It stays until a request is refused or says that it is the last."""
    with connected(web.web_port) as sock:
        for path in ("/", *modules_of(web), "/"):
            sock.sendall(get(path))
            assert read_answer(sock).status == 200
        sock.sendall(get("/", "Connection: close"))
        assert read_answer(sock).headers["Connection"] == "close"
        assert sock.recv(1) == b""


def test_requests_may_come_before_they_are_answered(web: WebServer) -> None:
    """They are answered in order."""
    with connected(web.web_port) as sock:
        sock.sendall(get("/") + get("/", method="HEAD") + get("/nothing"))
        page, head = read_answer(sock), read_answer(sock, with_body=False)
        assert (page.status, head.status) == (200, 200)
        assert head.headers["Content-Length"] == str(len(page.body))
        assert read_answer(sock).status == 404


def test_a_request_may_come_in_pieces(web: WebServer) -> None:
    """The network may cut it anywhere."""
    with connected(web.web_port) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in get("/", "X-Long: " + 200 * "x"):
            sock.send(bytes((byte,)))
        assert read_answer(sock).status == 200


REFUSED = {
    "another path": (get("/index.html"), 404),
    "a path with dots": (get("/../../etc/passwd"), 404),
    "one in another writing": (get("/v/0123456789abcdef/%2e%2e/%2e%2e/front.py"), 404),
    "dots behind a version": (get("/v/0123456789abcdef/../page.py"), 404),
    "our own source": (get("/v/0123456789abcdef/jsconfig.json"), 404),
    "an absolute address": (get("http://localhost/"), 404),
    "a NUL": (get("/\0"), 404),
    "another method": (get("/", method="POST"), 405),
    "a method of nobody's": (get("/", method="BREW"), 405),
    "a body": (get("/", "Content-Length: 5") + b"hello", 400),
    "a body in chunks": (get("/", "Transfer-Encoding: chunked"), 400),
    "the WebSocket's path": (get("/chat"), 426),
    "an upgrade to something else": (get("/chat", "Upgrade: h2c", "Connection: Upgrade"), 426),
    "half of an upgrade": (get("/chat", "Upgrade: websocket"), 426),
    "an upgrade without a key": (
        get("/chat", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"),
        400,
    ),
    "an upgrade of HTTP/1.0": (
        get("/chat", "Upgrade: websocket", "Connection: Upgrade").replace(b"HTTP/1.1", b"HTTP/1.0"),
        505,
    ),
    "a name that is not ours": (get(host="evil.example"), 421),
    "a name that is none": (get(host="a b"), 421),
    "no name": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "two names": (get("/", "Host: localhost"), 400),
    "HTTP/1.0 without a name": (b"GET / HTTP/1.0\r\n\r\n", 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "HTTP/0.9": (b"GET /\r\n\r\n", 400),
    "a folded header": (get("/", "X: a", " b"), 400),
    "many headers": (get("/", *("X: y",) * 100), 431),
    "a head without an end": (b"GET / HTTP/1.1\r\nX: " + 9000 * b"x", 431),
    "a path without an end": (b"GET /" + 9000 * b"x", 431),
    "requests without an end": (get("/", "X: " + 3000 * "x") * 4, 431),
    "a frame of the chat": (b'{"msgid":1012}\n', 400),
    "a frame of a WebSocket": (text(b"hello"), 400),
    "TLS": (b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", 400),
    "zeros": (bytes(64), 400),
}


def test_what_is_not_for_us_gets_a_short_answer(web: WebServer) -> None:
    """The status says what is wrong. Then the connection is closed."""
    for what, (request, status) in REFUSED.items():
        with connected(web.web_port) as sock:
            sock.sendall(request)
            answer = read_answer(sock)
            assert (what, answer.status) == (what, status)
            assert len(answer.body) < 200
            assert answer.headers["Connection"] == "close"
            assert sock.recv(1) in (b"", b"H"), what


def test_http_1_0_is_answered(web: WebServer) -> None:
    """The connection is not kept."""
    with connected(web.web_port) as sock:
        sock.sendall(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
        assert read_answer(sock).status == 200
        assert sock.recv(1) == b""


def test_who_asks_for_too_much_has_to_wait() -> None:
    """The answer says when to try again. Others are served meanwhile."""
    with WebServer("memory://", "--frames-per-second", "50") as web:
        with connected(web.web_port, "127.0.0.2") as sock:
            statuses = []
            for _ in range(1000):
                sock.sendall(get("/", method="HEAD"))
                answer = read_answer(sock, with_body=False)
                statuses.append(answer.status)
                if answer.status != 200:
                    break
        assert (statuses[-1], answer.headers["Retry-After"]) == (429, "10")
        assert len(statuses) > 1
        assert asked(web.web_port, get()).status == 200


def test_connections_of_an_address_are_limited() -> None:
    """Both ports count together."""
    with WebServer("memory://", "--connections-per-address", "3") as web, ExitStack() as stack:
        for port in (web.web_port, web.port, web.web_port):
            stack.enter_context(connected(port, "127.0.0.2"))
        refused = stack.enter_context(connected(web.web_port, "127.0.0.2"))
        assert read_answer(refused).status == 503
        assert asked(web.web_port, get()).status == 200  # from another address
