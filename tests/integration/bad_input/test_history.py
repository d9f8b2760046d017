"""Pages of what the user may not see, or of what does not exist.

Each is empty, or gets the clear error that docs/protocol.md names, and costs nothing else: after
each test two bystanders go on chatting.
"""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.integration.bad_input.chatters import (
    NOBODY,
    assert_refused,
    assert_undisturbed,
    new_group,
    newcomer,
)
from tests.integration.raw_client import Frame, RawClient

CONVERSATIONS, HISTORY = 1039, 1041
JOIN, LEAVE = 1008, 1028
ENDS = (0, 1, 2**62, 2**63 - 1)


@pytest.fixture
def two(port: int) -> Iterator[tuple[RawClient, RawClient]]:
    with ExitStack() as stack:
        one, other = (stack.enter_context(newcomer(port)) for _ in range(2))
        yield one, other


def say(writer: RawClient, group: int, text: str) -> int:
    return int(writer.ask({"msgid": 1009, "groupid": group, "msg": text})["at"])


def ats(client: RawClient, **asked: int) -> list[int]:
    page = client.ask({"msgid": HISTORY, **asked})
    return [entry["at"] for entry in page["entries"]]


@pytest.mark.parametrize("place", [{}, {"before": 5}, {"after": 0}])
def test_a_group_that_one_never_was_in(two: tuple[RawClient, RawClient], place: Frame) -> None:
    """The answer is `not_member`, whether or not the group exists."""
    one, other = two
    for group in (new_group(one), NOBODY):
        answer = other.ask({"msgid": HISTORY, "groupid": group, **place})
        assert_refused(answer, "not_member")
    assert_undisturbed(other)


@pytest.mark.parametrize("place", [{}, {"before": 5}, {"after": 0}])
def test_somebody_to_whom_one_never_wrote(two: tuple[RawClient, RawClient], place: Frame) -> None:
    """The page is empty, whether or not the user exists, and no conversation is listed."""
    one, other = two
    for user_id in (one.id, other.id, NOBODY):
        page = other.ask({"msgid": HISTORY, "toid": user_id, **place})
        assert (page["entries"], page["more"]) == ([], False)
    assert other.ask({"msgid": CONVERSATIONS})["conversations"] == []


def test_what_was_before_joining_and_after_leaving(two: tuple[RawClient, RawClient]) -> None:
    """No page has it, wherever the page begins."""
    one, other = two
    group = new_group(one)
    before = say(one, group, "before")
    joined = other.ask({"msgid": JOIN, "groupid": group})["at"]
    between = say(one, group, "between")
    left = other.ask({"msgid": LEAVE, "groupid": group})["at"]
    after = say(one, group, "after")
    seen = [joined, between, left]
    assert ats(other, groupid=group) == ats(other, groupid=group, after=0) == seen
    assert ats(other, groupid=group, before=joined) == ats(other, groupid=group, after=left) == []
    assert ats(other, groupid=group, before=after + 1) == ats(other, groupid=group, after=before)
    assert ats(other, groupid=group, after=before - 1, limit=1) == [joined]


def test_beyond_the_ends(two: tuple[RawClient, RawClient]) -> None:
    """The page has everything or nothing, and there is no error."""
    one, other = two
    at = one.ask({"msgid": 1005, "toid": other.id, "msg": "hello"})["at"]
    for end in ENDS:
        assert ats(other, toid=one.id, before=end) == ([at] if end > at else [])
        assert ats(other, toid=one.id, after=end) == ([at] if end < at else [])
        rows = other.ask({"msgid": CONVERSATIONS, "before": end})["conversations"]
        assert [row["last"]["at"] for row in rows] == ([at] if end > at else [])


def test_a_group_that_has_ended(two: tuple[RawClient, RawClient]) -> None:
    """Its last members can read it up to its end, and it is listed as left."""
    one, other = two
    group = new_group(one)
    other.ask({"msgid": JOIN, "groupid": group})
    for client in (one, other):
        client.ask({"msgid": LEAVE, "groupid": group})
    whats = [entry["what"] for entry in other.ask({"msgid": HISTORY, "groupid": group})["entries"]]
    assert whats == ["joined", "left", "left"]
    (row,) = other.ask({"msgid": CONVERSATIONS})["conversations"]
    assert (row["groupid"], row["left"], row["name"]) == (group, True, "?")
    assert_refused(other.ask({"msgid": 1009, "groupid": group, "msg": "hello?"}), "no_such_group")


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({}, "`toid` or `groupid`"),
        ({"toid": 1, "groupid": 1}, "`toid` or `groupid`, and not both"),
        ({"toid": 1, "before": 5, "after": 5}, "`before` or `after`, and not both"),
        ({"groupid": 1, "before": 0, "after": 0}, "`before` or `after`, and not both"),
    ],
)
def test_what_cannot_be_meant(regular: RawClient, asked: Frame, named: str) -> None:
    """`bad_field` names the two fields."""
    assert_refused(regular.ask({"msgid": HISTORY, **asked}), "bad_field", named)
    assert_undisturbed(regular)
