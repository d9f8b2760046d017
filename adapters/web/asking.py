"""What is asked for by HTTP, and whether somebody may have it. No I/O."""

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
_MANY_HEADERS = 64  # more than any browser sends, and all that is read
_LONG_LIST = 256  # characters; to read one takes the library quadratic time, 5 ms for 8 KiB
_MANY_PROXIES = 16  # one behind the other; all that are read, as a list of 850 would take 11 ms


@attrs.frozen
class Answer:
    """What is said to a request that is no WebSocket's."""

    status: HTTPStatus
    headers: dict[str, str] = attrs.field(factory=dict)
    body: bytes = b""

    def written(self, *, with_body: bool = True, stays: bool = False) -> bytes:
        """As bytes. with_body: not for HEAD. stays: whether the connection does."""
        headers = {
            **_HEADERS,
            **self.headers,
            "Content-Length": str(len(self.body)),
            "Connection": "keep-alive" if stays else "close",
        }
        if self.status is HTTPStatus.NOT_MODIFIED:
            del headers["Content-Length"]  # it would be that of the body that is not there
        lines = [f"HTTP/1.1 {self.status.value} {self.status.phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        return head + self.body if with_body else head


def in_words(status: HTTPStatus, why: str, **headers: str) -> Answer:
    """A short answer for people."""
    about = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store", **headers}
    return Answer(status, about, f"{why}\n".encode())


USE_TLS = in_words(HTTPStatus.BAD_REQUEST, "this port speaks TLS: https://").written()


@attrs.frozen
class Asked:
    """A request, and the protocol that has read it, which goes on where it is a WebSocket's."""

    request: Request
    protocol: ServerProtocol

    @property
    def wants_socket(self) -> bool:
        return self.request.path.partition("?")[0] == CHAT and "websocket" in self._list("Upgrade")

    @property
    def is_tedious(self) -> bool:
        """Whether it would take long to shake hands."""
        return any(len(self._list(name)) > _LONG_LIST for name in ("Connection", "Upgrade"))

    @property
    def may_stay(self) -> bool:
        """Whether more may be asked on the same connection."""
        return self.request.protocol == "HTTP/1.1" and "close" not in self._list("Connection")

    def _list(self, name: str) -> str:
        """What all headers of this name say."""
        return ",".join(self.request.headers.get_all(name)).lower()


def read_head(head: bytes) -> Asked | Answer:
    """A request, of which this is all; or why it is none."""
    if head.count(b"\n") > _MANY_HEADERS:
        why = f"a request has at most {_MANY_HEADERS} headers"
        return in_words(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, why)
    protocol = ServerProtocol(max_size=0)  # whoever takes messages says how long they may be
    protocol.receive_data(head)
    events = protocol.events_received()
    if events and isinstance(events[0], Request):
        return Asked(events[0], protocol)
    return in_words(HTTPStatus.BAD_REQUEST, "this is no request of HTTP/1.1 without a body")


@attrs.define
class Access:
    """Who may come. origins: of the pages that may use the chat, besides our own; the names in them
    are ours. They may be others from one moment to the next."""

    origins: Collection[str] = ()

    def refusal(self, asked: Asked) -> Answer | None:
        """Why this may not be asked for, whatever it is."""
        request = asked.request
        hosts = request.headers.get_all("Host")
        if len(hosts) != 1:
            return in_words(HTTPStatus.BAD_REQUEST, "one header Host is needed")
        if not self.is_ours(hosts[0]):
            why = "this server is not called so: see --origin"
            return in_words(HTTPStatus.MISDIRECTED_REQUEST, why)
        if asked.wants_socket and asked.is_tedious:
            why = f"Connection and Upgrade have at most {_LONG_LIST} characters"
            return in_words(HTTPStatus.BAD_REQUEST, why)
        origins = request.headers.get_all("Origin")
        if asked.wants_socket and not all(self.may_use(one, hosts[0]) for one in origins):
            why = "pages from elsewhere may not use this chat: see --origin"
            return in_words(HTTPStatus.FORBIDDEN, why)
        return None

    def is_ours(self, host: str) -> bool:
        """Whether a request is for us by this name. A page of somebody else's that gives its own
        name our address would otherwise be our page to the browser."""
        name = _name_of(f"//{host}")
        if name is None:
            return False
        return _is_here(name) or any(name == _name_of(origin) for origin in self.origins)

    def may_use(self, origin: str, host: str) -> bool:
        """Whether a page of this origin may open a WebSocket here. (A proxy may have taken TLS
        away, so http or https does not matter.)"""
        if origin.lower() in self.origins:
            return True
        return origin.lower() in {f"http://{host.lower()}", f"https://{host.lower()}"}


def _name_of(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # which may be no number
    except ValueError:
        return None
    return None if parts.username is not None or parts.path else parts.hostname


def _is_here(name: str) -> bool:
    """localhost, or an address: nobody can let these names mean something else."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def answer(page: Page, asked: Asked) -> Answer:
    """What is said to a request for a file."""
    method, path, headers = asked.request.method, asked.request.path, asked.request.headers
    if method not in {"GET", "HEAD"}:
        return in_words(HTTPStatus.METHOD_NOT_ALLOWED, "only GET and HEAD", Allow="GET, HEAD")
    file = page.file(path)
    if file is None:
        if path.partition("?")[0] == CHAT:
            return in_words(HTTPStatus.UPGRADE_REQUIRED, "a WebSocket is here", Upgrade="websocket")
        return in_words(HTTPStatus.NOT_FOUND, "there is no such thing here")
    about = {"Cache-Control": file.keep, "ETag": file.tag, "Vary": "Accept-Encoding"}
    if file.tag in ",".join(headers.get_all("If-None-Match")):
        return Answer(HTTPStatus.NOT_MODIFIED, about)
    about["Content-Type"] = file.kind
    if "gzip" in ",".join(headers.get_all("Accept-Encoding")):
        about["Content-Encoding"] = "gzip"
        return Answer(HTTPStatus.OK, about, file.packed)
    return Answer(HTTPStatus.OK, about, file.body)


def shake_hands(asked: Asked) -> tuple[HTTPStatus, bytes]:
    """Answer a request for a WebSocket, by 101 where it is one."""
    response = asked.protocol.accept(asked.request)
    asked.protocol.send_response(response)
    return HTTPStatus(response.status_code), b"".join(asked.protocol.data_to_send())


def forwarded_for(headers: Headers, proxies: Container[str]) -> str | None:
    """The client's address as proxies state it. Each has added whom it has met at the end, so it is
    the last one that is no proxy's. None where none is stated, or nonsense."""
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
