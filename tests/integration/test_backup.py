"""Backups by exactly the commands of docs/operations.md, taken while people talk."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import attrs
import pytest

from entrypoints.services.database import PASSWORD, USER
from entrypoints.services.node import initialise_database
from tests.eventually import eventually
from tests.integration.chatter import Chatter, back, beside, newcomer
from tests.integration.cluster import NodeProcess, Services
from tests.integration.server_process import ROOT

PAGE = ROOT / "docs" / "operations.md"
ENOUGH = 30  # messages
PAUSE = 0.01  # seconds between them


@attrs.frozen
class Case:
    """Nodes whose store is backed up, nodes that go on with the backup, and where to do this."""

    heading: str
    nodes: Sequence[NodeProcess]
    restored: Sequence[NodeProcess]
    directory: Path
    environment: Mapping[str, str]

    def back_up(self) -> None:
        self._run(self._commands()[0])

    def restore(self) -> None:
        """Kill all nodes, and restore the backup."""
        for node in self.nodes:
            node.kill()
        for commands in self._commands()[1:]:
            self._run(commands)
        for node in self.restored:
            node.start()

    def _commands(self) -> list[str]:
        """The blocks of commands of this section of the page."""
        behind = PAGE.read_text("utf-8").partition(f"\n{self.heading}\n")[2]
        section = re.split(r"^##", behind, flags=re.MULTILINE)[0]
        return re.findall(r"^```\n(.*?)^```", section, re.DOTALL | re.MULTILINE)

    def _run(self, commands: str) -> None:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), **self.environment}
        subprocess.run(
            ["bash", "-ec", commands], cwd=self.directory, env=environment, check=True, timeout=60
        )


async def test_a_sqlite_backup_can_be_gone_back_to(tmp_path: Path) -> None:
    """Everything acknowledged before the backup is there, in order, and no id is given again."""
    with NodeProcess(f"sqlite:///{tmp_path}/chat.db", "--hashing", "cheap") as node:
        environment = {"CHAT_STORE": "sqlite:///chat.db"}
        await go_back(Case("### SQLite", [node], [node], tmp_path, environment))


async def test_a_mariadb_backup_can_be_gone_back_to(mariadb_case: Case) -> None:
    """The same holds for a cluster of two."""
    await go_back(mariadb_case)


async def go_back(case: Case) -> None:
    async with newcomer(case.nodes[0].port) as anna:
        async with newcomer(case.nodes[-1].port) as bert:
            await bert.client.add_friend(anna.id)
            group = await anna.client.create_group("those who were there")
            await bert.client.join_group(group.id)
        said: list[str] = []
        talking = asyncio.create_task(talk(anna, bert, said))
        await eventually(lambda: len(said) >= ENOUGH)
        before = list(said)
        await beside(case.back_up)
        async with newcomer(case.nodes[-1].port) as later:
            pass
        await eventually(lambda: len(said) >= 2 * ENOUGH)
        talking.cancel()
        await beside(case.restore)
    async with back(case.restored[-1].port, bert) as bert_again:
        await bert_again.hears(*before)
        assert [friend.id async for friend in bert_again.client.friends()] == [anna.id]
        assert [own.group.id async for own in bert_again.client.groups()] == [group.id]
        async with newcomer(case.restored[0].port) as cora:
            assert cora.id > later.id
            await cora.tells(bert_again, "I am new here")
            *heard, _ = bert_again.texts
            assert heard == said[: len(heard)]


async def talk(who: Chatter, to: Chatter, said: list[str]) -> None:
    """Send one message after the other. said: gets those that were acknowledged."""
    while True:
        text = str(len(said))
        await who.client.send(to.id, text)
        said.append(text)
        await asyncio.sleep(PAUSE)


@pytest.fixture
def mariadb_case(cluster_services: Services, tmp_path: Path) -> Iterator[Case]:
    """A cluster of two on the database `chat`, and one on `chat_restored` that is not started."""
    database_server, redis = cluster_services.database_server, cluster_services.redis
    options = ["--broker", redis.url(), "--broker-prefix", "backup", "--hashing", "cheap"]
    account = f"host=127.0.0.1\nport={database_server.port}\nuser={USER}\npassword={PASSWORD}\n"
    (tmp_path / ".my.cnf").write_text(f"[client]\n{account}")
    initialise_database(database_server.url("chat"), tmp_path / "init-db.log")
    with ExitStack() as stack:
        stack.callback(database_server.query, "DROP DATABASE IF EXISTS chat_restored")
        stack.callback(database_server.query, "DROP DATABASE chat; CREATE DATABASE chat")
        nodes, restored = [
            [NodeProcess(database_server.url(database), *options) for _ in range(2)]
            for database in ("chat", "chat_restored")
        ]
        for node in (*nodes, *restored):
            stack.push(node)
        for node in nodes:
            node.start()
        environment = {
            "HOME": str(tmp_path),
            "CHAT_STORE": database_server.url("chat_restored"),
            "CHAT_BROKER": redis.url(),
            "CHAT_BROKER_PREFIX": "backup",
        }
        yield Case("### MariaDB and MySQL", nodes, restored, tmp_path, environment)
