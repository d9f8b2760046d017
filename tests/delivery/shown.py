"""The promises about what clients are shown: the log without what their users may not see."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import attrs

from tests.delivery.chronicle import Chronicle
from tests.delivery.line import FOREVER, Line
from tests.delivery.past import Past, Received
from tests.delivery.streams import ACKED, PUSHED, SAID, Furthest, Step, Stream, Told

Breaches = Iterator[str]

UNKNOWN_FOR = 30.0  # seconds for which an entry can be in the log before anybody is told of it


def streams_are_the_log(past: Past) -> Breaches:
    """Each connection is sent what its user may see, in order and without a hole, from the position
    that its login names. For what the connection itself wrote, the answer counts as sent.

    A connection that names no position is sent at least everything that no client of its user has
    taken over. A user who joins a group again is no longer sent what they missed there before.
    Version 1 is sent what others write, and nothing else. It is sent nothing again over another
    connection, unless a fault may have made the server forget that it was sent: what was in the
    network's buffers when a connection broke is not sent again.
    """
    for stream in past.streams.all:
        yield from _breaches_of(past, stream, past.logs)


def not_sent_yet(past: Past, log: Chronicle) -> Breaches:
    """The breaches on connections that still last, if this is the log."""
    for stream in past.streams.all:
        if stream.lasts:
            yield from _breaches_of(past, stream, [*past.logs, log])


def _breaches_of(past: Past, stream: Stream, logs: Sequence[Chronicle]) -> Sequence[str]:
    """After the database has come back without its end, a stream can still follow the log before
    that until its node notices. A stream that lasts follows the last log."""
    if past.streams.may_begin_anew(stream):
        return _breaches_of_parts(past, stream, logs[past.streams.noticed_by(stream.began) :])
    may_be = logs[-1:] if stream.lasts else logs[stream.log :]
    for log in may_be[:-1]:
        if next(_Audit(past, stream, log).breaches(), None) is None:
            return ()
    return [one for log in may_be[-1:] for one in _Audit(past, stream, log).breaches()]


def _breaches_of_parts(past: Past, stream: Stream, logs: Sequence[Chronicle]) -> Sequence[str]:
    """Version 1 is not told that positions begin anew: its stream follows one log as far as it can,
    and the rest follows the next, from any position on."""
    for log in logs[:-1]:
        audit = _Audit(past, attrs.evolve(stream, ended=0.0), log)
        if next(audit.breaches(), None) is None and not stream.lasts:
            return ()
        rest = stream.steps[audit.agreed :]
        stream = attrs.evolve(stream, steps=rest, furthest=Furthest(), whole=False)
    return list(_Audit(past, stream, logs[-1]).breaches())


def furthest(past: Past, user: int, far: Furthest, logs: Sequence[Chronicle]) -> int:
    """The position up to which a user's clients had taken everything over."""
    texts = past.streams.texts[user]
    return max([far.taken, *(log.reached(user, texts, far.texts) for log in logs)])


def may_have_taken_over(past: Past, told: Told) -> int:
    """The position up to which a user's clients can have taken over when a writer was told so. For
    version 1 this includes what had left the server by then but was heard on its way only later.
    """
    taken = furthest(past, told.user, told.furthest, past.logs)
    if told.got <= taken:
        return taken
    if past.streams.is_unheard(told.user, told.t):
        return FOREVER
    return max([taken, *_positions_of_version1(past, told.user, told.t, past.logs)])


def _positions_of_version1(
    past: Past, user: int, t: float, logs: Sequence[Chronicle]
) -> Iterator[int]:
    """The positions of everything that a user's version 1 client was sent over the connection that
    it had at that time: some of it may have left the server by then but was not heard yet."""
    for stream in past.streams.all:
        if (stream.user, stream.version) == (user, 1) and stream.asked <= t <= stream.ended:
            lines = (log.by_key(step.key) for step in stream.steps for log in logs)
            yield from (line.at for line in lines if line is not None)


class _Audit:
    """Follows a stream through the log."""

    def __init__(self, past: Past, stream: Stream, log: Chronicle) -> None:
        self._past = past
        self._stream = stream
        self._log = log
        self._own: set[int] = set()  # positions of what it wrote, from the answers
        self._visible = log.shown_to_version1 if stream.version == 1 else log.seen_by
        self._floor = stream.since or 0
        self._place = self._floor
        self._whole = stream.whole
        if stream.since is None:
            self._place = self._begin()
            self._whole = stream.whole and not past.streams.is_unheard(stream.user, stream.began)
        self.agreed = 0  # steps without a breach
        self._sent_before = 0
        if stream.version == 1 and stream.whole:
            self._sent_before = self._last_text()

    def _begin(self) -> int:
        stream, logs = self._stream, [self._log]
        place = furthest(self._past, stream.user, stream.furthest, logs)
        if stream.version == 1:
            return place
        others = _positions_of_version1(self._past, stream.user, stream.began, logs)
        return max([place, *(at for at in others if at <= stream.head)])

    def breaches(self) -> Breaches:
        begun = self._stream.since is not None
        for step in self._stream.steps:
            if step.how == ACKED:
                self._own.add(step.at)
            elif step.how == SAID:
                yield from self._left_out(step.at, begun=begun, t=step.t)
            elif step.how == PUSHED:
                yield from self._pushed(step, begun=begun)
                begun = True
            self.agreed += 1
        if self._stream.lasts:
            yield from self._left_out(self._log.head, begun=begun, t=0.0)

    def _pushed(self, step: Step, *, begun: bool) -> Breaches:
        at = self._position(step)
        if not self._is_right(step, at):
            yield f"{self._stream} was sent {step}, which is not in the log"
            return
        if not self._visible(self._stream.user, at - 1, at):
            yield f"{self._stream} was sent {step}, which is not theirs"
            return
        yield from self._left_out(at - 1, begun=begun, t=step.t)
        if begun and at <= self._place:
            yield f"{self._stream} was sent {step} behind {self._place}"
        elif at <= self._sent_before:
            yield f"{self._stream} was sent {step} again"
        self._place = at

    def _last_text(self) -> int:
        """The highest position among the texts that version 1 was sent before, without those that
        the server can have forgotten, and those that need not count as taken over."""
        stream, streams = self._stream, self._past.streams
        places = range(stream.forgotten, stream.furthest.texts)
        counting = (place for place in places if place not in streams.too_late[stream.user])
        lines = (self._log.by_key(streams.texts[stream.user][place]) for place in counting)
        return max((line.at for line in lines if line is not None), default=0)

    def _position(self, step: Step) -> int:
        if self._stream.version != 1:
            return step.at
        line = self._log.by_key(step.key)
        return 0 if line is None else line.at

    def _is_right(self, step: Step, at: int) -> bool:
        line = self._log.line(at)
        return line is not None and (step.key, step.crc) == (line.key, line.crc)

    def _left_out(self, upto: int, *, begun: bool, t: float) -> Breaches:
        """What should have been sent by now. If the login named no position, only what others wrote
        is owed before the first entry that is sent: the rest counts as taken over, since version 1
        passes over it."""
        for line in self._visible(self._stream.user, self._place, upto):
            of_another = line.is_of_another(self._stream.user)
            owed = begun or (of_another and self._whole)
            if owed and line.at not in self._own and not self._is_hidden(line, t):
                when = f"by {t}" if t else "in the end"
                yield f"{self._stream} was not sent {line} {when}"
        self._place = max(self._place, upto)

    def _is_hidden(self, line: Line, t: float) -> bool:
        """Whether the user had, or may have, joined that group again by then."""
        again = self._log.joined_after(self._stream.user, line)
        return again <= self._past.streams.head_at(t + UNKNOWN_FOR if t else FOREVER)


def what_is_shown_is_the_log(past: Past) -> Breaches:
    """Each device shows what its user may see without a hole, whatever its client processes were
    connected to. What these wrote themselves is not shown."""
    latest: dict[tuple[int, int], int] = {}
    shown: defaultdict[int, set[str]] = defaultdict(set)  # keys; what is lost can be written again
    for one in past.received:
        before = latest.get((one.chain, one.epoch))
        latest[one.chain, one.epoch] = one.at
        shown[one.chain].add(one.key)
        missing = [] if before is None else _left_out(past, one, before, shown[one.chain])
        if missing:
            yield f"process {one.process} of {one.user} was not shown {missing} by {one.t}"


def _left_out(past: Past, one: Received, after: int, shown: set[str]) -> list[int]:
    """What was not shown between `after` and this entry, according to the logs that have this
    entry: nothing, if one of them lacks nothing; otherwise, what the last of them says."""
    missing = [one.at]
    for log in past.logs:
        if log.head >= one.at and log.line(one.at) is not None:
            lines = _between(past, log, one, after)
            missing = [line.at for line in lines if line.key not in shown]
            if not missing:
                break
    return missing


def _between(past: Past, log: Chronicle, one: Received, after: int) -> Iterator[Line]:
    """What others, or the user on another device, wrote there; in groups, only if the user did not
    join again afterwards."""
    for line in log.seen_by(one.user, after, one.at - 1):
        own = line.sender == one.user and _wrote(past, one.chain, line)
        if not own and log.joined_after(one.user, line) == FOREVER:
            yield line


def _wrote(past: Past, chain: int, line: Line) -> bool:
    """Whether a process of this chain wrote it. For a change this is unknown: then true."""
    sent = past.sent.get(line.key)
    return sent is None or past.chain(sent.process) == chain


def nothing_is_shown_twice(past: Past) -> Breaches:
    """One device shows each entry once, in the order of the log."""
    latest: dict[tuple[int, int], int] = {}
    for one in past.received:
        before = latest.get((one.chain, one.epoch), 0)
        if one.at <= before:
            yield f"process {one.process} of {one.user} showed {one.at} at {one.t}, after {before}"
        latest[one.chain, one.epoch] = one.at
