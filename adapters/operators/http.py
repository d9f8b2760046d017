"""The smallest web server that a prober and a scraper need. It reads nothing that it is sent but
the first line of a GET, and every connection ends with its answer.

Its bounds: CONNECTIONS at once (more are closed unanswered), LONGEST_HEAD for the request, TIMEOUT
for each of reading and writing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from http import HTTPStatus

import attrs
import structlog

log = structlog.get_logger()

CONNECTIONS = 16
LONGEST_HEAD = 8192  # bytes
TIMEOUT = 5.0  # seconds


@attrs.frozen
class Page:
    """An answer's body."""

    text: bytes
    status: HTTPStatus = HTTPStatus.OK
    kind: str = "text/plain; charset=utf-8"


Pages = Mapping[str, Callable[[], Awaitable[Page]]]


async def serve_pages(host: str, port: int, pages: Pages) -> asyncio.Server:
    """Answer for these paths. Raises OSError."""
    turns = asyncio.Semaphore(CONNECTIONS)
    return await asyncio.start_server(
        partial(_serve, pages, turns), host, port, limit=LONGEST_HEAD, backlog=CONNECTIONS
    )


async def _serve(
    pages: Pages,
    turns: asyncio.Semaphore,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    try:
        if not turns.locked():
            async with turns:
                await _answer(pages, reader, writer)
    except (OSError, TimeoutError, EOFError, asyncio.LimitOverrunError):
        pass  # it has gone, or is nobody whom we know
    except Exception:
        log.exception("a page for operators failed")
    finally:
        writer.close()


async def _answer(pages: Pages, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    async with asyncio.timeout(TIMEOUT):
        head = await reader.readuntil(b"\r\n\r\n")
    page, with_body = await _page_for(pages, head)
    writer.write(_head(page) + (page.text if with_body else b""))
    async with asyncio.timeout(TIMEOUT):
        await writer.drain()


async def _page_for(pages: Pages, head: bytes) -> tuple[Page, bool]:
    """The page that this request is answered by, and whether it wants its text."""
    words = head.split(b"\r\n", 1)[0].split(b" ")
    if len(words) != len(("GET", "/path", "HTTP/1.1")) or not words[2].startswith(b"HTTP/1."):
        return _only(HTTPStatus.BAD_REQUEST), True
    method, target = words[0], words[1].partition(b"?")[0]
    make = pages.get(target.decode("latin-1"))
    if make is None:
        return _only(HTTPStatus.NOT_FOUND), method != b"HEAD"
    if method not in (b"GET", b"HEAD"):
        return _only(HTTPStatus.METHOD_NOT_ALLOWED), True
    return await make(), method == b"GET"


def _only(status: HTTPStatus) -> Page:
    return Page(f"{status.phrase}\n".encode(), status)


def _head(page: Page) -> bytes:
    allow = "Allow: GET, HEAD\r\n" if page.status is HTTPStatus.METHOD_NOT_ALLOWED else ""
    return (
        f"HTTP/1.1 {page.status.value} {page.status.phrase}\r\n"
        f"Content-Type: {page.kind}\r\nContent-Length: {len(page.text)}\r\n"
        f"{allow}Cache-Control: no-store\r\nConnection: close\r\n\r\n"
    ).encode()
