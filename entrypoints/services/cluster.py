"""A whole cluster on this machine: MariaDB, Redis, nodes, and nginx before them."""

import signal
from collections.abc import Callable, Sequence
from pathlib import Path

import attrs

from entrypoints.services.mariadb import MariaDB
from entrypoints.services.nginx import Nginx
from entrypoints.services.node import Node, initialise_database
from entrypoints.services.ports import LOOPBACK
from entrypoints.services.program import Program
from entrypoints.services.redis import Redis

Say = Callable[[str], None]


@attrs.frozen
class Ports:
    """All ports. operators: the nodes' ports for health and metrics. browsers: the port of the
    page, behind which each node has one of `web_nodes`."""

    clients: int
    nodes: Sequence[int]
    operators: Sequence[int]
    browsers: int
    web_nodes: Sequence[int]
    mariadb: int
    redis: int


class LocalCluster:
    """All services of a cluster, in one directory, which keeps the data."""

    def __init__(self, directory: Path, ports: Ports) -> None:
        self.directory = directory.absolute()
        self.mariadb = MariaDB(self.directory / "mariadb", ports.mariadb)
        self.redis = Redis(self.directory / "redis", ports.redis)
        options = [
            *("--store", self.mariadb.url()),
            *("--broker", self.redis.url()),
            *("--proxy-from", f"{LOOPBACK}/32"),
        ]
        self.nodes = [
            Node(
                f"node{number}",
                self.directory / f"node{number}" / "node.log",
                port,
                http_port=operators,
                web_port=web,
                options=options,
            )
            for number, (port, operators, web) in enumerate(
                zip(ports.nodes, ports.operators, ports.web_nodes, strict=True), start=1
            )
        ]
        self.nginx = Nginx(
            self.directory / "nginx",
            ports.nodes,
            ports.clients,
            web_nodes=ports.web_nodes,
            web_port=ports.browsers,
        )

    @property
    def programs(self) -> list[Program]:
        """All programs, in the order in which they start."""
        return [self.mariadb, self.redis, *self.nodes, self.nginx]

    def start(self, say: Say) -> None:
        """Return once all of them answer. Raises ServiceTrouble; `stop` is due even then."""
        self._make_directory()
        for program in self.programs:
            program.check()  # before any of them is started
        say("Starting MariaDB and Redis")
        self._start(self.mariadb, self.redis)
        say("Preparing the tables")
        initialise_database(self.mariadb.url(), self.directory / "init-db.log")
        say(f"Starting {len(self.nodes)} nodes and nginx")
        self._start(*self.nodes, self.nginx)

    def stop(self) -> None:
        """End all of them, the nodes first, since they store messages in flight. Idempotent."""
        for node in self.nodes:
            node.send(signal.SIGTERM)  # to all before waiting for any
        for program in (*self.nodes, self.nginx, self.redis, self.mariadb):
            program.stop()

    def _start(self, *programs: Program) -> None:
        for program in programs:
            program.launch()
        for program in programs:
            program.wait_until_ready()

    def _make_directory(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / ".gitignore").write_text("*\n")  # it never is source
