"""A private nginx with infra/nginx.conf or infra/nginx-tls.conf, except for ports, nodes, paths."""

import re
import resource
import signal
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from entrypoints.services.errors import DidNotStart, MissingProgram
from entrypoints.services.ports import LOOPBACK, free_port, require_free
from entrypoints.services.program import Program, find_program, number_in, wait_until

CONFIGURATION = Path(__file__).parents[2] / "infra" / "nginx.conf"
WITH_TLS = CONFIGURATION.with_name("nginx-tls.conf")
WORKERS = 2
_ENOUGH_FILES = 33_000
_FILES_OF_ITS_OWN = 200
_RELOAD_TAKES = 30.0  # seconds at most


class Nginx(Program):
    """Distributes clients over `nodes`, and browsers over `web_nodes` (ports of the loopback
    interface, which may be changed; see `reload`).

    shutdown_timeout: how long connections outlive a reload, in nginx's notation; None for what the
    file says. certificate: the files of a certificate and its key; clients then use TLS.
    comes_from: the local address from which nginx connects to the nodes, for callers that also
    connect to them directly, from other addresses; None for the system's choice.
    """

    def __init__(
        self,
        directory: Path,
        nodes: Sequence[int],
        port: int | None = None,
        *,
        web_nodes: Sequence[int] = (),
        web_port: int | None = None,
        shutdown_timeout: str | None = None,
        certificate: tuple[Path, Path] | None = None,
        comes_from: str | None = None,
    ) -> None:
        self.port = port or free_port()
        self.web_port = web_port or free_port()
        self.nodes, self.web_nodes = list(nodes), list(web_nodes)
        self.shutdown_timeout = shutdown_timeout
        self._certificate = certificate
        self._comes_from = comes_from
        self._original = WITH_TLS if certificate else CONFIGURATION
        self._home = directory.absolute()
        self._configuration = self._home / "nginx.conf"
        self._pid_file = self._home / "nginx.pid"
        super().__init__("nginx", self._home / "nginx.log")

    @property
    def access_log(self) -> Path:
        """The log with a line for each connection that has ended, at most 5 s late."""
        return self._home / "access.log"

    @property
    def web_log(self) -> Path:
        """The same for requests by browsers."""
        return self._home / "web.log"

    def check(self) -> None:
        command = self._command()
        require_free(self.port)
        require_free(self.web_port)
        self._write_configuration()
        done = subprocess.run(  # noqa: S603  # a command of our own making
            [*command, "-t"], capture_output=True, text=True, timeout=60, check=False
        )
        if 'unknown directive "stream"' in done.stderr:
            raise MissingProgram("nginx's stream module", "libnginx-mod-stream")
        if done.returncode != 0:
            raise DidNotStart(self.name, done.stderr.strip().split("\n")[0], self._configuration)

    def command(self) -> Sequence[str | Path]:
        return [*self._command(), "-g", "daemon off;"]

    def _command(self) -> list[str]:
        return [find_program("nginx", "nginx"), "-e", "stderr", "-c", str(self._configuration)]

    def answers(self) -> bool:
        # nginx writes this file after it listens. A probing connection would reach a node.
        return number_in(self._pid_file) == self.pid

    def reload(self) -> None:
        """Start new workers with the present `nodes`; return once only they accept connections.

        The old workers keep their connections until these end or are cut.
        """
        stepped_down = self._stepped_down()
        self._write_configuration()
        self.send(signal.SIGHUP)
        if not wait_until(lambda: self._stepped_down() >= stepped_down + WORKERS, _RELOAD_TAKES):
            raise DidNotStart(self.name, "the configuration was not reloaded", self.log)

    def _stepped_down(self) -> int:
        """How many workers have."""
        return self.output().count("gracefully shutting down")

    def _write_configuration(self) -> None:
        self._home.mkdir(parents=True, exist_ok=True)
        self._configuration.write_text(self._adapted(self._original.read_text("utf-8")))

    def _adapted(self, text: str) -> str:
        changes = [
            (r"^pid .*;", f"pid {self._pid_file};"),
            (r"^error_log .*;", "error_log stderr notice;"),
            (r"^worker_processes .*;", f"worker_processes {WORKERS};"),
            (r"(worker_rlimit_nofile) .*;", rf"\1 {_file_limit()};"),
            (r"(worker_connections) .*;", rf"\g<1> {_file_limit() - _FILES_OF_ITS_OWN};"),
            (r"(access_log) \S+/chat.log", rf"\1 {self.access_log}"),
            (r"(access_log) \S+/chat-web.log", rf"\1 {self.web_log}"),
            (r"(listen) 8(?:000|443)\b", rf"\1 {LOOPBACK}:{self.port}"),
            (r"(listen) (?:8080|443)\b", rf"\1 {LOOPBACK}:{self.web_port}"),
            (r"(?:^( *server )127\.0\.0\.1:600\d(.*)\n)+", _servers(self.nodes)),
            (r"^http {", "http {\n" + "".join(self._temporary_paths())),
        ]
        if self.web_nodes:
            servers = _servers(self.web_nodes)
            changes.append((r"(?:^( *server )127\.0\.0\.1:608\d(.*)\n)+", servers))
        if self.shutdown_timeout is not None:
            changes.append((r"(worker_shutdown_timeout) .*;", rf"\1 {self.shutdown_timeout};"))
        if self._comes_from is not None:
            bind = rf"\1 proxy_bind {self._comes_from};"
            changes += [(r"(proxy_pass chat_nodes;)", bind), (r"(proxy_pass http:.*;)", bind)]
        if self._certificate is not None:
            cert, key = self._certificate
            text = re.sub(r"(ssl_certificate) +/.*;", rf"\1 {cert};", text)
            text = re.sub(r"(ssl_certificate_key) +/.*;", rf"\1 {key};", text)
        for pattern, replacement in changes:
            text, count = re.subn(pattern, replacement, text, flags=re.MULTILINE)
            assert count == 1, f"{self._original} has {count} of {pattern}"
        return text

    def _temporary_paths(self) -> Iterator[str]:
        """Paths of its own, since those of the system belong to the system's nginx."""
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
            yield f"    {kind}_temp_path {self._home / kind};\n"


def _servers(ports: Sequence[int]) -> str:
    return "".join(rf"\g<1>{LOOPBACK}:{port}\2" + "\n" for port in ports)


def _file_limit() -> int:
    """The limit of files. Each worker would complain about more than the system allows."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return _ENOUGH_FILES if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH_FILES)
