"""The server beside both relays, each with the same load, in the same run, on the same core."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import attrs

from bench.lines import Line, against, of_load
from bench.processes import Generator, Listener, alternate, logging_relay, relay, server
from bench.suites.options import Options


@attrs.frozen
class Candidates:
    """logging: the relay that logs, as durably as the server. bare: the one that does not log."""

    durability: str
    chat: Listener
    logging: Listener
    bare: Listener


@contextmanager
def candidates(options: Options, name: str, durability: str) -> Iterator[Candidates]:
    store = options.sqlite(f"{name}-{durability}")
    path = options.directory / f"{name}-{durability}-relay.db"
    with (
        server(store, "--durability", durability, root=options.root) as chat,
        logging_relay(path, durability) as logging,
        relay() as bare,
    ):
        yield Candidates(durability, chat, logging, bare)


def compared(
    options: Options,
    all_: Candidates,
    jobs: Mapping[int, dict[str, Any]],
    *,
    name: str,
    what: str,
    unit: str,
    at_least: float,
) -> Iterator[Line]:
    """Lines about versions 1 and 2 of the server, then those of the relays. jobs: by version."""
    wanted = [
        *((all_.chat, jobs[version]) for version in (1, 2)),
        *((all_.logging, jobs[version] | {"relay": True}) for version in (1, 2)),
        (all_.bare, jobs[1] | {"relay": True}),
    ]
    with ExitStack() as stack:
        generators = [
            stack.enter_context(Generator(port=one.port, pids=[one.pid], **job))
            for one, job in wanted
        ]
        *of_chat_and_logging, bare = alternate(generators, options.runs, options.seconds)
    chat, logging = of_chat_and_logging[:2], of_chat_and_logging[2:]
    for version, runs, others in zip((1, 2), chat, logging, strict=True):
        yield against(
            f"{name}, version {version}, {what}",
            unit,
            runs,
            others,
            bare,
            yardstick="relay that logs",
            at_least=at_least,
        )
    for version, runs in zip((1, 2), logging, strict=True):
        yield of_load(f"relay that logs, {name}, version {version}, {what}", unit, runs)
    yield of_load(f"bare relay, {name}, {what}", unit, bare)
