"""The servers of a day."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Protocol

import attrs

from tests.integration.cluster import Cluster
from tests.integration.server_process import ServerProcess


class Site(Protocol):
    @property
    def port(self) -> int:
        """The port that clients connect to."""

    def rewrite(self, sql: str) -> None:
        """Change the database while no server runs on it."""

    def die(self) -> None:
        """Kill the server, or one of several."""

    def come_back(self) -> None: ...


@attrs.frozen
class Alone:
    """One server with an SQLite file."""

    server: ServerProcess
    file: Path

    @property
    def port(self) -> int:
        return self.server.port

    def rewrite(self, sql: str) -> None:
        self.server.kill()
        with closing(sqlite3.connect(self.file)) as database, database:
            database.execute(sql)
        self.server.start()

    def die(self) -> None:
        self.server.kill()

    def come_back(self) -> None:
        self.server.start()


@attrs.frozen
class Several:
    """Nodes behind nginx, with a database and Redis."""

    cluster: Cluster

    @property
    def port(self) -> int:
        return self.cluster.nginx.port

    def rewrite(self, sql: str) -> None:
        for node in self.cluster.nodes:
            node.kill()
        self.cluster.database_server.query(sql, self.cluster.database)
        for node in self.cluster.nodes:
            node.start()

    def die(self) -> None:
        self.cluster.nodes[0].kill()

    def come_back(self) -> None:
        self.cluster.nodes[0].start()
