"""The promises, each a function that yields a sentence for each breach.

These are about the log and about presence; those about what clients are shown are in `shown`.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise

from chat_domain.entries import pair
from tests.delivery import shown
from tests.delivery.line import FOREVER, Line
from tests.delivery.past import Past, Sent
from tests.delivery.streams import ACKED

Breaches = Iterator[str]


def what_is_acknowledged_is_in_the_log(past: Past) -> Breaches:
    """It is at the position that the answer named, even if the client never got the answer."""
    for sent in past.sent.values():
        if sent.acked is not None and not any(
            _is(log.line(sent.acked), sent) for log in reversed(past.logs)
        ):
            yield f"{_name(sent)} was acknowledged at {sent.acked}, which is something else"
    for stream in past.streams.all:
        for step in stream.steps:
            if step.how == ACKED and not any(
                (line := log.by_cid(stream.user, step.cid)) is not None and line.at == step.at
                for log in reversed(past.logs[stream.log :])
            ):
                yield f"{stream} was told at {step.t} that {step.cid} is at {step.at}"


def nothing_else_is_lost(past: Past) -> Breaches:
    """The database loses only what was above a head; everything up to there is as it was."""
    for (before, after), loss in zip(pairwise(past.logs), past.losses, strict=False):
        for at in range(after.since + 1, loss.head + 1):
            was, is_now = before.line(at), after.line(at)
            if was != is_now:
                yield f"{was} was not lost at {loss.t}, and is {is_now}"


def the_log_has_what_was_sent(past: Past) -> Breaches:
    """It has each text once, as its sender sent it and in the conversation they sent it to."""
    for line in past.log.lines.values():
        if line.is_text and not _is(line, past.sent.get(line.key)):
            yield f"the log has {line}, which nobody has sent"
    for line in past.log.twice:
        yield f"the log has {line.key or line.cid} of {line.sender} twice, again at {line.at}"


def _is(line: Line | None, sent: Sent | None) -> bool:
    if line is None or sent is None:
        return False
    conv = sent.group or pair(sent.sender, sent.to)
    return (line.sender, line.conv, line.crc, line.key) == (sent.sender, conv, sent.crc, sent.key)


def the_log_has_no_hole(past: Past) -> Breaches:
    """Positions begin at 1 and leave nothing out."""
    for log in past.logs:
        if list(log.lines) != list(range(log.kept + 1, log.kept + len(log.lines) + 1)):
            yield f"{len(log.lines)} entries above {log.kept} have positions up to {log.head}"


def order_is_kept(past: Past) -> Breaches:
    """The log has the messages of one client process in the order in which it sent them.

    A message that is refused temporarily keeps its place: those behind it are refused as well until
    it comes again. A message without an ACK has no place. Nor has a message to a group if several
    copies of it were sent while its sender may have been out of the group: the first may have been
    refused. A message from before a loss does not count, since it may have been lost.
    """
    for log, begun in zip(past.logs, [0.0, *(loss.t for loss in past.losses)], strict=False):
        latest: dict[int, Sent] = {}
        for line in log.above(log.since):
            sent = past.sent.get(line.key)
            if sent is None or sent.acked is None or sent.t < begun:
                continue
            if _may_have_been_refused(past, sent, line):
                continue
            before = latest.get(sent.process, sent)
            if sent.number < before.number:
                yield f"{_name(sent)} is at {line.at}, behind {_name(before)}"
            else:
                latest[sent.process] = sent


def _may_have_been_refused(past: Past, sent: Sent, line: Line) -> bool:
    if not sent.group or sent.copies <= 1:
        return False
    stay = past.log.stay(sent.sender, sent.group, line.at)
    return stay is None or stay.joined > sent.head


def members_may_write(past: Past) -> Breaches:
    """In a group only its members may write, in a direct conversation only its two people; and no
    member is refused."""
    for log in past.logs:
        for line in log.strangers:
            yield f"{line.key} of {line.sender} is at {line.at}, where they may not write"
    for sent in past.sent.values():
        if sent.error == "not_member":
            stays = [log.stay(sent.sender, sent.group, FOREVER) for log in past.logs]
            if all(stay is not None and stay.joined <= sent.head for stay in stays):
                yield f"{_name(sent)} was refused, though its sender is in the group"


def marks_are_true(past: Past) -> Breaches:
    """A writer is told that a user has got their text only once a client of that user has taken it
    over."""
    for told in past.streams.told:
        conv = pair(told.writer, told.user)
        if told.got > shown.may_have_taken_over(past, told) or not any(
            (line := log.line(told.got)) is not None
            and (line.sender, line.conv) == (told.writer, conv)
            for log in past.logs
        ):
            yield f"{told.writer} was told at {told.t} that {told.user} has got {told.got}"


def marks_only_grow(past: Past) -> Breaches:
    """A user's stored marks only grow, and in the end the store has all of them."""
    for (user, _), marks in past.stored.items():
        if marks != sorted(marks):
            yield f"the mark of {user} was {marks}"
    yield from marks_not_stored(past)


def marks_not_stored(past: Past) -> Breaches:
    """What connected devices have taken over, but the store did not have when it was last read."""
    for stream in past.streams.all:
        marks = past.stored.get((stream.user, past.meaning), [])
        counts = stream.lasts and stream.began >= past.lost_at
        if counts and marks and stream.taken > marks[-1]:
            yield f"{stream} has taken over {stream.taken}, the store says {marks[-1]}"


def all_mends(past: Past) -> Breaches:
    """After the faults every message has its answer, and everybody has been sent everything."""
    if not past.quiet:
        yield "it never became quiet"
    for sent in past.sent.values():
        if sent.acked is None and not sent.error:
            yield f"{_name(sent)} never had an answer"
    for user, live in past.live.items():
        if not live:
            yield f"{user} did not get along in the end"


def presence_is_true(past: Past) -> Breaches:
    """Once it is quiet, a list read on any node shows as online exactly those who are connected."""
    for seen in past.seen:
        for user in sorted(seen.online - seen.connected):
            yield f"{seen.observer} on node {seen.node} saw {user} online, who is not connected"
        for user in sorted(seen.connected - seen.online):
            yield f"{seen.observer} on node {seen.node} saw {user} offline, who is connected"


def _name(sent: Sent) -> str:
    to = f"group {sent.group}" if sent.group else str(sent.to)
    return f"{sent.key} (from {sent.sender} to {to}, sent at {sent.t})"


PROMISES: tuple[Callable[[Past], Breaches], ...] = (
    what_is_acknowledged_is_in_the_log,
    nothing_else_is_lost,
    the_log_has_what_was_sent,
    the_log_has_no_hole,
    order_is_kept,
    members_may_write,
    shown.streams_are_the_log,
    shown.what_is_shown_is_the_log,
    shown.nothing_is_shown_twice,
    marks_are_true,
    marks_only_grow,
    all_mends,
    presence_is_true,
)
