"""What servers said on connections, cut into streams: parts of the log that have no holes."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable
from typing import ClassVar

import attrs

from tests.delivery.history import Event

PUSHED, ACKED, SAID = "pushed", "acked", "said"


@attrs.frozen
class Step:
    """What was said: see `history`. at: 0 for a text in version 1."""

    how: str
    at: int
    t: float
    sender: int = 0
    cid: str = ""
    key: str = ""
    crc: int = 0


@attrs.frozen
class Furthest:
    """How far a user's clients had got at some time. taken: what version 2 said of it, at its login
    as well. texts: how
    many were sent to version 1, in all."""

    taken: int = 0
    texts: int = 0


@attrs.define(eq=False)
class Stream:
    """From a login, or from where positions began anew, to the end of either.

    since: where it begins; None where the server knows that itself, and it is not further than
    `furthest`. steps: what was said, in order. lasts: whether it did not end. taken: how far the
    client said that it has taken over.
    """

    wire: int
    user: int
    version: int
    since: int | None
    furthest: Furthest
    began: float
    steps: list[Step] = attrs.field(factory=list)
    lasts: bool = True
    taken: int = 0

    def __str__(self) -> str:
        return f"connection {self.wire} of {self.user} (version {self.version})"


@attrs.frozen
class Told:
    """A writer was told that another user's devices have got something. furthest: how far they
    had taken over by then."""

    writer: int
    user: int
    got: int
    furthest: Furthest
    t: float


@attrs.define
class Streams:
    """texts: the keys of what each user was sent in version 1, in order. head: a position that the
    log is known to have."""

    all: list[Stream] = attrs.field(factory=list)
    told: list[Told] = attrs.field(factory=list)
    texts: defaultdict[int, list[str]] = attrs.field(factory=lambda: defaultdict(list))
    head: int = 0
    _heads: list[tuple[float, int]] = attrs.field(factory=list)  # when each was first known
    _taken_by: dict[int, int] = attrs.field(factory=dict)  # positions, by user
    _open: dict[int, Stream] = attrs.field(factory=dict)  # by wire

    def take(self, event: Event) -> None:
        """Heed an event, of whatever kind."""
        take = self._takers.get(event["kind"])
        if take is not None:
            take(self, event)

    def furthest(self, user: int) -> Furthest:
        """How far a user's clients have got so far."""
        return Furthest(self._taken_by.get(user, 0), len(self.texts[user]))

    def _comes(self, event: Event) -> None:
        """It counts before the login is answered. What is above the log's head is of another
        epoch."""
        if event["since"] <= self.head:
            self._take_over(event["user"], event["since"])

    def _opened(self, event: Event) -> None:
        self._see(event, event["head"])
        self._cut(event)
        since = event["head"] if event["reset"] else event["since"]
        if since is not None and not event["reset"]:
            self._take_over(event["user"], since)
        self._begin(event, event["user"], event["version"], since)

    def _begin(self, event: Event, user: int, version: int, since: int | None) -> None:
        stream = Stream(event["wire"], user, version, since, self.furthest(user), event["t"])
        self._open[stream.wire] = stream
        self.all.append(stream)

    def _reset(self, event: Event) -> None:
        old = self._open.get(event["wire"])
        if old is not None:
            old.lasts = False
            self._begin(event, old.user, old.version, event["head"])

    def _cut(self, event: Event) -> None:
        old = self._open.pop(event["wire"], None)
        if old is not None:
            old.lasts = False

    def _step(self, event: Event) -> None:
        stream = self._open.get(event["wire"])
        if stream is None:
            return
        facts = {name: event[name] for name in ("sender", "cid", "key", "crc") if name in event}
        stream.steps.append(Step(event["kind"], event["at"], event["t"], **facts))
        self._see(event, event["at"])

    def _pushed(self, event: Event) -> None:
        self._step(event)
        stream = self._open.get(event["wire"])
        if stream is not None and stream.version == 1:
            self.texts[stream.user].append(event["key"])

    def _taken(self, event: Event) -> None:
        stream = self._open.get(event["wire"])
        if stream is not None:
            stream.taken = max(stream.taken, event["at"])
            self._take_over(stream.user, event["at"])

    def _take_over(self, user: int, at: int) -> None:
        self._taken_by[user] = max(self._taken_by.get(user, 0), at)

    def _marks(self, event: Event) -> None:
        stream, user = self._open.get(event["wire"]), event["user"]
        if stream is not None:
            furthest = self.furthest(user)
            self.told.append(Told(stream.user, user, event["got"], furthest, event["t"]))

    def _lost(self, event: Event) -> None:
        head = self.head = event["head"]
        self._taken_by = {user: min(at, head) for user, at in self._taken_by.items()}

    def _see(self, event: Event, at: int) -> None:
        if at > self.head:
            self.head = at
            self._heads.append((event["t"], at))

    def head_at(self, t: float) -> int:
        """A position that the log was known to have at a time."""
        known = bisect_right(self._heads, t, key=lambda one: one[0])
        return max((at for _, at in self._heads[:known][-1:]), default=0)

    _takers: ClassVar[dict[str, Callable[["Streams", Event], None]]] = {
        "comes": _comes,
        "opened": _opened,
        "acked": _step,
        "pushed": _pushed,
        "said": _step,
        "reset": _reset,
        "taken": _taken,
        "marks": _marks,
        "cut": _cut,
        "lost": _lost,
    }
