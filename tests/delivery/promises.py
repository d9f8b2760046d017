"""What is promised, each as a function that yields a sentence for each time that it was broken."""

from collections.abc import Callable, Iterator

from tests.delivery.past import Past, Received, Sent

Breaches = Iterator[str]


def audience(past: Past, sent: Sent) -> frozenset[int]:
    """Who must have got an acknowledged message."""
    if not sent.group:
        return frozenset({sent.to})
    assert sent.acked_at is not None
    members = past.memberships.always_in(sent.group, sent.at, sent.acked_at)
    return frozenset(members - {sent.sender} - sent.refused)


def nothing_acknowledged_is_lost(past: Past) -> Breaches:
    """Whoever had to get an acknowledged message was shown it."""
    shown = past.first_receptions()
    for sent in past.sent.values():
        if sent.acked:
            for user in sorted(audience(past, sent)):
                if (user, sent.key) not in shown:
                    yield f"{_name(sent)} was acknowledged as {sent.status}; {user} never got it"


def nothing_comes_from_nowhere(past: Past) -> Breaches:
    """What was shown had been sent so, by its sender, to that place."""
    for one in past.received:
        sent = past.sent.get(one.key)
        if sent is None:
            yield f"{one.user} got {one.key}, which nobody has sent"
        elif (sent.crc, sent.sender, sent.group) != (one.crc, one.sender, one.group):
            yield f"{one.user} got {_name(sent)} altered"
        elif one.user == sent.sender if sent.group else one.user != sent.to:
            yield f"{one.user} got {_name(sent)}, which is not theirs"


def nothing_is_shown_twice(past: Past) -> Breaches:
    """One client process shows a message once."""
    shown: dict[tuple[int, str], Received] = {}
    for one in past.received:
        first = shown.setdefault((one.process, one.key), one)
        if first is not one:
            yield f"process {one.process} of {one.user} showed {one.key} at {first.t} and {one.t}"


def order_is_kept(past: Past) -> Breaches:
    """Acknowledged messages of one sender to one recipient come in the order of their sending.

    Who was not in the group all the time may get a message by a later copy of it, in its place; and
    so does everybody if it was its sender who was not, for the first copy can have been refused.
    A message that is refused for the moment keeps its place: what is sent behind it is refused as
    well, until it comes again. Messages to a group and to its members come in one order.
    """
    latest: dict[tuple[int, int], Sent] = {}
    for (user, key), one in past.first_receptions().items():
        sent = past.sent.get(key)
        if sent is None or not sent.acked or user not in audience(past, sent):
            continue
        if past.copies.count(key) > 1 and not _could_speak(past, sent):
            continue
        before = latest.setdefault((sent.sender, user), sent)
        if before.number <= sent.number:
            latest[sent.sender, user] = sent
        else:
            yield f"{user} got {_name(sent)} at {one.t}, after {_name(before)}"


def _could_speak(past: Past, sent: Sent) -> bool:
    """Whether no copy of an acknowledged message can have been refused for good."""
    assert sent.acked_at is not None
    if not sent.group:
        return True
    return sent.sender in past.memberships.always_in(sent.group, sent.at, sent.acked_at)


def delivered_means_delivered(past: Past) -> Breaches:
    """`delivered` is said when all who had to get a message have been shown it, not before."""
    shown = past.first_receptions()
    for sent in past.sent.values():
        if sent.acked_at is not None and sent.status == "delivered":
            for user in sorted(audience(past, sent)):
                one = shown.get((user, sent.key))
                if one is None or one.at > sent.acked_at:
                    yield f"{_name(sent)} was called delivered before {user} had got it"


def groups_are_private(past: Past) -> Breaches:
    """Who was no member at any time from a message's first sending to its last answer does not get
    it: each copy goes to who is a member when it is accepted."""
    for one in past.received:
        sent = past.sent.get(one.key)
        if sent is not None and sent.group:
            until = max(_answered_at(past, sent), past.copies.last_heard(sent.key))
            if past.memberships.never_in(sent.group, one.user, sent.at, until):
                yield f"{one.user} got {_name(sent)} at {one.t} without being in the group"


def members_may_speak(past: Past) -> Breaches:
    """Nobody is told that they are not in a group while they are, or heard while they are not."""
    for sent in past.sent.values():
        if not sent.group:
            continue
        until = _answered_at(past, sent)
        if sent.error == "not_member":
            if sent.sender in past.memberships.always_in(sent.group, sent.at, until):
                yield f"{_name(sent)} was refused, though its sender is in the group"
        elif sent.acked and past.memberships.never_in(sent.group, sent.sender, sent.at, until):
            yield f"{_name(sent)} was accepted, though its sender is not in the group"


def _answered_at(past: Past, sent: Sent) -> int:
    return sent.acked_at or sent.failed_at or past.length


def all_mends(past: Past) -> Breaches:
    """After the faults every message has its answer, and everybody is reached directly."""
    if not past.quiet:
        yield "it never became quiet"
    for sent in past.sent.values():
        if not sent.acked and sent.failed_at is None:
            yield f"{_name(sent)} never had an answer"
    for user, live in past.live.items():
        if not live:
            yield f"{user} was not reached directly in the end"


def presence_is_true(past: Past) -> Breaches:
    """Once it is quiet, lists show as online who is connected, on whichever node they are read."""
    for seen in past.seen:
        for user in sorted(seen.online - seen.connected):
            yield f"{seen.observer} on node {seen.node} saw {user} online, who is not connected"
        for user in sorted(seen.connected - seen.online):
            yield f"{seen.observer} on node {seen.node} saw {user} offline, who is connected"


def _name(sent: Sent) -> str:
    to = f"group {sent.group}" if sent.group else str(sent.to)
    return f"{sent.key} (from {sent.sender} to {to}, sent at {sent.t})"


PROMISES: tuple[Callable[[Past], Breaches], ...] = (
    nothing_acknowledged_is_lost,
    nothing_comes_from_nowhere,
    nothing_is_shown_twice,
    order_is_kept,
    delivered_means_delivered,
    groups_are_private,
    members_may_speak,
    all_mends,
    presence_is_true,
)
