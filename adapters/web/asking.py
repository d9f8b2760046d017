"""What a browser asks for, and whether it may have it. No I/O."""

import ipaddress
from collections.abc import Collection
from http import HTTPStatus
from typing import Protocol
from urllib.parse import urlsplit

import attrs

from adapters.tcp.proxy_protocol import plain_address
from adapters.web.page import Page

CHAT = "/chat"  # the path of the WebSocket
LONGEST_HEAD = 8192  # bytes of a request's head
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


class Head(Protocol):
    """A request's headers."""

    def get_all(self, key: str) -> list[str]: ...


@attrs.frozen
class Answer:
    """What is said to a request that is no WebSocket's."""

    status: HTTPStatus
    headers: dict[str, str] = attrs.field(factory=dict)
    body: bytes = b""

    def written(self, *, with_body: bool, stays: bool) -> bytes:
        """As bytes. with_body: not for HEAD. stays: whether the connection does."""
        headers = {
            **_HEADERS,
            **self.headers,
            "Content-Length": str(len(self.body)),
            "Connection": "keep-alive" if stays else "close",
        }
        lines = [f"HTTP/1.1 {self.status.value} {self.status.phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        return head + self.body if with_body else head


def in_words(status: HTTPStatus, why: str, **headers: str) -> Answer:
    """A short answer for people."""
    about = {"Content-Type": "text/plain; charset=utf-8", **headers}
    return Answer(status, about, f"{why}\n".encode())


@attrs.frozen
class Access:
    """Who may come. origins: of the pages that may use the chat, besides our own; the names in them
    are ours."""

    origins: Collection[str] = ()

    def check_host(self, host: str) -> bool:
        """Whether a request is for us by this name. A page of somebody else's that gives its own
        name our address would otherwise be our page to the browser."""
        name = _name_of(f"//{host}")
        if name is None:
            return False
        return _is_here(name) or any(name == _name_of(origin) for origin in self.origins)

    def check_origin(self, origin: str, host: str) -> bool:
        """Whether a page of this origin may open a WebSocket here."""
        if origin in self.origins:
            return True
        parts = urlsplit(origin)
        return parts.scheme in {"http", "https"} and parts.netloc.lower() == host.lower()


def _name_of(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _is_here(name: str) -> bool:
    """localhost, or an address: nobody can let these names mean something else."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def answer(page: Page, method: str, path: str, headers: Head) -> Answer:
    """What is said to a request for a file."""
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


def forwarded_for(headers: Head) -> str | None:
    """The client's address as the proxy next to us states it: the last one, which it has added.
    None where it has stated none, or nonsense."""
    stated = ",".join(headers.get_all("X-Forwarded-For")).rpartition(",")[2].strip()
    try:
        return plain_address(ipaddress.ip_address(stated))
    except ValueError:
        return None
