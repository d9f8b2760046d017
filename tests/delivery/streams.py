"""What servers said on connections, cut into streams: parts of the log that have no holes."""

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable
from typing import ClassVar

import attrs

from tests.delivery.history import Event

PUSHED, ACKED, SAID = "pushed", "acked", "said"
NOTICED_WITHIN = 30.0  # seconds in which every node notices that the database has lost something
TOLD_WITHIN = 5.0  # seconds in which a mark reaches the writer
MAKES_FORGET = {"node", "database"}  # faults by which the mark of version 1 can be lost unstored


@attrs.frozen
class Step:
    """Something that the server said: see `history`. at: 0 for a text in version 1."""

    how: str
    at: int
    t: float
    sender: int = 0
    cid: str = ""
    key: str = ""
    crc: int = 0


@attrs.frozen
class Furthest:
    """How far a user's clients had got at some time. taken: the position that version 2 named, at
    its login or later. texts: how many version 1 had been sent in all."""

    taken: int = 0
    texts: int = 0


@attrs.define(eq=False)
class Stream:
    """A connection from one login to its end.

    since: the position where it begins; None if the server decides that, by what it has stored: not
    beyond `furthest`. head: the log's head at that time. asked, began: when its login was sent and
    answered. log: at least how often the log had lost its end when the stream began, by when its
    epoch was first seen. whole: whether everything is known that its user's other clients of
    version 1 were sent. forgotten: how many of those texts the server can have forgotten because
    something broke. steps: what the server said, in order. ended: infinite if it did not. taken:
    the position up to which the client said that it had taken over. leaves: whether the client has
    said that it leaves.
    """

    wire: int
    user: int
    version: int
    since: int | None
    head: int
    furthest: Furthest
    asked: float
    began: float
    log: int = 0
    whole: bool = True
    forgotten: int = 0
    steps: list[Step] = attrs.field(factory=list)
    ended: float = math.inf
    taken: int = 0
    leaves: bool = False

    @property
    def lasts(self) -> bool:
        return self.ended == math.inf

    def __str__(self) -> str:
        return f"connection {self.wire} of {self.user} (version {self.version})"


@attrs.frozen
class Told:
    """A writer was told that another user's devices have everything up to `got`. furthest: how far
    these devices had taken over by then."""

    writer: int
    user: int
    got: int
    furthest: Furthest
    t: float


@attrs.define
class Unheard:
    """A time in which nobody knows how far a user's version 1 clients have got: from the login of
    one for which not everything that left the server was heard, until the first text that a later
    one is sent shows how much that was."""

    since: float
    until: float = math.inf


@attrs.define
class Streams:
    """texts: the keys of the texts that each user was sent in version 1, in order. too_late: the
    places there of what was sent to a client that had begun to leave, and need not count as taken
    over. head: the highest position that the log is known to have."""

    all: list[Stream] = attrs.field(factory=list)
    told: list[Told] = attrs.field(factory=list)
    texts: defaultdict[int, list[str]] = attrs.field(factory=lambda: defaultdict(list))
    too_late: defaultdict[int, set[int]] = attrs.field(factory=lambda: defaultdict(set))
    head: int = 0
    _lost_at: list[float] = attrs.field(factory=list)
    _epochs: dict[str, int] = attrs.field(factory=dict)  # how many losses came before each was seen
    _cut_to: int = 0  # the log's head after its last loss
    _highest: int = 0  # like `head`, but may be a lost position
    _heads: list[tuple[float, int]] = attrs.field(factory=list)  # when each was first seen
    _taken_by: dict[int, int] = attrs.field(factory=dict)  # positions, by user
    _taken_before: dict[int, int] = attrs.field(factory=dict)  # the same before the last loss
    _open: dict[int, Stream] = attrs.field(factory=dict)  # by wire
    _asked: dict[int, Event] = attrs.field(factory=dict)  # the login of each wire
    _leaving: set[int] = attrs.field(factory=set)  # wires whose client has left since
    _unheard: defaultdict[int, list[Unheard]] = attrs.field(factory=lambda: defaultdict(list))
    _forgotten: dict[int, int] = attrs.field(factory=dict)  # as in `Stream`, by user
    _broken: int = 0  # how many of the faults of MAKES_FORGET go on now

    def take(self, event: Event) -> None:
        """Process an event, of whatever kind."""
        take = self._takers.get(event["kind"])
        if take is not None:
            take(self, event)

    def may_begin_anew(self, stream: Stream) -> bool:
        """Whether positions can have begun anew on it without the client being told: it is of
        version 1, and the database lost something during it or shortly before."""
        return stream.version == 1 and any(
            stream.began < lost + NOTICED_WITHIN and lost < stream.ended for lost in self._lost_at
        )

    def noticed_by(self, t: float) -> int:
        """How many losses every node had noticed by then."""
        return bisect_right(self._lost_at, t - NOTICED_WITHIN)

    def is_unheard(self, user: int, t: float) -> bool:
        """Whether it is unknown what a user's clients of version 1 had taken over by then."""
        return any(one.since <= t <= one.until for one in self._unheard[user])

    def furthest(self, user: int, log: int) -> Furthest:
        """How far a user's clients have got, as seen by a node that knows of `log` losses. A node
        that does not know of the last loss goes by the log before it."""
        taken = self._taken_by.get(user, 0)
        if log < len(self._lost_at):
            taken = max(taken, self._taken_before.get(user, 0))
        return Furthest(taken, len(self.texts[user]))

    def _comes(self, event: Event) -> None:
        """The position that a login names counts even before the login is answered."""
        self._asked[event["wire"]] = event
        self._leaving.discard(event["wire"])
        if event["since"] is not None:
            self._take_over(event["user"], event["since"])

    def _opened(self, event: Event) -> None:
        self._end(event)
        since = event["head"] if event["reset"] else event["since"]
        user, version, epoch = event["user"], event["version"], event["epoch"]
        if since is not None and not event["reset"]:
            self._take_over(user, since)
        log = self._epochs.setdefault(epoch, len(self._lost_at)) if epoch else 0
        furthest = self.furthest(user, log)
        wire, t = event["wire"], event["t"]
        asked = self._asked.pop(wire, event)["t"]
        stream = Stream(wire, user, version, since, event["head"], furthest, asked, t, log)
        stream.leaves = wire in self._leaving
        stream.whole = not self._lacks(user)
        if version == 1:
            others = (one for one in self._open.values() if one.user == user)
            stream.whole = stream.whole and all(one.version == 2 for one in others)
            stream.forgotten = furthest.texts if self._broken else self._forgotten.get(user, 0)
        self._open[stream.wire] = stream
        self.all.append(stream)
        self._see(stream, event["head"], event["t"])

    def _cut(self, event: Event) -> None:
        old, asked = self._end(event), self._asked.pop(event["wire"], None)
        if event.get("whole", True):
            return
        if old is not None and old.version == 1:
            self._unheard[old.user].append(Unheard(old.asked))
        elif old is None and asked is not None and asked.get("version") == 1:
            self._unheard[asked["user"]].append(Unheard(asked["t"]))

    def _end(self, event: Event) -> Stream | None:
        old = self._open.pop(event["wire"], None)
        if old is not None:
            old.ended = event["t"]
        return old

    def _lacks(self, user: int) -> bool:
        """Whether it is unknown where a user's client of version 1 has to begin."""
        return any(one.until == math.inf for one in self._unheard[user])

    def _step(self, event: Event) -> None:
        stream = self._open.get(event["wire"])
        if stream is None:
            return
        facts = {name: event[name] for name in ("sender", "cid", "key", "crc") if name in event}
        stream.steps.append(Step(event["kind"], event["at"], event["t"], **facts))
        self._see(stream, event["at"], event["t"])

    def _pushed(self, event: Event) -> None:
        self._step(event)
        stream = self._open.get(event["wire"])
        if stream is not None and stream.version == 1:
            if stream.leaves:
                self.too_late[stream.user].add(len(self.texts[stream.user]))
            self.texts[stream.user].append(event["key"])
            for one in self._unheard[stream.user]:
                one.until = min(one.until, event["t"] + TOLD_WITHIN)

    def _leaves(self, event: Event) -> None:
        """It may not have been answered yet that it is logged in."""
        wire = event["wire"]
        stream = self._open.get(wire)
        if stream is not None:
            stream.leaves = True
        if wire in self._asked:
            self._leaving.add(wire)

    def _taken(self, event: Event) -> None:
        stream = self._open.get(event["wire"])
        if stream is not None:
            stream.taken = max(stream.taken, event["at"])
            self._take_over(stream.user, event["at"])

    def _take_over(self, user: int, at: int) -> None:
        """A position above the log's head belongs to the log before the last loss. Now the mark is
        cut to the head that the loss left."""
        if at > self.head:
            self._taken_before[user] = max(self._taken_before.get(user, 0), at)
            at = self._cut_to
        self._taken_by[user] = max(self._taken_by.get(user, 0), at)

    def _marks(self, event: Event) -> None:
        stream, user = self._open.get(event["wire"]), event["user"]
        if stream is not None:
            furthest = self.furthest(user, stream.log)
            self.told.append(Told(stream.user, user, event["got"], furthest, event["t"]))

    def _lost(self, event: Event) -> None:
        head = self.head = self._highest = self._cut_to = event["head"]
        noticed = len(self._lost_at) in self._epochs.values()  # the loss before
        self._lost_at.append(event["t"])
        self._may_forget()
        before = {} if noticed else self._taken_before
        self._taken_before = {
            user: max(before.get(user, 0), self._taken_by.get(user, 0))
            for user in before | self._taken_by
        }
        self._taken_by = {user: min(at, head) for user, at in self._taken_by.items()}

    def _see(self, stream: Stream, at: int, t: float) -> None:
        if at > self._highest:
            self._highest = at
            self._heads.append((t, at))
        if at > self.head and stream.log == len(self._lost_at):
            self.head = at

    def _fault(self, event: Event) -> None:
        if event["target"].partition(" ")[0] in MAKES_FORGET:
            self._broken += 1 if event["phase"] == "begin" else -1
            self._may_forget()

    def _may_forget(self) -> None:
        """The server can have forgotten everything that version 1 was sent so far."""
        self._forgotten = {user: len(texts) for user, texts in self.texts.items()}

    def head_at(self, t: float) -> int:
        """The highest position that the log was known to have, or to have lost, at a time."""
        known = bisect_right(self._heads, t, key=lambda one: one[0])
        return max((at for _, at in self._heads[:known][-1:]), default=0)

    _takers: ClassVar[dict[str, Callable[["Streams", Event], None]]] = {
        "comes": _comes,
        "opened": _opened,
        "acked": _step,
        "pushed": _pushed,
        "said": _step,
        "taken": _taken,
        "leaves": _leaves,
        "marks": _marks,
        "cut": _cut,
        "lost": _lost,
        "fault": _fault,
    }
