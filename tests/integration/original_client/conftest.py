import contextlib
from collections.abc import Iterator

import pytest

from tests.integration.cluster import Cluster
from tests.integration.original_client.people import People, name_of_50
from tests.integration.raw_client import RawClient
from tests.integration.server_process import ServerProcess


@pytest.fixture(scope="package", params=["alone", "cluster"])
def port(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Where the chat is: one real server, or nginx in front of two nodes."""
    directory = tmp_path_factory.mktemp("original_client")
    if request.param == "alone":
        with ServerProcess(f"sqlite:///{directory}/chat.db", "--hashing", "cheap") as server:
            yield server.port
        return
    services = request.getfixturevalue("cluster_services")
    with Cluster(services, directory, nodes=2, nginx=True) as cluster:
        yield cluster.nginx.port


@pytest.fixture
def people(port: int) -> Iterator[People]:
    with contextlib.ExitStack() as stack:
        yield People(port, stack)


@pytest.fixture(scope="package")
def crowd(port: int) -> list[int]:
    """The ids of two hundred accounts with long names."""
    ids: list[int] = []
    with RawClient(port) as registrar:
        while len(ids) < 200:  # few at a time: before a login little may wait
            for seq in range(20):
                name = name_of_50("友")
                registrar.send({"msgid": 1003, "name": name, "password": "x", "seq": seq})
            ids += [registrar.find_msgid(1004)["id"] for _ in range(20)]
    return ids
