"""A cluster on one machine: `python -m entrypoints.local_cluster --nodes 3`.

It has its own MariaDB, Redis and nginx, and touches none of the system's. It is for experiments:
its passwords are not secret, and everything listens on the loopback interface only.
"""

import argparse
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from entrypoints.services.cluster import LocalCluster, Ports
from entrypoints.services.errors import ServiceTrouble
from entrypoints.services.following import LogFollower
from entrypoints.services.node import ROOT
from entrypoints.services.ports import LOOPBACK
from entrypoints.services.program import Program

LOOK_EVERY = 0.2  # seconds
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop(Exception):
    """A signal asks the program to end."""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    with _stop_by_signals(), _directory(options) as directory:
        return _run(LocalCluster(directory, _ports(options)), kept=not options.temporary)


def _run(cluster: LocalCluster, *, kept: bool) -> int:
    status = 0
    try:
        cluster.start(_say)
        _say(_description(cluster, kept=kept))
        _watch(cluster)
    except (Stop, BrokenPipeError):
        pass
    except (ServiceTrouble, OSError) as trouble:
        print(f"cluster: {trouble}", file=sys.stderr)  # noqa: T201  # for the operator who typed the command
        status = 1
    finally:
        _take_down(cluster)
    return status


def _take_down(cluster: LocalCluster) -> None:
    for number in _STOP_SIGNALS:  # it takes a moment, and must not be interrupted
        signal.signal(number, signal.SIG_IGN)
    with suppress(OSError):  # the terminal may be gone
        if any(program.is_running() for program in cluster.programs):
            _say("\nStopping")
    cluster.stop()


def _watch(cluster: LocalCluster) -> NoReturn:
    """Show the programs' logs, and report those that end, until `Stop` is raised."""
    running = list(cluster.programs)
    follower = LogFollower(running, sys.stdout)
    while True:
        follower.show_new_lines()
        for program in [program for program in running if not program.is_running()]:
            running.remove(program)
            follower.show_new_lines()  # its last words first
            _say(_exit_report(program))
        time.sleep(LOOK_EVERY)


def _exit_report(program: Program) -> str:
    code = program.exit_code or 0
    how = f"by {signal.Signals(-code).name}" if code < 0 else f"with status {code}"
    return f"*** {program.name} has ended {how}; the others go on. Its log: {program.log}"


# -- words -------------------------------------------------------------------------------


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  # this program talks to people


def _description(cluster: LocalCluster, *, kept: bool) -> str:
    programs: list[tuple[Program, int, str]] = [
        (cluster.nginx, cluster.nginx.port, "for clients"),
        (cluster.nginx, cluster.nginx.web_port, f"in a browser: {_page(cluster)}"),
        *((node, node.port, f"operators: {node.operators}") for node in cluster.nodes),
        (cluster.mariadb, cluster.mariadb.port, cluster.mariadb.url()),
        (cluster.redis, cluster.redis.port, cluster.redis.url()),
    ]
    rows = [
        f"  {program.name:10} {f'{LOOPBACK}:{port}':16} {program.pid:8}   {text}"
        for program, port, text in programs
    ]
    fate = "is kept" if kept else "is deleted at the end"
    return "\n".join(
        [
            "",
            f"  {'':10} {'address':16} {'process':>8}",
            *rows,
            "",
            f"Data and logs: {cluster.directory} (the data {fate})",
            "",
            "In another terminal, to connect, to manage the cluster, and to see its state:",
            "",
            *(f"  {command}" for command in _commands(cluster)),
            "",
            "To stop: Ctrl-C",
            "",
        ]
    )


def _page(cluster: LocalCluster) -> str:
    return f"http://{LOOPBACK}:{cluster.nginx.web_port}/"


def _commands(cluster: LocalCluster) -> Iterator[str]:
    """Commands that can be typed as they are, in any directory."""
    python = Path(sys.executable)
    own = shlex.quote(str(python.relative_to(ROOT) if python.is_relative_to(ROOT) else python))
    services = f"CHAT_STORE={cluster.mariadb.url()} CHAT_BROKER={cluster.redis.url()}"
    yield f"cd {shlex.quote(str(ROOT))}"
    yield f"{own} -m entrypoints.cli_client {LOOPBACK} {cluster.nginx.port}"
    yield f"{services} {own} -m entrypoints.manage nodes"
    for node in cluster.nodes:
        yield f"curl {node.operators}/readyz"
    yield f"curl {cluster.nodes[0].operators}/metrics"


# -- options -----------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m entrypoints.local_cluster",
        description="Run a cluster on this machine: nginx, nodes, MariaDB and Redis.",
        epilog="The nodes take further settings from the environment (CHAT_LOG_LEVEL=debug).",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--nodes", type=_count, default=3, help="number of nodes")
    parser.add_argument("--port", type=int, default=8000, help="port for clients")
    parser.add_argument("--web-port", type=int, default=8080, help="port for browsers")
    parser.add_argument(
        "--node-port", type=int, default=6000, help="first node's port; the others follow"
    )
    parser.add_argument("--http-port", type=int, default=16000, help="the same for operators")
    parser.add_argument("--web-node-port", type=int, default=6080, help="the same for browsers")
    parser.add_argument("--mariadb-port", type=int, default=3307, help="MariaDB's")
    parser.add_argument("--redis-port", type=int, default=6380, help="Redis's")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--directory", type=Path, default=Path("cluster"), help="data and logs")
    where.add_argument("--temporary", action="store_true", help="keep nothing")
    return parser


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("at least one is needed")
    return count


def _ports(options: argparse.Namespace) -> Ports:
    return Ports(
        clients=options.port,
        nodes=_row(options.node_port, options.nodes),
        operators=_row(options.http_port, options.nodes),
        browsers=options.web_port,
        web_nodes=_row(options.web_node_port, options.nodes),
        mariadb=options.mariadb_port,
        redis=options.redis_port,
    )


def _row(first: int, count: int) -> range:
    return range(first, first + count)


@contextmanager
def _directory(options: argparse.Namespace) -> Iterator[Path]:
    if not options.temporary:
        yield options.directory
        return
    with tempfile.TemporaryDirectory(prefix="chat-cluster-") as directory:
        yield Path(directory)


@contextmanager
def _stop_by_signals() -> Iterator[None]:
    def stop(number: int, _: object) -> NoReturn:
        raise Stop(number)

    before = {number: signal.signal(number, stop) for number in _STOP_SIGNALS}
    try:
        yield
    except Stop:
        pass  # before anything was started
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


if __name__ == "__main__":
    raise SystemExit(main())
