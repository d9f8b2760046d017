"""Who may ask for what."""

import pytest
from websockets.datastructures import Headers

from adapters.web.http_requests import Access, Answer, HttpRequest, answer, forwarded_for, read_head
from tests.unit.web.browser import PAGE

PROXIES = {"10.0.0.1", "10.0.0.2"}


@pytest.mark.parametrize(
    ("stated", "client"),
    [
        (["203.0.113.7"], "203.0.113.7"),
        (["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
        (["203.0.113.7", "10.0.0.2"], "203.0.113.7"),
        (["198.51.100.1,203.0.113.7 , 10.0.0.2,10.0.0.1"], "203.0.113.7"),
        (["::ffff:203.0.113.7"], "203.0.113.7"),
        (["10.0.0.1"], "10.0.0.1"),
        (["203.0.113.7" + ",10.0.0.1" * 15], "203.0.113.7"),
        (["203.0.113.7" + ",10.0.0.1" * 850], "10.0.0.1"),  # only the end of so long a list is read
        (["203.0.113.7, nonsense"], None),
        (["203.0.113.7:80"], None),
        ([""], None),
        ([], None),
    ],
)
def test_the_last_that_is_no_proxy_s_counts(stated: list[str], client: str | None) -> None:
    """The addresses before it are the client's own claim."""
    headers = Headers([("X-Forwarded-For", one) for one in stated])
    assert forwarded_for(headers, PROXIES) == client


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("localhost", True),
        ("localhost:6080", True),
        ("chat.localhost:6080", True),
        ("127.0.0.1", True),
        ("192.0.2.1:80", True),
        ("[::1]:6080", True),
        ("Chat.Example.org", True),
        ("chat.example.org:443", True),
        ("evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("evil.example/localhost", False),
        ("localhost@evil.example", False),
        ("evil.example@localhost", False),
        ("localhost:port", False),
        ("[::1", False),
        ("", False),
    ],
)
def test_names_that_are_ours(host: str, *, ours: bool) -> None:
    """The owner of a name cannot make an address lead elsewhere."""
    assert Access(["https://chat.example.org"]).is_ours(host) is ours


@pytest.mark.parametrize(
    ("origin", "may"),
    [
        ("http://localhost:6080", True),
        ("https://localhost:6080", True),
        ("HTTP://LOCALHOST:6080", True),
        ("https://chat.example.org", True),
        ("http://chat.example.org", False),
        ("http://localhost", False),
        ("http://localhost:60800", False),
        ("http://evil.example", False),
        ("file://localhost:6080", False),
        ("null", False),
        ("", False),
    ],
)
def test_origins_that_may_use_the_chat(origin: str, *, may: bool) -> None:
    """These are the page's own origin and those that the operator names."""
    assert Access(["https://chat.example.org"]).may_use(origin, "localhost:6080") is may


def request(*lines: str) -> HttpRequest:
    found = read_head("\r\n".join((*lines, "", "")).encode("latin-1"))
    assert isinstance(found, HttpRequest)
    return found


def test_a_refused_method_says_which_are_not() -> None:
    """The server also closes this connection."""
    refused = answer(PAGE, request("DELETE / HTTP/1.1", "Host: localhost"))
    assert (refused.status, refused.headers["Allow"]) == (405, "GET, HEAD")
    assert b"Connection: close" in refused.encode()


@pytest.mark.parametrize(
    ("lines", "stays"),
    [
        (("GET / HTTP/1.1",), True),
        (("GET / HTTP/1.1", "Connection: keep-alive"), True),
        (("GET / HTTP/1.1", "Connection: Close"), False),
        (("GET / HTTP/1.0", "Connection: keep-alive"), False),
    ],
)
def test_which_connections_stay(lines: tuple[str, ...], *, stays: bool) -> None:
    """The rules are those of HTTP/1.1."""
    assert request(*lines).wants_keep_alive is stays


@pytest.mark.parametrize(
    "head",
    [
        b"GET /\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 1\r\n\r\n",
        b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nX : y\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n\r\n",
        b"GET / HTTP/3.0\r\n\r\n",
        b"\r\n\r\n",
    ],
)
def test_what_is_no_request(head: bytes) -> None:
    """The answer is 400."""
    refusal = read_head(head)
    assert isinstance(refusal, Answer)
    assert refusal.status == 400


@pytest.mark.parametrize("name", ["Connection", "Upgrade", "Sec-WebSocket-Protocol"])
def test_a_websocket_is_asked_for_in_few_words(name: str) -> None:
    """Long lists take quadratic time to parse, in one header or in several."""
    asked = ["GET /chat HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade"]
    assert Access().refusal(request(*asked)) is None
    for more in ([f"{name}: {',' * 300}"], [f"{name}: {',' * 30}"] * 10):
        refusal = Access().refusal(request(*asked, *more))
        assert refusal is not None
        assert refusal.status == 400
