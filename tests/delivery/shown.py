"""The promises about what clients are shown: the log, less what their users may not see."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from chat_domain.entries import pair
from tests.delivery.chronicle import FOR_EVER, Chronicle
from tests.delivery.past import Past
from tests.delivery.streams import ACKED, PUSHED, SAID, Furthest, Step, Stream

Breaches = Iterator[str]

UNKNOWN_FOR = 30.0  # seconds in which something can be in the log and nobody was told of it


def streams_are_the_log(past: Past) -> Breaches:
    """Each connection is sent what its user may see, in order and without a hole, from where it
    said that its device is. What the same connection wrote counts by its answer.

    Who does not say where they are is sent all that no client of theirs has taken over, at least.
    Who joins a group again, and was not there, is not sent what was there before any more. Version
    1 is sent what others write, and nothing else.
    """
    for stream in past.streams.all:
        yield from _breaches_of(past, stream)


def _breaches_of(past: Past, stream: Stream) -> Sequence[str]:
    """Where the database has come back without its end, a stream can be of the log before that, as
    long as its node has not noticed. One that lasts is of the last."""
    breaches: Sequence[str] = ()
    for log in [past.log] if stream.lasts else past.logs:
        breaches = list(_Audit(past, stream, log).breaches())
        if not breaches:
            break
    return breaches


def furthest(past: Past, user: int, far: Furthest) -> int:
    """The position that a user's clients had taken over."""
    texts = past.streams.texts[user][: far.texts]
    lines = (log.by_key(key) for key in texts for log in past.logs)
    return max([far.taken, *(line.at for line in lines if line is not None)])


class _Audit:
    """Follows a stream through the log."""

    def __init__(self, past: Past, stream: Stream, log: Chronicle) -> None:
        self._past = past
        self._stream = stream
        self._log = log
        self._own: set[int] = set()  # positions of what it has written, by its answers
        self._visible = log.seen_by(stream.user)
        if stream.version == 1:
            self._visible = [at for at in self._visible if self._is_of_another(at)]
        self._may_see = set(self._visible)
        self._floor = stream.since or 0
        self._place = self._floor
        if stream.since is None:
            self._place = furthest(past, stream.user, stream.furthest)

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
        if self._stream.lasts:
            yield from self._left_out(self._log.head, begun=begun, t=0.0)

    def _pushed(self, step: Step, *, begun: bool) -> Breaches:
        at = self._position(step)
        if not self._is_right(step, at):
            yield f"{self._stream} was sent {step}, which is not in the log"
            return
        if at not in self._may_see:
            yield f"{self._stream} was sent {step}, which is not theirs"
            return
        yield from self._left_out(at - 1, begun=begun, t=step.t)
        if begun and at <= self._place:
            yield f"{self._stream} was sent {step} behind {self._place}"
        self._place = at

    def _position(self, step: Step) -> int:
        if self._stream.version != 1:
            return step.at
        line = self._log.by_key(step.key)
        return 0 if line is None else line.at

    def _is_right(self, step: Step, at: int) -> bool:
        line = self._log.lines.get(at)
        return line is not None and (step.key, step.crc) == (line.key, line.crc)

    def _left_out(self, upto: int, *, begun: bool, t: float) -> Breaches:
        """What should have been sent by now. Before the first that is sent to somebody who did not
        say where they are, what is not from others counts as taken over: version 1 passes over it.
        """
        visible = self._visible
        first, end = bisect_right(visible, self._place), bisect_right(visible, upto)
        for at in visible[first:end]:
            owed = begun or self._is_of_another(at)
            if owed and at not in self._own and not self._is_hidden(at, t):
                when = f"by {t}" if t else "in the end"
                yield f"{self._stream} was not sent {self._log.lines[at]} {when}"
        self._place = max(self._place, upto)

    def _is_hidden(self, at: int, t: float) -> bool:
        """Whether the user had joined that group again by then, or may have."""
        again = self._log.joined_after(self._stream.user, self._log.lines[at])
        return again <= self._past.streams.head_at(t + UNKNOWN_FOR if t else FOR_EVER)

    def _is_of_another(self, at: int) -> bool:
        """As version 1 has it: what one writes to oneself is as if another had written it."""
        line, user = self._log.lines[at], self._stream.user
        return line.is_text and (line.sender != user or line.conv == pair(user, user))


def what_is_shown_is_the_log(past: Past) -> Breaches:
    """Each client process shows what its user may see without a hole, whatever it was connected to,
    but for what it wrote itself."""
    latest: dict[tuple[int, int], int] = {}
    for one in past.received:
        before = latest.get((one.process, one.epoch))
        latest[one.process, one.epoch] = one.at
        if before is not None:
            for log in past.logs:
                missing = _between(log, one.user, before, one.at)
                if one.at in log.lines and not missing:
                    break
            else:
                yield f"process {one.process} of {one.user} was not shown {missing} by {one.t}"


def _between(log: Chronicle, user: int, after: int, before: int) -> list[int]:
    """What others wrote there, and the user saw in groups that they did not join again."""
    visible = log.seen_by(user)
    part = visible[bisect_right(visible, after) : bisect_right(visible, before - 1)]
    lines = [log.lines[at] for at in part]
    return [
        line.at
        for line in lines
        if line.sender != user and log.joined_after(user, line) == FOR_EVER
    ]


def nothing_is_shown_twice(past: Past) -> Breaches:
    """One client process shows each entry once, in the order of the log."""
    latest: dict[tuple[int, int], int] = {}
    for one in past.received:
        before = latest.get((one.process, one.epoch), 0)
        if one.at <= before:
            yield f"process {one.process} of {one.user} showed {one.at} at {one.t}, after {before}"
        latest[one.process, one.epoch] = one.at
