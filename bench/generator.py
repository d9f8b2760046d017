"""The process that makes the load: `python -m bench.generator JOB`, where JOB is JSON.

It logs its users in and says `ready`. Then each line of its input, a number of seconds, is one run,
which it answers by a line of figures. Between runs it costs nothing.
"""

import json
import os
import socket
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from bench import clients, frames, offline
from bench.groups import Groups
from bench.idle import stay
from bench.measuring import Load, Poller, connect, measure, raise_file_limit
from bench.p2p import Pairs


def main() -> None:
    job = json.loads(sys.argv[1])
    os.sched_setaffinity(0, {job["core"]})
    raise_file_limit()
    if job.get("load") == "idle":
        stay(clients.log_in(job["port"], job["users"], job["version"]), lambda: _say("ready"))
    elif job.get("load") == "offline":
        _offline(job)
    else:
        _run(_load(job), job["pids"], sys.stdin)


def _say(what: Any) -> None:
    print(json.dumps(what), flush=True)


def _run(load: Load, pids: Sequence[int], lines: Iterable[str]) -> None:
    poller = Poller(load.handlers)
    _say("ready")
    for line in lines:
        _say(measure(load, poller, float(line), pids))


def _load(job: dict[str, Any]) -> Load:
    users, version, window = job["users"], job["version"], job["window"]
    group_ids = job.get("group_ids")
    if job["relay"]:
        socks = _relay_clients(job["port"], users, group_ids)
    elif "port_of_readers" in job:
        half = len(users) // 2
        socks = clients.log_in(job["port"], users[:half], version)
        socks += clients.log_in(job["port_of_readers"], users[half:], version)
    else:
        socks = clients.log_in(job["port"], users, version)
    if group_ids:
        return Groups(socks, users, group_ids, version, window)
    return Pairs(socks, users, version, window)


def _relay_clients(
    port: int, users: Sequence[int], group_ids: Sequence[int] | None
) -> list[socket.socket]:
    socks = []
    size = len(users) // len(group_ids) if group_ids else 0
    for at, user in enumerate(users):
        sock = connect(port)
        if group_ids:
            sock.sendall(b'{"msgid":1008,"groupid":%d}\0' % group_ids[at // size])
        clients.ask(sock, frames.login(user, 1), frames.NUL)
        sock.settimeout(None)
        socks.append(sock)
    return socks


def _offline(job: dict[str, Any]) -> None:
    """Each run: store for so long; then let the recipients fetch it all."""
    half = len(job["users"]) // 2
    senders, recipients = job["users"][:half], job["users"][half:]
    load = offline.Storing(clients.log_in(job["port"], senders, 2), senders, recipients)
    poller = Poller(load.handlers)
    _say("ready")
    fetched = dict.fromkeys(recipients, 0)
    for line in sys.stdin:
        stored = measure(load, poller, float(line), job["pids"])
        sent = {user: pair.sent - fetched[user] for user, pair in load.pairs.items()}
        drained = offline.fetch(job["port"], sent, job["pids"][0])
        fetched = {user: pair.sent for user, pair in load.pairs.items()}
        _say(stored | {f"fetch_{key}": value for key, value in drained.items()})


if __name__ == "__main__":
    main()
