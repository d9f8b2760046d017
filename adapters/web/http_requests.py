"""Parsing HTTP requests, deciding who may make them, and answering them. No I/O."""

import ipaddress
from collections.abc import Collection, Container
from http import HTTPStatus
from urllib.parse import urlsplit

import attrs
from websockets.datastructures import Headers
from websockets.http11 import Request
from websockets.server import ServerProtocol

from adapters.tcp.proxy_protocol import plain_address
from adapters.web.page import Page

CHAT = "/chat"  # the path of the WebSocket
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_MANY_HEADERS = 64  # more than any browser sends; requests with more are refused
_LONG_LIST = 256  # characters; the library parses lists in quadratic time, 5 ms for 8 KiB
_LISTS = ("Connection", "Upgrade", "Sec-WebSocket-Protocol")  # headers with lists that it parses
_MANY_PROXIES = 16  # in a chain; no more are read, since a list of 850 would take 11 ms


@attrs.frozen
class Answer:
    """The answer to a request that does not become a WebSocket."""

    status: HTTPStatus
    headers: dict[str, str] = attrs.field(factory=dict)
    body: bytes = b""

    def encode(self, *, with_body: bool = True, keep_alive: bool = False) -> bytes:
        """Encode it. with_body: False for HEAD. keep_alive: whether the connection stays open."""
        headers = {
            **_HEADERS,
            **self.headers,
            "Content-Length": str(len(self.body)),
            "Connection": "keep-alive" if keep_alive else "close",
        }
        if self.status is HTTPStatus.NOT_MODIFIED:
            del headers["Content-Length"]  # it would have to be that of the omitted body
        lines = [f"HTTP/1.1 {self.status.value} {self.status.phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        return head + self.body if with_body else head


def plain_text(status: HTTPStatus, why: str, **headers: str) -> Answer:
    """A short answer in plain text, for people."""
    about = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store", **headers}
    return Answer(status, about, f"{why}\n".encode())


USE_TLS = plain_text(HTTPStatus.BAD_REQUEST, "this port uses TLS: https://").encode()


@attrs.frozen
class HttpRequest:
    """A request, and the library's protocol that parsed it."""

    request: Request
    protocol: ServerProtocol

    @property
    def wants_socket(self) -> bool:
        return self.request.path.partition("?")[0] == CHAT and "websocket" in self._list("Upgrade")

    @property
    def is_tedious(self) -> bool:
        """Whether the library would need long for the WebSocket handshake."""
        return any(len(self._list(name)) > _LONG_LIST for name in _LISTS)

    @property
    def wants_keep_alive(self) -> bool:
        """Whether the client may send more requests on the same connection."""
        return self.request.protocol == "HTTP/1.1" and "close" not in self._list("Connection")

    def _list(self, name: str) -> str:
        """The values of all headers of this name, joined and in lower case."""
        return ",".join(self.request.headers.get_all(name)).lower()


def read_head(head: bytes) -> HttpRequest | Answer:
    """Parse a request, of which this is all; or the answer that refuses it."""
    if head.count(b"\n") > _MANY_HEADERS:
        why = f"a request can have at most {_MANY_HEADERS} headers"
        return plain_text(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, why)
    protocol = ServerProtocol(max_size=0)
    protocol.receive_data(head)
    events = protocol.events_received()
    if events and isinstance(events[0], Request):
        return HttpRequest(events[0], protocol)
    return plain_text(HTTPStatus.BAD_REQUEST, "not an HTTP/1.1 request without a body")


@attrs.define
class Access:
    """Who may connect. origins: those of the pages that may use the chat, besides our own; their
    host names also count as ours. May change at any time."""

    origins: Collection[str] = ()

    def refusal(self, asked: HttpRequest) -> Answer | None:
        """Why this request is refused, whatever it asks for; None if it is not."""
        request = asked.request
        hosts = request.headers.get_all("Host")
        if len(hosts) != 1:
            return plain_text(HTTPStatus.BAD_REQUEST, "exactly one Host header is required")
        if not self.is_ours(hosts[0]):
            why = "this server does not have this name: see --origin"
            return plain_text(HTTPStatus.MISDIRECTED_REQUEST, why)
        if asked.wants_socket and asked.is_tedious:
            why = f"{', '.join(_LISTS)} can each have at most {_LONG_LIST} characters"
            return plain_text(HTTPStatus.BAD_REQUEST, why)
        origins = request.headers.get_all("Origin")
        if asked.wants_socket and not all(self.may_use(one, hosts[0]) for one in origins):
            why = "pages of other origins may not use this chat: see --origin"
            return plain_text(HTTPStatus.FORBIDDEN, why)
        return None

    def is_ours(self, host: str) -> bool:
        """Whether a request for this host is for us. Otherwise a foreign page could point its own
        name at our address, and the browser would take us for the same origin as that page."""
        name = _name_of(f"//{host}")
        if name is None:
            return False
        return _is_here(name) or any(name == _name_of(origin) for origin in self.origins)

    def may_use(self, origin: str, host: str) -> bool:
        """Whether a page of this origin may open a WebSocket here. The scheme does not matter,
        since a proxy may have terminated TLS."""
        if origin.lower() in self.origins:
            return True
        return origin.lower() in {f"http://{host.lower()}", f"https://{host.lower()}"}


def _name_of(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # which raises ValueError if it is not a number
    except ValueError:
        return None
    return None if parts.username is not None or parts.path else parts.hostname


def _is_here(name: str) -> bool:
    """Whether this is localhost or an IP address: nobody can redirect these names."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def answer(page: Page, asked: HttpRequest) -> Answer:
    """The answer to a request for a file."""
    method, path, headers = asked.request.method, asked.request.path, asked.request.headers
    if method not in {"GET", "HEAD"}:
        return plain_text(HTTPStatus.METHOD_NOT_ALLOWED, "only GET and HEAD", Allow="GET, HEAD")
    file = page.file(path)
    if file is None:
        if path.partition("?")[0] == CHAT:
            return plain_text(
                HTTPStatus.UPGRADE_REQUIRED, "this is a WebSocket", Upgrade="websocket"
            )
        return plain_text(HTTPStatus.NOT_FOUND, "not found")
    about = {"Cache-Control": file.keep, "ETag": file.tag, "Vary": "Accept-Encoding"}
    if file.tag in ",".join(headers.get_all("If-None-Match")):
        return Answer(HTTPStatus.NOT_MODIFIED, about)
    about["Content-Type"] = file.kind
    if "gzip" in ",".join(headers.get_all("Accept-Encoding")):
        about["Content-Encoding"] = "gzip"
        return Answer(HTTPStatus.OK, about, file.packed)
    return Answer(HTTPStatus.OK, about, file.body)


def shake_hands(asked: HttpRequest) -> tuple[HTTPStatus, bytes]:
    """The status and the bytes that answer a WebSocket request: 101 if it is a valid one."""
    response = asked.protocol.accept(asked.request)
    asked.protocol.send_response(response)
    return HTTPStatus(response.status_code), b"".join(asked.protocol.data_to_send())


def forwarded_for(headers: Headers, proxies: Container[str]) -> str | None:
    """The client's address as the proxies state it. Each proxy appends the address of its peer, so
    the client is the last one that is not a proxy. None if the header is missing or malformed."""
    stated = ",".join(headers.get_all("X-Forwarded-For"))
    found = None
    for part in reversed(stated.split(",")[-_MANY_PROXIES:]):
        try:
            found = plain_address(ipaddress.ip_address(part.strip()))
        except ValueError:
            return None
        if found not in proxies:
            break
    return found
