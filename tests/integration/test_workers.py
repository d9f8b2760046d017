"""Several workers on one port: all serve, and one that dies is replaced."""

import collections
import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from entrypoints.services.program import wait_until
from tests.integration.certificates import Files
from tests.integration.cluster import NewCluster, NodeProcess, Services
from tests.integration.manage import told
from tests.integration.processes import children_of, is_gone
from tests.integration.raw_client import ACK, PATIENCE, RawClient
from tests.integration.server_process import ROOT, ended_server
from tests.integration.web_client import WebClient, WebServer

WORKERS = 3

WATCHED = """
import os, signal, sys, time
from entrypoints import logs, workers

def say(line):
    os.write(1, line.encode() + b"\\n")  # at once: two workers share this pipe

def be_short_of_processes(times):
    # The system refuses to fork, so often.
    fork = os.fork

    def refuse_at_first():
        nonlocal times
        times -= 1
        if times >= 0:
            raise BlockingIOError(11, os.strerror(11))
        return fork()

    os.fork = refuse_at_first

def come_late(number, lifeline):
    signal.pause()

def refuse(number, lifeline):
    return workers.REFUSED

def crash(number, lifeline):
    return 3

def not_listen(number, lifeline):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    say("deaf")
    while True:
        time.sleep(60)

def work(number, lifeline):
    say(f"started {number}")
    return globals()[sys.argv[1]](number, lifeline)

logs.set_up_logs("error")
workers.STOPPING_TAKES = 0.2
if sys.argv[1] == "come_late":
    be_short_of_processes(3)
sys.exit(workers.Watcher(2, work).run(on_stop=lambda: say("stopping")))
"""


@contextlib.contextmanager
def watched(work: str) -> Iterator["subprocess.Popen[str]"]:
    """A watcher whose two workers all do this."""
    with subprocess.Popen(
        [sys.executable, "-c", WATCHED, work], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(PATIENCE)  # before its pipe, into which it still writes, is closed


def next_lines(process: "subprocess.Popen[str]", count: int) -> list[str]:
    assert process.stdout
    return [process.stdout.readline().strip() for _ in range(count)]


def test_who_cannot_do_it_from_the_beginning_ends_all() -> None:
    """So a wrong password for the database is not tried repeatedly."""
    with watched("refuse") as process:
        assert process.wait(PATIENCE) == 1
        assert process.stdout
        assert process.stdout.read().count("stopping") == 1


def test_who_keeps_dying_is_started_less_and_less_often() -> None:
    """A defect that shows at once must not use up the machine."""
    begun = time.monotonic()
    with watched("crash") as process:
        starts = next_lines(process, 6)
        assert time.monotonic() - begun > 0.5 + 1.0
        process.terminate()
        process.wait(PATIENCE)
    assert collections.Counter(starts) == {"started 1": 3, "started 2": 3}


def test_a_watcher_that_cannot_fork_tries_again() -> None:
    """Other programs may have used up the system's processes for a while."""
    with watched("come_late") as process:
        assert set(next_lines(process, 2)) == {"started 1", "started 2"}


def test_who_does_not_stop_is_killed() -> None:
    """The exit status tells."""
    with watched("not_listen") as process:
        while next_lines(process, 1) != ["deaf"]:
            pass
        while next_lines(process, 1) != ["deaf"]:
            pass
        process.terminate()
        assert process.wait(PATIENCE) == 1


@pytest.fixture
def server(cluster_services: Services, any_store: str) -> Iterator[NodeProcess]:
    with NodeProcess(
        any_store,
        *("--workers", str(WORKERS), "--proxy-from", "127.0.0.1/32", "--log-level", "debug"),
        *("--broker", cluster_services.redis.url(), "--broker-prefix", f"workers{os.getpid()}"),
    ) as process:
        assert wait_until(lambda: process.log.count("listening") >= WORKERS, PATIENCE)
        yield process


def visit(server: NodeProcess) -> None:
    """Connect, get an answer, and leave."""
    with RawClient(server.port) as client:
        client.send_bytes(b"PROXY TCP4 203.0.113.7 10.0.0.1 56324 8000\r\n")
        assert client.is_alive()


def test_all_workers_serve_browsers(cluster_services: Services, any_store: str) -> None:
    """They also do so on one port."""
    with WebServer(
        any_store,
        *("--workers", str(WORKERS)),
        *("--broker", cluster_services.redis.url(), "--broker-prefix", f"browsers{os.getpid()}"),
    ) as server:
        assert wait_until(lambda: server.log.count("in a browser") >= WORKERS, PATIENCE)
        for _ in range(60):
            with WebClient(server.web_port) as client:
                assert client.is_alive()
        assert wait_until(lambda: workers_of_closed(server) == {1, 2, 3}, PATIENCE)


def workers_of_closed(server: WebServer) -> set[int]:
    """The workers that have logged the end of a connection."""
    lines = [json.loads(line) for line in server.log.splitlines()]
    return {line["worker"] for line in lines if line["event"] == "connection closed"}


def test_all_workers_serve(server: NodeProcess) -> None:
    """The kernel distributes connections among them."""
    for _ in range(90):
        visit(server)
    assert wait_until(lambda: server.log.count('"proxied"') == 90, PATIENCE)
    lines = [json.loads(line) for line in server.log.splitlines()]
    served = collections.Counter(line["worker"] for line in lines if line["event"] == "proxied")
    assert served.keys() == {1, 2, 3}
    assert min(served.values()) >= 5


def test_all_workers_log_more_and_less(
    cluster_services: Services, any_store: str, tmp_path: Path
) -> None:
    """Their number may be an option, which `manage` takes as well."""
    options = (
        *("--workers", str(WORKERS), "--control-socket", str(tmp_path / "control")),
        *("--broker", cluster_services.redis.url(), "--broker-prefix", f"logging{os.getpid()}"),
    )
    with NodeProcess(any_store, *options) as server:
        assert wait_until(lambda: server.log.count("listening") >= WORKERS, PATIENCE)
        answer = told("log-level", "debug", options=["--store", any_store, *options])
        assert answer == {"level": "debug", "before": "info"}
        assert wait_until(lambda: server.log.count("log level changed") == WORKERS, PATIENCE)


def test_a_worker_that_dies_is_replaced_and_nobody_is_turned_away(server: NodeProcess) -> None:
    """Clients that connect meanwhile wait in its queue."""
    victim = children_of(server.pid)[0]
    os.kill(victim, signal.SIGKILL)
    for _ in range(30):
        visit(server)
    assert len(children_of(server.pid)) == WORKERS
    assert victim not in children_of(server.pid)


@pytest.mark.parametrize("end", [NodeProcess.stop, NodeProcess.interrupt])
def test_all_end_together(server: NodeProcess, end: Callable[[NodeProcess], int]) -> None:
    """SIGTERM and Ctrl-C are passed on, and the watcher ends last."""
    workers = children_of(server.pid)
    assert end(server) == 0
    assert all(is_gone(pid) for pid in workers)


def test_workers_do_not_outlive_their_watcher(server: NodeProcess) -> None:
    """Otherwise they would keep the port forever."""
    workers = children_of(server.pid)
    server.kill()
    assert wait_until(lambda: all(is_gone(pid) for pid in workers), PATIENCE)


def test_each_worker_reads_a_new_certificate(
    cluster_services: Services, any_store: str, tmp_path: Path
) -> None:
    """SIGHUP goes to the watcher, as all signals do."""
    files = Files.issued(tmp_path)
    broker = cluster_services.redis.url(), "--broker-prefix", f"tls{os.getpid()}"
    others = "--broker", *broker, "--hashing", "cheap"
    options = ("--workers", str(WORKERS), *others, *files.options())
    with NodeProcess(any_store, *options) as process:
        assert wait_until(lambda: process.log.count("listening") >= WORKERS, PATIENCE)
        os.kill(process.pid, signal.SIGHUP)
        assert wait_until(lambda: process.log.count("certificate reloaded") == WORKERS, PATIENCE)


def refusal(*arguments: str) -> str:
    """The one line of a server that does not start."""
    done = ended_server(*arguments)
    assert done.returncode != 0
    (line,) = done.stderr.splitlines()
    return line


def test_a_port_is_not_shared_by_accident(
    server: NodeProcess, cluster_services: Services, any_store: str
) -> None:
    """The kernel would let two servers of one account share a port that is already shared."""
    line = refusal(
        *(str(server.port), "--workers", "2", "--store", any_store),
        *("--broker", cluster_services.redis.url()),
    )
    assert "Address already in use" in line


def test_workers_are_one_chat(new_cluster: NewCluster) -> None:
    """Users reach each other, whichever worker the kernel gives them."""
    with new_cluster(nodes=1, options=("--workers", str(WORKERS))) as cluster, ExitStack() as stack:
        guests = [stack.enter_context(RawClient(cluster.ports[0])) for _ in range(6)]
        for number, guest in enumerate(guests):
            guest.register(f"guest {number}")
            log_in(guest)
        for sender, recipient in itertools.permutations(guests, 2):
            text = f"from {sender.name} to {recipient.name}"
            sender.send({"msgid": 1005, "toid": recipient.id, "msg": text, "seq": 1})
            assert recipient.next_chat()["msg"] == text
            assert sender.find_msgid(ACK)["seq"] == 1


def log_in(client: RawClient) -> None:
    """Log in with retries: on an empty Redis, new workers let nobody in for a lease's time."""
    request = {"msgid": 1000, "id": client.id, "password": "secret", "v": 2}
    assert wait_until(lambda: client.ask(request)["errno"] == 0, PATIENCE)
