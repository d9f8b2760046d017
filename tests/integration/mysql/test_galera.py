"""A Galera cluster of MariaDB servers, with one member, which is quick to start."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from adapters.mysql import mysql_store
from adapters.mysql.address import Address
from adapters.mysql.link import connect
from chat_domain.entries import pair
from chat_domain.errors import TryAgain
from chat_domain.ports.store import Store
from entrypoints.services.database import DATABASE, USER
from entrypoints.services.mariadb import MariaDB
from entrypoints.services.ports import LOOPBACK, free_port
from tests.contract.making import register, say
from tests.eventually import PATIENCE, eventually
from tests.integration.database_server import mariadb_only
from tests.integration.mysql.conftest import Admin, Ask, make_tables

pytestmark = mariadb_only("MySQL has Group Replication instead of Galera")

LIBRARY = "/usr/lib/galera/libgalera_smm.so"  # MariaDB's package depends on it
ALONE, NOBODY = "gcomm://", f"gcomm://{LOOPBACK}:1"  # the members that a member looks for


@pytest.fixture(scope="module")
def member(home: Path) -> Iterator[MariaDB]:
    port = free_port()
    options = [
        "--wsrep-on=ON",
        f"--wsrep-provider={LIBRARY}",
        f"--wsrep-cluster-address={ALONE}",
        f"--wsrep-node-address={LOOPBACK}",
        f"--wsrep-provider-options=base_port={port};gmcast.listen_addr=tcp://{LOOPBACK}:{port};pc.wait_prim_timeout=PT0.5S",
        "--wsrep-sync-wait=4",  # an operator's own, for insertions
        "--binlog-format=ROW",
    ]
    may_leave = f"GRANT SUPER ON *.* TO '{USER}'@'%';\n"
    server = MariaDB(home / "galera", fast=True, options=options, setup=may_leave).start()
    yield server
    server.kill()  # an orderly stop would take 20 s


@pytest.fixture
def ask_member(member: MariaDB) -> Iterator[Ask]:
    """Asks a member that has tables. In the end, the member has its cluster again."""
    admin = Admin(member.port)
    make_tables(admin.ask, DATABASE)
    yield admin.ask
    admin.ask(f"SET GLOBAL wsrep_cluster_address = '{ALONE}'")
    admin.close()


@pytest.fixture
async def store(member: MariaDB, ask_member: Ask) -> AsyncIterator[Store]:
    async with mysql_store(member.url()) as opened:
        yield opened


async def answer(url: str, question: str) -> object:
    """The answer that a connection of ours gets."""
    link = await connect(Address.parse(url))
    ((found,),) = await link.rows(question)
    await link.close()
    return found


async def test_what_is_read_waits_for_what_other_members_have_committed(member: MariaDB) -> None:
    """A node may be told of an entry before its own member of the cluster has it. Whatever it reads
    (1) waits for that, in addition to what the operator lets wait."""
    assert await answer(member.url(), "SELECT @@wsrep_sync_wait") == 1 | 4


async def test_a_server_of_no_cluster_is_left_alone(url: str) -> None:
    assert await answer(url, "SELECT @@wsrep_sync_wait") == 0


async def test_a_member_that_has_lost_its_cluster_costs_a_bounded_time(
    store: Store, ask_member: Ask
) -> None:
    """It refuses everything, and nobody waits for it. When it is back, everything goes on."""
    ann, bob = await register(store, "Ann", "Bob")
    await say(store, ann, pair(ann, bob), "before")
    ask_member(f"SET GLOBAL wsrep_cluster_address = '{NOBODY}'")
    meanwhile = say(store, ann, pair(ann, bob), "meanwhile")
    for refused in (store.users.find(ann), store.log.ends(), meanwhile):
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(TryAgain):
                await refused
    ask_member(f"SET GLOBAL wsrep_cluster_address = '{ALONE}'")

    async def is_back() -> bool:
        with suppress(TryAgain):
            return bool(await store.log.ends())
        return False

    await eventually(is_back)
    await say(store, ann, pair(ann, bob), "after")
    found = (await store.log.tail(0, 10)).entries
    assert [entry.text for entry in found] == ["before", "after"]
