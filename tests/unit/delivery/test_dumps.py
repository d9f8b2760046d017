"""A log that is looked up in a later one gives the same answers as by itself."""

import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_domain.entries import ChangeKind, pair
from tests.delivery.chronicle import Chronicle
from tests.delivery.dumps import Dump, logs_of
from tests.delivery.history import Event, note_log
from tests.delivery.line import FOREVER, Line, lineage_of

USERS = (1, 2, 3)
GROUPS = (7, 8)
COMING = (ChangeKind.CREATED, ChangeKind.JOINED)
GOING = (ChangeKind.LEFT, ChangeKind.REMOVED)
CHANGES = (*COMING, *GOING, ChangeKind.ENDED, ChangeKind.RENAMED)
Log = tuple[Event, ...]


def an_entry(at: int, rng: random.Random) -> Event:
    """A random entry. Keys and cids repeat now and then."""
    sender, whom, cid = rng.choice(USERS), rng.choice(USERS), f"c{rng.randrange(30)}"
    facts = {"at": at, "sender": sender, "cid": cid}
    if rng.random() < 0.4:
        what = rng.choice(CHANGES)
        return facts | {"conv": rng.choice(GROUPS), "what": what, "whom": whom}
    conv = rng.choice([*GROUPS, pair(sender, whom), pair(1, 2)])
    return facts | {"conv": conv, "key": f"k{rng.randrange(30)}", "crc": rng.randrange(2)}


def grown(log: Log, count: int, rng: random.Random) -> Log:
    """The log with more entries, one by one, so that users are in groups before they leave them."""
    for _ in range(count):
        entry = an_entry(len(log) + 1, rng)
        if _may_be(log, entry):
            log = (*log, entry)
    return log


def _may_be(log: Log, entry: Event) -> bool:
    """Whether it can happen: nobody joins a group they are in, or leaves one they are not in."""
    what = entry.get("what")
    if what not in (*COMING, *GOING):
        return True
    user = entry["whom"] if what == ChangeKind.REMOVED else entry["sender"]
    stay = Chronicle(map(lineage_of, log)).stay(user, entry["conv"], FOREVER)
    return (stay is None) == (what in COMING)


@st.composite
def histories(draw: st.DrawFn) -> list[Log]:
    """Logs that have lost their ends and grown again, sometimes further back than before."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    logs: list[Log] = [()]
    for grows, keeps in draw(
        st.lists(st.tuples(st.integers(0, 12), st.floats(0, 1)), min_size=1, max_size=5)
    ):
        kept = logs[-1][: int(keeps * len(logs[-1]))]
        logs.append(grown(kept, grows, rng))
    return logs


def noted(logs: Sequence[Log]) -> list[Dump]:
    """The dumps by which a history records these logs."""
    dumps: list[Dump] = []
    before: Log = ()

    def note(kind: str, **facts: Any) -> None:
        if kind == "dump":
            dumps.append(Dump(facts["same"]))
        else:
            dumps[-1].lines.append(lineage_of(facts))

    for log in logs:
        note_log(note, log, before)
        before = log
    return dumps


def says(log: Chronicle) -> dict[str, object]:
    """The answers to everything that a log can be asked."""
    lines = [*log.above(0)]
    places = range(len(lines) + 3)
    spans = [(after, upto) for after in places for upto in places[after:]]
    return {
        "head": log.head,
        "lines": [log.line(at) for at in places],
        "above": [[*log.above(at)] for at in places],
        "keys": [log.by_key(f"k{number}") for number in range(30)],
        "cids": [log.by_cid(user, f"c{number}") for user in USERS for number in range(30)],
        "seen": [log.seen_by(user, *span) for user in USERS for span in spans],
        "old": [log.shown_to_version1(user, *span) for user in USERS for span in spans],
        "reached": [log.reached(user, ["k1", "k2", "k3"], n) for user in USERS for n in range(4)],
        "again": [log.joined_after(user, line) for user in USERS for line in lines],
        "stays": [
            log.stay(user, group, at)
            for user in USERS
            for group in GROUPS
            for at in (*places, FOREVER)
        ],
    }


@given(histories())
def test_a_log_says_what_it_would_say_by_itself(logs: list[Log]) -> None:
    told = logs_of(noted(logs))
    assert [says(log) for log in told] == [says(Chronicle(map(lineage_of, log))) for log in logs]


@given(histories())
def test_what_is_found_in_a_log_is_found_in_one_of_those_that_have_it(logs: list[Log]) -> None:
    """This holds for all entries of strangers and, in the last log, for what is there twice."""
    told, whole = logs_of(noted(logs)), [Chronicle(map(lineage_of, log)) for log in logs]
    strangers = [line for log in told for line in log.strangers]
    assert {*strangers} == {line for log in whole for line in log.strangers}
    assert told[-1].twice == whole[-1].twice


def test_what_many_logs_have_is_there_once() -> None:
    """The last of some hundred entries is lost repeatedly."""
    first = grown((), 400, random.Random(1))
    logs = [(*first, {**first[-1], "at": len(first) + 1, "cid": f"x{n}"}) for n in range(50)]
    dumps = noted(logs)
    assert sum(len(dump.lines) for dump in dumps) == len(first) + len(logs)
    assert sum(len(log.lines) for log in logs_of(dumps)) == len(first) + len(logs)


def test_a_history_in_which_the_log_was_never_looked_at_has_an_empty_one() -> None:
    (log,) = logs_of([])
    assert log.head == 0
    assert says(log) == says(Chronicle())


@pytest.mark.parametrize("same", [0, 1])
def test_what_is_above_the_same_is_looked_up_where_it_is_told(same: int) -> None:
    """This holds whether the dump says that the first entry is the same, or repeats it."""
    one, two = (Line(at, pair(1, 2), 1, f"c{at}", f"k{at}") for at in (1, 2))
    later = logs_of([Dump(0, [one, two]), Dump(same, [one][same:])])
    assert [[*log.above(0)] for log in later] == [[one, two], [one]]
