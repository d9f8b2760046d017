"""What a history says, put in order for the judge."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import ClassVar

import attrs

from tests.delivery.chronicle import Chronicle
from tests.delivery.dumps import Dump, logs_of
from tests.delivery.history import Event
from tests.delivery.line import lineage_of
from tests.delivery.streams import Streams

AFTERWARDS = {"login", "logout", "closed", "presence"}  # what still counts after `over`


@attrs.define
class Sent:
    """A message as its sender saw it. head: a position that the log had before it was sent, and
    still had when it was answered. acked: the position that the answer named, if an answer came."""

    key: str
    sender: int
    process: int
    number: int
    to: int
    group: int
    crc: int
    head: int
    t: float
    acked: int | None = None
    error: str = ""
    copies: int = 0


@attrs.frozen
class Received:
    """An entry as a client showed it. chain: the first of the processes that went on, one after the
    other, from each other's places, up to this client's. epoch: how often positions had begun anew
    in that chain."""

    user: int
    process: int
    chain: int
    epoch: int
    at: int
    key: str
    t: float


@attrs.frozen
class Seen:
    """Whom an observer saw online, and who was connected then."""

    observer: int
    node: int
    online: frozenset[int]
    connected: frozenset[int]


@attrs.frozen
class Loss:
    """The database came back, and everything above the head was lost."""

    t: float
    head: int


@attrs.define
class Past:
    """stored: for each user and each `meaning`, the marks that the store had, in order. meaning:
    what positions mean now, which changes with each epoch and with each loss."""

    sent: dict[str, Sent] = attrs.field(factory=dict)
    received: list[Received] = attrs.field(factory=list)
    streams: Streams = attrs.field(factory=Streams)
    stored: defaultdict[tuple[int, str], list[int]] = attrs.field(factory=lambda: defaultdict(list))
    meaning: str = ""
    losses: list[Loss] = attrs.field(factory=list)
    sessions: dict[int, int] = attrs.field(factory=dict)  # users by process
    seen: list[Seen] = attrs.field(factory=list)
    live: dict[int, bool] = attrs.field(factory=dict)
    faults: dict[str, int] = attrs.field(factory=dict)
    damages: list[str] = attrs.field(factory=list)
    logins: int = 0
    quiet: bool = False
    over: bool = False
    _dumps: list[Dump] = attrs.field(factory=list)
    _logs: list[Chronicle] | None = None  # from the dumps, once they are asked for
    _epochs: dict[int, int] = attrs.field(factory=dict)  # by chain
    _chains: dict[int, int] = attrs.field(factory=dict)  # by process

    def read(self, events: Iterable[Event]) -> "Past":
        for event in events:
            self.take(event)
        return self

    def take(self, event: Event) -> None:
        """Process one event, of whatever kind."""
        self.over = self.over or event["kind"] == "over"
        if self.over and event["kind"] not in AFTERWARDS:
            return
        take = self._takers.get(event["kind"])
        if take is not None:
            take(self, event)
        self.streams.take(event)

    @property
    def lost_at(self) -> float:
        """When the database last came back without its end."""
        return self.losses[-1].t if self.losses else 0.0

    @property
    def logs(self) -> list[Chronicle]:
        """The log at each dump; a single empty one if there is no dump."""
        if self._logs is None:
            self._logs = logs_of(self._dumps)
        return self._logs

    @property
    def log(self) -> Chronicle:
        """The log as it was in the end."""
        return self.logs[-1]

    def _send(self, event: Event) -> None:
        facts = {name: event.get(name, 0) for name in ("to", "group")}
        facts |= {name: event[name] for name in ("key", "sender", "process", "number", "crc", "t")}
        self.sent[event["key"]] = Sent(**facts, head=self.streams.head)

    def _copy(self, event: Event) -> None:
        self.sent[event["key"]].copies += 1

    def _ack(self, event: Event) -> None:
        self.sent[event["key"]].acked = event["at"]

    def _fail(self, event: Event) -> None:
        self.sent[event["key"]].error = event["error"]

    def _received(self, event: Event) -> None:
        facts = {name: event[name] for name in ("user", "process", "at", "key", "t")}
        chain = self.chain(event["process"])
        self.received.append(Received(**facts, chain=chain, epoch=self._epochs.get(chain, 0)))

    def _process(self, event: Event) -> None:
        if event.get("after"):
            self._chains[event["process"]] = self.chain(event["after"])

    def chain(self, process: int) -> int:
        """The first process of the chain that this one belongs to."""
        return self._chains.get(process, process)

    def _anew(self, event: Event) -> None:
        chain = self.chain(event["process"])
        self._epochs[chain] = self._epochs.get(chain, 0) + 1

    def _dump(self, event: Event) -> None:
        self._dumps.append(Dump(event["same"]))
        self._logs = None

    def _log(self, event: Event) -> None:
        self._dumps[-1].lines.append(lineage_of(event))
        self._logs = None

    def _stored(self, event: Event) -> None:
        self.meaning = f"{event['epoch']} {len(self.losses)}"
        self.stored[event["user"], self.meaning].append(event["got"])

    def _lost(self, event: Event) -> None:
        self.losses.append(Loss(event["t"], event["head"]))
        for sent in self.sent.values():
            if sent.acked is None and not sent.error:
                sent.head = min(sent.head, event["head"])

    def _login(self, event: Event) -> None:
        self.logins += 1
        self.sessions[event["process"]] = event["user"]

    def _leave(self, event: Event) -> None:
        self.sessions.pop(event["process"], None)

    def _fault(self, event: Event) -> None:
        if event["phase"] == "begin":
            self.faults[event["what"]] = self.faults.get(event["what"], 0) + 1

    def _damaged(self, event: Event) -> None:
        self.damages.append(event["why"])

    def _live(self, event: Event) -> None:
        self.live[event["user"]] = event["ok"] and self.live.get(event["user"], True)

    def _quiet(self, _: Event) -> None:
        self.quiet = True

    def _presence(self, event: Event) -> None:
        online, connected = frozenset(event["online"]), frozenset(self.sessions.values())
        self.seen.append(Seen(event["observer"], event["node"], online, connected))

    _takers: ClassVar[dict[str, Callable[["Past", Event], None]]] = {
        "send": _send,
        "copy": _copy,
        "ack": _ack,
        "fail": _fail,
        "received": _received,
        "process": _process,
        "anew": _anew,
        "dump": _dump,
        "log": _log,
        "stored": _stored,
        "lost": _lost,
        "login": _login,
        "logout": _leave,
        "closed": _leave,
        "fault": _fault,
        "damaged": _damaged,
        "live": _live,
        "quiet": _quiet,
        "presence": _presence,
    }
