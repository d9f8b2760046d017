"""The process that makes the load: `python -m bench.generator JOB`, where JOB is JSON.

It logs its users in and prints `ready`. Then it reads a number of seconds from each line of its
input, runs the load for that time, and prints a line of figures. Between runs it costs nothing.
"""

import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from bench import clients, frames
from bench.away import Away
from bench.groups import Groups
from bench.idle import stay
from bench.measuring import Load, Poller, connect, measure
from bench.p2p import Pairs
from bench.pushes import Pushes
from bench.web import Connection
from entrypoints.process import raise_file_limit


def main() -> None:
    job = json.loads(sys.argv[1])
    os.sched_setaffinity(0, {job["core"]})
    raise_file_limit()
    if job["load"] == "idle":
        stay(_log_in(job), lambda: _say("ready"))
    else:
        _run(_LOADS[job["load"]](job), job["pids"], sys.stdin)


def _say(what: Any) -> None:
    print(json.dumps(what), flush=True)


def _run(load: Load, pids: Sequence[int], lines: Iterable[str]) -> None:
    poller = Poller(load.handlers)
    _say("ready")
    for line in lines:
        _say(measure(load, poller, float(line), pids))


def _pairs(job: dict[str, Any]) -> Load:
    return Pairs(_log_in(job), job["users"], job["version"], job["window"])


def _groups(job: dict[str, Any]) -> Load:
    return Groups(_log_in(job), job["users"], job["group_ids"], job["version"], job["window"])


def _away(job: dict[str, Any]) -> Load:
    """Messages from each user to one of `recipients`, or to one of `group_ids`."""
    if "group_ids" in job:
        to = [frames.group(group_id) for group_id in job["group_ids"]]
    else:
        to = [frames.one(user) for user in job["recipients"]]
    return Away(_log_in(job), job["users"], to, job["window"])


def _pushes(job: dict[str, Any]) -> Load:
    sender_id, reader_id = job["users"]
    sender, reader = _log_in(job)
    return Pushes(sender, reader, sender_id, reader_id, job["pause"])


_LOADS: dict[str, Callable[[dict[str, Any]], Load]] = {
    "pairs": _pairs,
    "groups": _groups,
    "away": _away,
    "pushes": _pushes,
}


def _log_in(job: dict[str, Any]) -> list[Connection]:
    port, users, version = job["port"], job["users"], job["version"]
    if job["relay"]:
        return log_in_at_relay(port, users, job.get("group_ids"), version)
    if "port_of_readers" in job:
        half = len(users) // 2
        senders = clients.log_in(port, users[:half], version)
        return senders + clients.log_in(job["port_of_readers"], users[half:], version)
    return clients.log_in(port, users, version, web=job["web"])


def log_in_at_relay(
    port: int, users: Sequence[int], group_ids: Sequence[int] | None, version: int
) -> list[Connection]:
    """Log in at a relay, which learns here who is in which group. Users are in the order of the
    groups."""
    socks: list[Connection] = []
    size = len(users) // len(group_ids) if group_ids else 0
    for at, user in enumerate(users):
        sock = connect(port, at)
        if group_ids:
            sock.sendall(frames.join(group_ids[at // size], version))
        clients.ask(sock, frames.login(user, version), frames.end_of(version))
        sock.settimeout(None)
        socks.append(sock)
    return socks


if __name__ == "__main__":
    main()
