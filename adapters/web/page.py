"""The files of the page, read once at the start: nothing else is ever served.

All except INDEX are served under a path with a hash of all files. So browsers may cache them
forever, and load all again when one has changed. Under another hash a browser gets our version, not
to be cached: during an upgrade, nodes of the cluster have different versions of the page.

Comments that have lines of their own are a fifth of the page, and are not served. Their line breaks
are, so that what a browser reports of a line is true of the file.
"""

import gzip
import hashlib
import posixpath
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs

FOLDER = Path(__file__).parent / "page"
INDEX = "index.html"
MAIN = "main.js"  # the module that the browser runs
LATER = "later"  # `rel` of the links to modules that the page loads later
_FOREVER = "public, max-age=31536000, immutable"
_IMPORT = re.compile(rb'^import [^;]*?"(\.[^"]+\.js)";$', re.MULTILINE)
# Whole lines. No text in a file of the page may have a line that looks like one.
_COMMENT = re.compile(rb"^[ \t]*(?://.*|/\*(?:(?!\*/)[^\0])*\*/[ \t]*)$", re.MULTILINE)
_VERSION = re.compile(r"/v/[0-9a-f]{16}/")
_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@attrs.frozen
class File:
    """body, packed: its content, plain and compressed by gzip. kind: its media type. tag: its ETag.
    keep: its Cache-Control."""

    body: bytes
    packed: bytes
    kind: str
    tag: str
    keep: str


class Page:
    """All files, by the paths under which they are served."""

    def __init__(self, folder: Path = FOLDER) -> None:
        bodies = dict(_bodies(folder))
        version = _hash(*(part for name in bodies for part in (name.encode(), bodies[name])))
        prefix = self._prefix = f"/v/{version}/"
        index = _linked(bodies.pop(INDEX).decode(), prefix[1:], bodies).encode()
        self._files: Mapping[str, File] = {
            "/": _file(INDEX, index, "no-cache"),
            **{prefix + name: _file(name, body, _FOREVER) for name, body in bodies.items()},
        }

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def file(self, path: str) -> File | None:
        """The file at this path, which may include a query; None if there is none."""
        path = path.partition("?")[0]
        file = self._files.get(path)
        if file is None and _VERSION.match(path):
            ours = self._files.get(_VERSION.sub(self._prefix, path, count=1))
            file = None if ours is None else attrs.evolve(ours, keep="no-store")
        return file


def _bodies(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.suffix in _KINDS:
            body = _COMMENT.sub(lambda found: b"\n" * found[0].count(b"\n"), path.read_bytes())
            yield path.relative_to(folder).as_posix(), body


def _file(name: str, body: bytes, keep: str) -> File:
    kind = _KINDS[Path(name).suffix]
    return File(body, gzip.compress(body, mtime=0), kind, f'"{_hash(body)}"', keep)


def _hash(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:16]


def _linked(index: str, prefix: str, bodies: Mapping[str, bytes]) -> str:
    """The index, with the paths of the other files. It preloads all modules that the first view
    needs, so that none waits for another's import; the page decides when to load the others."""
    for name in bodies:
        for attribute in ("src", "href"):
            index = index.replace(f'{attribute}="{name}"', f'{attribute}="{prefix}{name}"')
    first = _needed(bodies, MAIN)
    modules = first + [name for name in bodies if name.endswith(".js") and name not in first]
    links = "".join(
        f'    <link rel="{"modulepreload" if name in first else LATER}" href="{prefix}{name}" />\n'
        for name in modules
    )
    return index.replace("  </head>", f"{links}  </head>")


def _needed(bodies: Mapping[str, bytes], name: str) -> list[str]:
    """A module and all that it imports before it runs, each after the first module importing it."""
    found = [name] if name in bodies else []
    for asking in found:  # which grows during the loop
        for asked in _IMPORT.findall(bodies[asking]):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(asking), asked.decode()))
            if path in bodies and path not in found:
                found.append(path)
    return found
