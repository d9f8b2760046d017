"""The smallest HTTP server that probes and scrapers need. It reads little more than the first line
of a GET, and closes each connection after its answer.

Its bounds: CONNECTIONS at once, LONGEST_HEAD for the request, TIMEOUT each for reading and for
writing. Beyond CONNECTIONS, a new connection replaces the one that has kept the server waiting the
longest, so that silent connections keep no probe out.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus

import attrs
import structlog

log = structlog.get_logger()

CONNECTIONS = 32
BACKLOG = 64  # connections queued in the kernel; beyond it, a client's kernel retries after 1 s
LONGEST_HEAD = 8192  # bytes
FOREIGN = "a browser may ask this port only by an IP address or by a name without a dot\n"
TIMEOUT = 5.0  # seconds


@attrs.frozen
class Page:
    """An answer: its body, status and media type."""

    text: bytes
    status: HTTPStatus = HTTPStatus.OK
    kind: str = "text/plain; charset=utf-8"


Pages = Mapping[str, Callable[[], Awaitable[Page]]]


async def serve_pages(host: str, port: int, pages: Pages) -> asyncio.Server:
    """Serve these pages, by their paths. Raises OSError if it cannot listen."""
    return await asyncio.start_server(
        _Connections(pages).serve, host, port, limit=LONGEST_HEAD, backlog=BACKLOG
    )


class _Connections:
    """The open connections, and those for which we wait: for the request, or to take the answer."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._here: set[asyncio.StreamWriter] = set()
        self._awaited: dict[asyncio.StreamWriter, None] = {}  # those that wait the longest first

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._here.add(writer)
        try:
            if self._has_room():
                await self._answer(reader, writer)
        except (OSError, TimeoutError, EOFError, asyncio.LimitOverrunError):
            pass  # it has gone, was replaced, took too long, or does not speak HTTP
        except Exception:
            log.exception("a page for operators failed")
        finally:
            self._here.discard(writer)
            writer.close()

    def _has_room(self) -> bool:
        """Whether the newest connection may stay, if need be instead of another."""
        if len(self._here) <= CONNECTIONS:
            return True
        slowest = next(iter(self._awaited), None)
        if slowest is None:
            return False
        del self._awaited[slowest]
        self._here.discard(slowest)
        slowest.transport.abort()
        return True

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with self._awaiting(writer):
            head = await reader.readuntil(b"\r\n\r\n")
        page, with_body = await _page_for(self._pages, head)
        writer.write(_head(page) + (page.text if with_body else b""))
        async with self._awaiting(writer):
            await writer.drain()

    @asynccontextmanager
    async def _awaiting(self, writer: asyncio.StreamWriter) -> AsyncIterator[None]:
        """Count the connection as waited for inside the block, for TIMEOUT at most."""
        self._awaited[writer] = None
        try:
            async with asyncio.timeout(TIMEOUT):
                yield
        finally:
            self._awaited.pop(writer, None)


async def _page_for(pages: Pages, head: bytes) -> tuple[Page, bool]:
    """The answer to a request, and whether to send its body."""
    first, *headers = head.split(b"\r\n")
    words = first.split(b" ")
    if len(words) != len(("GET", "/path", "HTTP/1.1")) or not words[2].startswith(b"HTTP/1."):
        return _only(HTTPStatus.BAD_REQUEST), True
    if _may_be_rebound(headers):
        return Page(FOREIGN.encode(), HTTPStatus.MISDIRECTED_REQUEST), words[0] != b"HEAD"
    method, target = words[0], words[1].partition(b"?")[0]
    make = pages.get(target.decode("latin-1"))
    if make is None:
        return _only(HTTPStatus.NOT_FOUND), method != b"HEAD"
    if method not in (b"GET", b"HEAD"):
        return _only(HTTPStatus.METHOD_NOT_ALLOWED), True
    return await make(), method == b"GET"


def _may_be_rebound(headers: Iterable[bytes]) -> bool:
    """Whether this may be the request of another site's page, in a browser that takes us for that
    site since its name now resolves to our address. What asks in the name of no page may use any
    name. Two marks tell a browser, since some send one alone."""
    named = {name.lower(): value for name, _, value in (line.partition(b":") for line in headers)}
    by_browser = b"accept-language" in named or b"Mozilla/" in named.get(b"user-agent", b"")
    name = named.get(b"host", b"").strip().partition(b":")[0].rstrip(b".")
    is_address = name.rpartition(b".")[2].isdigit()
    return by_browser and b"." in name and not is_address


def _only(status: HTTPStatus) -> Page:
    return Page(f"{status.phrase}\n".encode(), status)


def _head(page: Page) -> bytes:
    allow = "Allow: GET, HEAD\r\n" if page.status is HTTPStatus.METHOD_NOT_ALLOWED else ""
    return (
        f"HTTP/1.1 {page.status.value} {page.status.phrase}\r\n"
        f"Content-Type: {page.kind}\r\nContent-Length: {len(page.text)}\r\n"
        f"{allow}Cache-Control: no-store\r\nConnection: close\r\n\r\n"
    ).encode()
