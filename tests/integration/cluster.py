"""Clusters of real node processes over a real database and Redis, on request behind a real nginx.

    def test_something(new_cluster: NewCluster) -> None:
        with new_cluster(nodes=2) as cluster:
            cluster.nodes[1].kill()

The database server and Redis are started once for all tests; each cluster has a database of its
own and keys with a prefix of its own. Services that a test has stopped or killed are running again
after it.
"""

import itertools
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Self

import attrs
import pytest

from adapters.mysql.schema import statements
from entrypoints.services.database import DatabaseServer
from entrypoints.services.nginx import Nginx
from entrypoints.services.ports import free_port
from entrypoints.services.redis import Redis
from tests.integration.database_server import Database
from tests.integration.passing import passing_folder
from tests.integration.server_process import SERVER, ServerProcess

_numbers = itertools.count(1)

ENOUGH = 3_000_000_000  # bytes: each database takes 120 million, and several run at once
NGINX_COMES_FROM = "127.0.0.9"  # tests themselves go to nodes from 127.0.0.1, past nginx
LIKE_NGINX = ("--proxy-from", f"{NGINX_COMES_FROM}/32")


class NodeProcess(ServerProcess):
    """One node; `kill`, `stop`, `interrupt`, `suspend`, `resume` and `start` it again."""

    def __init__(self, store: str, *options: str, program: Sequence[str] = SERVER) -> None:
        super().__init__(store, *options, program=program)
        # While the node is down, a client could get a port that the kernel chose for the node.
        self.port = free_port()

    def interrupt(self) -> int:
        """End it as Ctrl-C does; return its exit status."""
        return self._end(signal.SIGINT)


@attrs.frozen
class Services:
    """What clusters share."""

    database_server: DatabaseServer
    redis: Redis

    def new_database(self) -> str:
        """Make a database with our tables; return its name."""
        name = f"chat_cluster_{next(_numbers)}"
        # as init-db makes them, in a fortieth of the time
        self.database_server.query(
            ";\n".join([f"CREATE DATABASE {name}", f"USE {name}", *statements()])
        )
        return name

    def revive(self) -> None:
        """Start again what a test has ended, and let go on what it has paused."""
        for service in self.database_server, self.redis:
            if service.is_running():
                service.resume()
            else:
                service.start()


class Cluster:
    """Nodes that are started together, and end with the `with` block.

    web: whether they, and nginx if there is one, also serve browsers. program: returns what the
    node of a number runs; see `tests.integration.server_process.SERVER`.
    """

    def __init__(
        self,
        services: Services,
        directory: Path,
        *,
        nodes: int = 2,
        nginx: bool = False,
        web: bool = False,
        options: Sequence[str] = (),
        program: Callable[[int], Sequence[str]] = lambda _: SERVER,
    ) -> None:
        self.database_server = services.database_server
        self.redis = services.redis
        self.nodes: list[NodeProcess] = []
        self.web_ports: list[int] = []
        self._services = services
        self._nginx = None
        if nginx:
            self._nginx = Nginx(directory, [], comes_from=NGINX_COMES_FROM)
        self._web = web
        self._count = nodes
        self._options = options
        self._program = program
        self._stack = ExitStack()

    @property
    def nginx(self) -> Nginx:
        assert self._nginx is not None, "this cluster has no nginx"
        return self._nginx

    @property
    def ports(self) -> list[int]:
        """The ports of the nodes, whether they run or not."""
        return [node.port for node in self.nodes]

    def new_node(self, *options: str) -> NodeProcess:
        """Start one more node, of which nginx does not know."""
        program = self._program(len(self.nodes))
        if self._web:
            self.web_ports.append(free_port())
            options = (*options, "--web-port", str(self.web_ports[-1]))
        node = NodeProcess(self.store, *self.node_options, *options, program=program)
        self._stack.enter_context(node)
        self.nodes.append(node)
        return node

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.database = self._services.new_database()
            stack.callback(self._drop_database)
            stack.callback(self._services.revive)
            self.store = self.database_server.url(self.database)
            self.prefix = self.database
            self.node_options = [
                *("--broker", self.redis.url(), "--broker-prefix", self.prefix),
                *("--hashing", "cheap"),  # what a password costs is for another test
                *(LIKE_NGINX if self._nginx else ()),
                *self._options,
            ]
            self._stack = stack
            for _ in range(self._count):
                self.new_node()
            if self._nginx:
                self._nginx.nodes, self._nginx.web_nodes = self.ports, self.web_ports
                stack.enter_context(self._nginx)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _drop_database(self) -> None:
        self.database_server.query(f"DROP DATABASE {self.database}")


NewCluster = Callable[..., Cluster]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder where servers keep their data: in memory if there is room, where tables are made
    and dropped fifty times as fast. Tests kill processes, not the machine."""
    memory = Path("/dev/shm")  # noqa: S108  # the folder within it has a name that nobody can guess
    if not memory.is_dir() or shutil.disk_usage(memory).free < ENOUGH:
        yield tmp_path_factory.mktemp("services")
        return
    with passing_folder(memory) as folder:
        yield folder


@pytest.fixture(scope="session")
def cluster_services(home: Path) -> Iterator[Services]:
    """One database server and one Redis for all clusters."""
    with Database(home / "database") as database_server, Redis(home / "redis") as redis:
        yield Services(database_server, redis)


@pytest.fixture(scope="session")
def any_store(cluster_services: Services) -> Iterator[str]:
    """The URL of a database that several tests use: their servers only have to answer."""
    name = cluster_services.new_database()
    yield cluster_services.database_server.url(name)
    cluster_services.database_server.query(f"DROP DATABASE {name}")


@pytest.fixture
def new_cluster(cluster_services: Services, tmp_path: Path) -> NewCluster:
    """Makes clusters; see `Cluster` for the options."""
    return partial(Cluster, cluster_services, tmp_path)
