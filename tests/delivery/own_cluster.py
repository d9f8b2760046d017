"""A cluster for a command, with services of its own, of which nothing is left afterwards."""

import io
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from entrypoints.services.redis import Redis
from tests.integration.cluster import Cluster, Services
from tests.integration.database_server import Database


@contextmanager
def own_cluster(nodes: int, **how: Any) -> Iterator[Cluster]:
    """A cluster behind nginx. how: see `Cluster`. Whatever is printed meanwhile is discarded,
    except to sys.__stdout__."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chat-cluster-")))
        database_server = stack.enter_context(Database(directory / "database"))
        redis = stack.enter_context(Redis(directory / "redis"))
        stack.enter_context(redirect_stdout(io.StringIO()))  # nodes print their logs when they end
        services = Services(database_server, redis)
        yield stack.enter_context(
            Cluster(services, directory / "nginx", nodes=nodes, nginx=True, **how)
        )
