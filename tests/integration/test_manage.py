"""`python -m entrypoints.manage`, with and without running servers."""

import json
import os
import pwd
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from adapters.client.errors import Refused
from adapters.client.events import Disconnected, Notice
from tests.eventually import eventually
from tests.integration.chatter import back, beside, connected, newcomer
from tests.integration.cluster import NewCluster
from tests.integration.manage import manage, told
from tests.integration.server_process import ROOT, ServerProcess


def options_of(tmp_path: Path) -> list[str]:
    return ["--store", f"sqlite:///{tmp_path}/chat.db", "--hashing", "cheap"]


def test_without_a_server_the_file_is_opened(tmp_path: Path) -> None:
    """Users are added, found, given passwords and deleted. An error is one line."""
    options = options_of(tmp_path)
    ann = told("add", "Ann", options=options, stdin="secret\n")
    bob = told("add", "Bob", options=options, stdin="secret\n")
    assert manage("add", "ann", options=options, stdin="x\n").returncode == 1
    away = {"disabled": False, "nodes": []}
    users = [{**ann, **away}, {**bob, **away}]
    assert told("list", options=options) == {"users": users, "next": None}
    assert told("list", "--limit", "1", options=options)["next"] == ann["id"]
    assert told("find", "NN", options=options)["users"] == [{**ann, **away}]
    assert told("set-password", "Ann", options=options, stdin="other\n") == ann
    assert told("delete", "--yes", str(ann["id"]), options=options) == ann
    gone = manage("find", str(ann["id"]), options=options)
    assert (gone.returncode, gone.stdout) == (1, "")
    assert gone.stderr == f"manage: there is no user '{ann['id']}'\n"
    assert told("nodes", options=options) == {"nodes": []}


def test_a_deletion_has_to_be_meant(tmp_path: Path) -> None:
    """It is refused if nobody can be asked and no option confirms it."""
    options = options_of(tmp_path)
    told("add", "Ann", options=options, stdin="secret\n")
    assert manage("delete", "Ann", options=options).returncode == 1
    assert len(told("find", "Ann", options=options)["users"]) == 1
    done = manage("groups", "end", "Chess", options=options)
    assert (done.returncode, done.stderr) == (1, "manage: nothing was done; confirm with --yes\n")


def test_a_person_reads_a_table(tmp_path: Path) -> None:
    """This is the output without --json."""
    options = options_of(tmp_path)
    assert manage("add", "Ann", options=options, stdin="secret\n").stdout == "added Ann (id 1)\n"
    told("disable", "Ann", options=options)
    table = "id  name  disabled  nodes\n1   Ann   yes       -\n"
    assert manage("list", options=options).stdout == table
    assert manage("who", options=options).stdout == "no users\n"
    assert manage("groups", "list", options=options).stdout == "no groups\n"


async def test_groups_are_looked_after(server: ServerProcess, tmp_path: Path) -> None:
    """They are listed, shown, renamed, rid of a member and ended, while their members talk."""
    options = options_of(tmp_path)

    async def groups(*arguments: str) -> Any:
        return await beside(lambda: told("groups", *arguments, options=options))

    async with newcomer(server.port) as anna, newcomer(server.port) as bert:
        group = await anna.client.create_group("Chess")
        await bert.client.join_group(group.id)
        chess = {"id": group.id, "name": "Chess"}
        assert (await groups("list"))["groups"] == [{**chess, "members": 2, "keep_days": 0}]
        assert await groups("list", "--containing", "go") == {"groups": [], "next": None}
        page = await groups("members", "chess", "--limit", "1")
        member = {"id": anna.id, "name": anna.name, "role": "creator", "online": True}
        assert page == {"group": chess, "users": [member], "next": anna.id}
        await bert.client.send_group(group.id, "hello")
        person = {"id": bert.id, "name": bert.name}
        assert await groups("remove", "Chess", bert.name) == {"group": chess, "user": person}
        with pytest.raises(Refused, match="not_member"):
            await bert.client.send_group(group.id, "hello?")
        go = {"id": group.id, "name": "Go"}
        assert await groups("rename", str(group.id), "Go") == {"group": go, "before": "Chess"}
        assert await groups("end", "go", "--yes") == {"group": go}
        with pytest.raises(Refused, match="no_such_group"):
            await anna.client.send_group(group.id, "hello?")
    server.says("groups remove")
    lines = [json.loads(line) for line in server.log.splitlines()]
    (removed,) = [line for line in lines if line.get("command") == "groups remove"]
    concerned = {"user": bert.id, "name": bert.name, "group": group.id, "group_name": "Chess"}
    assert concerned.items() <= removed.items()


async def test_a_running_server_is_asked(server: ServerProcess, tmp_path: Path) -> None:
    """This goes over the socket beside its file, since the file is locked."""
    options = options_of(tmp_path)
    async with newcomer(server.port) as anna, connected(server.port, reconnect=False) as bert:
        (person,) = (await beside(lambda: told("who", options=options)))["users"]
        assert person["id"] == anna.id
        assert await beside(lambda: told("broadcast", "noon", options=options)) == {"online": 1}
        await eventually(lambda: anna.of(Notice) == [Notice("noon")])
        user = await beside(lambda: told("disable", anna.name, options=options))
        await eventually(lambda: anna.of(Disconnected))
        with pytest.raises(Refused, match="bad_credentials"):
            await bert.client.login(user["id"], anna.password)
        await beside(lambda: told("enable", anna.name, options=options))
        await bert.client.login(user["id"], anna.password)


async def test_a_running_server_logs_more_and_less(server: ServerProcess, tmp_path: Path) -> None:
    """This lasts until it is restarted. An unknown level is refused."""
    options = options_of(tmp_path)
    changed = await beside(lambda: told("log-level", "error", options=options))
    assert changed == {"level": "error", "before": "info"}
    assert await beside(lambda: told("nodes", options=options))
    server.says('"now": "error"')
    assert '"nodes"' not in server.log
    back_again = await beside(lambda: manage("log-level", "info", options=options))
    assert back_again.stdout == "the log level is info; before: error\n"
    assert await beside(lambda: told("nodes", options=options))
    server.says('"nodes"')
    assert (await beside(lambda: manage("log-level", "loud", options=options))).returncode == 2


async def test_the_log_says_what_an_operator_did(server: ServerProcess, tmp_path: Path) -> None:
    """It says to whom, by which operator and how it ended, but no password and no text."""
    options = options_of(tmp_path)
    added = await beside(lambda: told("add", "Ann", options=options, stdin="hunter2\n"))
    await beside(lambda: told("disable", str(added["id"]), options=options))
    await beside(lambda: told("broadcast", "our plans", options=options))
    await beside(lambda: manage("enable", "Bob", options=options))
    await beside(lambda: manage("groups", "history", "chess", "all", options=options))
    await beside(lambda: told("log-level", "debug", options=options))
    await beside(lambda: told("log-level", "error", options=options))
    server.says('"now": "error"')
    lines = [json.loads(line) for line in server.log.splitlines()]
    said = [line for line in lines if line.pop("timestamp") and "operator" in line]
    ann = {"user": added["id"], "name": "Ann"}
    operator = pwd.getpwuid(os.getuid()).pw_name
    done = {"event": "operator's command", "level": "info", "operator": operator}
    changed = {"event": "log level changed", "level": "warning", "operator": operator}
    history = {"command": "groups history", "group": "chess", "asked": "all"}
    assert said == [
        {**done, "command": "add", **ann, "outcome": "done"},
        {**done, "command": "disable", "who": str(added["id"]), **ann, "outcome": "done"},
        {**done, "command": "broadcast", "outcome": "done"},
        {**done, "command": "enable", "who": "Bob", "outcome": "no_such_user"},
        {**done, **history, "outcome": "no_such_group"},
        {**changed, "before": "info", "now": "debug"},
        {**done, "command": "log-level", "asked": "debug", "outcome": "done"},
        {**changed, "before": "debug", "now": "error"},
    ]
    assert "hunter2" not in server.log
    assert "our plans" not in server.log


def test_a_single_node_s_socket_has_to_be_named() -> None:
    """Only the server knows who is logged in, so nothing is done behind its back."""
    done = manage("log-out", "ann", options=["--store", "mysql://a@127.0.0.1:1/b", "--single-node"])
    assert done.returncode == 2
    assert "set control_socket" in done.stderr


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("init-db", ["--store", "mysql://chat"]),
        ("list", ["--store", "mysql://chat@127.0.0.1:x/chat", "--broker", "redis://127.0.0.1"]),
        ("list", ["--store", "mysql://chat@127.0.0.1:1/chat", "--broker", "redis://127.0.0.1:x"]),
        ("list", ["--store", "postgres://127.0.0.1"]),
    ],
)
def test_what_is_no_address_is_wrong_use(command: str, options: list[str]) -> None:
    """As it is for the server: nothing listens there that might be back later."""
    done = manage(command, options=options)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """A mistyped path would be a store without users. Only adding the first user makes a file."""
    options = options_of(tmp_path)
    for command in (["list"], ["who"], ["after-restore"], ["export", "Ann"]):
        done = manage(*command, options=options)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == f"manage: there is no {tmp_path}/chat.db\n"
    assert not list(tmp_path.iterdir())


def test_an_answer_that_finds_no_place_is_no_traceback(tmp_path: Path) -> None:
    """If the reader stops, like `head`, that is no failure. A full disk is one, in one line."""
    options = options_of(tmp_path)
    told("add", "Ann", options=options, stdin="secret\n")
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as unread, Path("/dev/full").open("wb") as full:
        for place, status, said in (
            (unread, 0, ""),
            (full, 1, "manage: done, but the answer cannot be written: No space left on device\n"),
        ):
            done = manage("export", "Ann", options=options, stdout=place)
            assert (done.returncode, done.stderr) == (status, said)


def test_a_name_that_the_terminal_cannot_show_is_escaped(tmp_path: Path) -> None:
    """JSON stays JSON."""
    options = options_of(tmp_path)
    told("add", "小明😀", options=options, stdin="secret\n")
    shown = [
        subprocess.run(
            [sys.executable, "-m", "entrypoints.manage", "list", *options, *more],
            cwd=ROOT,
            env={**os.environ, "PYTHONIOENCODING": "ascii"},
            capture_output=True,
            check=True,
        ).stdout
        for more in ([], ["--json"])
    ]
    assert rb"\u5c0f\u660e" in shown[0]
    assert json.loads(shown[1])["users"][0]["name"] == "小明😀"


def test_a_socket_that_cannot_be_asked_is_named(tmp_path: Path) -> None:
    """The same happens to an operator who is neither the server's user nor root."""
    (tmp_path / "chat.db-control").symlink_to("chat.db-control")  # a loop, for root as well
    done = manage("list", options=options_of(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith(f"manage: cannot use {tmp_path}/chat.db-control: ")


def test_with_json_a_failure_is_json_too(tmp_path: Path) -> None:
    """This includes commands that no server carries out."""
    done = manage("backup", "--json", str(tmp_path / "copy"), options=options_of(tmp_path))
    assert done.returncode == 1
    assert json.loads(done.stdout) == {
        "error": "failed",
        "message": f"there is no {tmp_path}/chat.db",
    }


def test_nothing_is_logged_where_nobody_runs(tmp_path: Path) -> None:
    """So the log level cannot be changed."""
    done = manage("log-level", "debug", options=options_of(tmp_path))
    assert done.returncode == 2
    assert "no server listens" in done.stderr


async def test_a_live_cluster_is_managed(new_cluster: NewCluster) -> None:
    """This goes through the database and Redis: there is no socket, and no further node shows."""
    with new_cluster(nodes=2) as cluster:
        options = ["--store", cluster.store, *cluster.node_options]
        async with newcomer(cluster.ports[0]) as anna, newcomer(cluster.ports[1]) as bert:
            nodes = (await beside(lambda: told("nodes", options=options)))["nodes"]
            assert [node["users"] for node in nodes] == [1, 1]
            who = (await beside(lambda: told("who", options=options)))["users"]
            assert {(one["id"], one["name"]) for one in who} == {
                (one.id, one.name) for one in (anna, bert)
            }
            assert {one["node"] for one in who} == {node["node"] for node in nodes}
            async with back(cluster.ports[1], anna):
                found = await beside(lambda: told("find", str(anna.id), options=options))
                names = sorted(node["node"] for node in nodes)
                assert sorted(found["users"][0]["nodes"]) == names
                table = (await beside(lambda: manage("find", str(anna.id), options=options))).stdout
                assert all(name in table for name in names)
                assert "[" not in table
            await beside(lambda: told("broadcast", "noon", options=options))
            await eventually(lambda: anna.of(Notice) and bert.of(Notice))
            group = await anna.client.create_group(f"group of {anna.name}")
            await bert.client.join_group(group.id)
            assert (await beside(lambda: told("log-out", anna.name, options=options)))["was_online"]
            await eventually(lambda: anna.of(Disconnected))
            data = await beside(lambda: told("export", bert.name, options=options))
            assert [one["id"] for one in data["groups"]] == [group.id]
            await beside(lambda: told("delete", "--yes", str(anna.id), options=options))
            (member,) = [member async for member in bert.client.members(group.id)]
            assert (member.id, member.role.value) == (bert.id, "creator")
            with pytest.raises(Refused, match="no_such_user"):
                await bert.client.send(anna.id, "are you there?")
            await beside(lambda: told("set-password", bert.name, options=options, stdin="new\n"))
            await eventually(lambda: bert.of(Disconnected))
            bert.password = "new"
            async with back(cluster.ports[0], bert):
                pass
