"""What a history says, put in order for those who judge it."""

from collections.abc import Callable, Iterable
from typing import ClassVar

import attrs

from tests.delivery.copies import Copies
from tests.delivery.history import Event
from tests.delivery.memberships import Memberships


@attrs.define
class Sent:
    """A message as its sender saw it. What ends in `at` is a number of an event, or several."""

    key: str
    sender: int
    number: int
    to: int
    group: int
    crc: int
    at: int
    t: float
    acked_at: int | None = None
    failed_at: int | None = None
    status: str = ""
    refused: frozenset[int] = frozenset()
    error: str = ""
    again_at: list[int] = attrs.field(factory=list)

    @property
    def acked(self) -> bool:
        return self.acked_at is not None


@attrs.frozen
class Received:
    """A message as a client showed it."""

    key: str
    user: int
    process: int
    sender: int
    group: int
    crc: int
    at: int
    t: float


@attrs.frozen
class Seen:
    """Who was online in the eyes of somebody, and who was connected then."""

    observer: int
    node: int
    online: frozenset[int]
    connected: frozenset[int]


@attrs.define
class Past:
    sent: dict[str, Sent] = attrs.field(factory=dict)
    received: list[Received] = attrs.field(factory=list)
    memberships: Memberships = attrs.field(factory=Memberships)
    copies: Copies = attrs.field(factory=Copies)
    sessions: dict[int, int] = attrs.field(factory=dict)  # users by their processes
    seen: list[Seen] = attrs.field(factory=list)
    live: dict[int, bool] = attrs.field(factory=dict)
    faults: dict[str, int] = attrs.field(factory=dict)
    logins: int = 0
    changes: int = 0
    quiet: bool = False
    length: int = 0

    def read(self, events: Iterable[Event]) -> "Past":
        for event in events:
            take = self._takers.get(event["kind"])
            if take is not None:
                take(self, self.length, event)
            self.copies.take(self.length, event)
            self.length += 1
        return self

    def first_receptions(self) -> dict[tuple[int, str], Received]:
        """The first time that each user was shown each message."""
        first: dict[tuple[int, str], Received] = {}
        for one in self.received:
            first.setdefault((one.user, one.key), one)
        return first

    def _send(self, at: int, event: Event) -> None:
        self.sent[event["key"]] = Sent(
            event["key"],
            event["sender"],
            event["number"],
            event.get("to", 0),
            event.get("group", 0),
            event["crc"],
            at,
            event["t"],
        )

    def _again(self, at: int, event: Event) -> None:
        self.sent[event["key"]].again_at.append(at)

    def _ack(self, at: int, event: Event) -> None:
        sent = self.sent[event["key"]]
        sent.acked_at, sent.status = at, event["status"]
        sent.refused = frozenset(event["refused"])

    def _fail(self, at: int, event: Event) -> None:
        sent = self.sent[event["key"]]
        sent.failed_at, sent.error = at, event["error"]

    def _received(self, at: int, event: Event) -> None:
        facts = {name: event[name] for name in ("key", "user", "process", "sender", "group", "crc")}
        self.received.append(Received(**facts, at=at, t=event["t"]))

    def _membership(self, at: int, event: Event) -> None:
        self.memberships.take(at, event)
        self.changes += event.get("phase") == "done"

    def _login(self, _: int, event: Event) -> None:
        self.logins += 1
        self.sessions[event["process"]] = event["user"]

    def _leave(self, _: int, event: Event) -> None:
        self.sessions.pop(event["process"], None)

    def _fault(self, _: int, event: Event) -> None:
        if event["phase"] == "begin":
            self.faults[event["what"]] = self.faults.get(event["what"], 0) + 1

    def _live(self, _: int, event: Event) -> None:
        self.live[event["user"]] = event["ok"]

    def _quiet(self, _: int, event: Event) -> None:
        self.quiet = True

    def _presence(self, _: int, event: Event) -> None:
        online, connected = frozenset(event["online"]), frozenset(self.sessions.values())
        self.seen.append(Seen(event["observer"], event["node"], online, connected))

    _takers: ClassVar[dict[str, Callable[["Past", int, Event], None]]] = {
        "send": _send,
        "again": _again,
        "ack": _ack,
        "fail": _fail,
        "received": _received,
        "group": _membership,
        "join": _membership,
        "leave": _membership,
        "login": _login,
        "logout": _leave,
        "closed": _leave,
        "fault": _fault,
        "live": _live,
        "quiet": _quiet,
        "presence": _presence,
    }
