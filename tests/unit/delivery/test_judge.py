"""The judge of deliveries, with histories made by hand: a clean one, and one for each breach."""

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.delivery.history import Event, new_history, read_history
from tests.delivery.judge import Verdict, judge

ANN, BEN, CAT = 1, 2, 3
GROUP = 7


class Tale:
    """A history, told in a few words. Everybody has one process, numbered as they are."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._numbers = itertools.count(1)
        self._unanswered: dict[str, list[tuple[int, int]]] = {}  # copies, by wire and seq
        self._waited = 0.0
        for user in (ANN, BEN, CAT):
            self.tell("login", process=user, user=user, how="password")
        self.tell("group", group=GROUP, user=ANN)

    def tell(self, kind: str, **facts: object) -> None:
        self.events.append({"t": len(self.events) + self._waited, "kind": kind, **facts})

    def wait(self, seconds: float) -> None:
        self._waited += seconds

    def send(self, key: str, to: int = BEN, *, group: int = 0, sender: int = ANN) -> None:
        where = {"group": group} if group else {"to": to}
        number = next(self._numbers)
        self.tell(
            "send",
            key=key,
            sender=sender,
            process=sender,
            user=sender,
            number=number,
            crc=9,
            **where,
        )
        self.copy(key, wire=sender)

    def copy(self, key: str, *, wire: int) -> None:
        seq = next(self._numbers)
        self._unanswered.setdefault(key, []).append((wire, seq))
        self.tell("copy", key=key, wire=wire, seq=seq)

    def answer(self, key: str) -> None:
        """To all of its copies."""
        for wire, seq in self._unanswered.pop(key):
            self.tell("said", wire=wire, seq=seq)

    def ack(self, key: str, status: str = "stored", refused: tuple[int, ...] = ()) -> None:
        if key in self._unanswered:
            self.answer(key)
        self.tell("ack", key=key, status=status, refused=list(refused))

    def shown(
        self, key: str, user: int = BEN, *, process: int = 0, group: int = 0, crc: int = 9
    ) -> None:
        facts = {"sender": ANN, "group": group, "crc": crc, "mid": "m"}
        self.tell("received", key=key, user=user, process=process or user, **facts)

    def change(self, kind: str, user: int, phase: str = "") -> None:
        for one in (phase,) if phase else ("asked", "done"):
            self.tell(kind, user=user, group=GROUP, phase=one)

    def ends(self, *online: int) -> Verdict:
        """Everything has become quiet, and somebody looks who is online."""
        for user in (ANN, BEN, CAT):
            self.tell("live", user=user, ok=True)
        self.tell("quiet")
        self.tell("presence", observer=99, node=0, online=list(online or (ANN, BEN, CAT)))
        return judge(self.events)


@pytest.fixture
def tale() -> Tale:
    return Tale()


def broken(verdict: Verdict) -> set[str]:
    return set(verdict.breaches)


def test_a_clean_history_breaks_nothing(tale: Tale) -> None:
    """Messages to people and groups, stored and delivered, refused and sent again."""
    tale.change("join", BEN)
    tale.change("join", CAT)
    tale.send("a")
    tale.shown("a")
    tale.ack("a", "delivered")
    tale.send("b", group=GROUP)
    tale.ack("b", "stored", refused=(CAT,))
    tale.shown("b", group=GROUP)
    tale.send("c")
    tale.tell("again", key="c")
    tale.tell("fail", key="c", error="lost")
    tale.change("leave", CAT)
    tale.send("d", group=GROUP)
    tale.shown("d", group=GROUP)
    tale.ack("d", "delivered")
    verdict = tale.ends()
    assert verdict.kept
    assert "all promises kept" in str(verdict)
    assert verdict.figures["acknowledged"] == 3


def test_an_acknowledged_message_that_never_came_is_lost(tale: Tale) -> None:
    tale.send("a")
    tale.ack("a")
    assert broken(tale.ends()) == {"nothing_acknowledged_is_lost"}


def test_a_group_message_that_a_member_never_got_is_lost(tale: Tale) -> None:
    tale.change("join", BEN)
    tale.change("join", CAT)
    tale.send("a", group=GROUP)
    tale.shown("a", group=GROUP)
    tale.ack("a")
    assert broken(tale.ends()) == {"nothing_acknowledged_is_lost"}


def test_who_joins_or_leaves_on_the_way_may_get_it_or_not(tale: Tale) -> None:
    tale.change("join", BEN)
    tale.send("a", group=GROUP)
    tale.change("leave", BEN)
    tale.change("join", CAT)
    tale.shown("a", CAT, group=GROUP)
    tale.ack("a")
    assert tale.ends().kept


def test_a_message_that_nobody_has_sent_is_found_out(tale: Tale) -> None:
    tale.shown("a")
    assert broken(tale.ends()) == {"nothing_comes_from_nowhere"}


def test_an_altered_message_is_found_out(tale: Tale) -> None:
    tale.send("a")
    tale.shown("a", crc=8)
    tale.ack("a")
    assert broken(tale.ends()) == {"nothing_comes_from_nowhere"}


def test_a_message_at_the_wrong_person_is_found_out(tale: Tale) -> None:
    tale.send("a", to=BEN)
    tale.shown("a", BEN)
    tale.shown("a", CAT)
    tale.ack("a")
    assert broken(tale.ends()) == {"nothing_comes_from_nowhere"}


def test_a_group_does_not_tell_its_speaker(tale: Tale) -> None:
    tale.send("a", group=GROUP)
    tale.shown("a", ANN, group=GROUP)
    tale.ack("a")
    assert broken(tale.ends()) == {"nothing_comes_from_nowhere"}


def test_one_process_shows_a_message_once(tale: Tale) -> None:
    tale.send("a")
    tale.shown("a")
    tale.shown("a")
    tale.ack("a")
    assert broken(tale.ends()) == {"nothing_is_shown_twice"}


def test_another_process_may_show_it_again(tale: Tale) -> None:
    tale.send("a")
    tale.shown("a")
    tale.shown("a", process=50)
    tale.ack("a")
    assert tale.ends().kept


def test_two_messages_in_the_wrong_order_are_found_out(tale: Tale) -> None:
    tale.send("a")
    tale.send("b")
    tale.shown("b")
    tale.shown("a")
    tale.ack("b")
    tale.ack("a")
    assert broken(tale.ends()) == {"order_is_kept"}


def test_a_message_that_was_refused_for_the_moment_keeps_its_place(tale: Tale) -> None:
    tale.send("a")
    tale.send("b")
    tale.tell("again", key="a")
    tale.copy("a", wire=ANN)
    tale.shown("b")
    tale.shown("a")
    tale.ack("b")
    tale.ack("a")
    assert broken(tale.ends()) == {"order_is_kept"}


def test_what_was_not_acknowledged_has_no_place(tale: Tale) -> None:
    tale.send("a")
    tale.send("b")
    tale.shown("b")
    tale.shown("a")
    tale.ack("b")
    tale.tell("fail", key="a", error="lost")
    assert tale.ends().kept


@pytest.mark.parametrize(
    ("member", "copied", "broken_promises"),
    [(False, True, set()), (True, True, {"order_is_kept"}), (False, False, {"order_is_kept"})],
)
def test_a_message_has_the_place_of_its_first_copy_unless_that_can_have_been_refused(
    tale: Tale, *, member: bool, copied: bool, broken_promises: set[str]
) -> None:
    """Its sender may have come into the group while it was on its way."""
    tale.change("join", BEN)
    if member:
        tale.change("join", ANN)
    tale.send("a", group=GROUP)
    if copied:
        tale.copy("a", wire=ANN)
    if not member:
        tale.change("join", ANN)
    tale.send("b")
    tale.shown("b")
    tale.shown("a", group=GROUP)
    tale.ack("b")
    tale.ack("a")
    assert broken(tale.ends()) == broken_promises


def test_delivered_before_it_was_shown_is_found_out(tale: Tale) -> None:
    tale.send("a")
    tale.ack("a", "delivered")
    tale.shown("a")
    assert broken(tale.ends()) == {"delivered_means_delivered"}


def test_a_group_message_to_a_stranger_is_found_out(tale: Tale) -> None:
    tale.change("join", BEN)
    tale.send("a", group=GROUP)
    tale.shown("a", BEN, group=GROUP)
    tale.shown("a", CAT, group=GROUP)
    tale.ack("a")
    assert broken(tale.ends()) == {"groups_are_private"}


def test_who_joins_after_all_copies_are_answered_is_a_stranger(tale: Tale) -> None:
    """However many there were."""
    tale.send("a", group=GROUP)
    tale.copy("a", wire=50)
    tale.ack("a")
    tale.change("join", CAT)
    tale.shown("a", CAT, group=GROUP)
    assert broken(tale.ends()) == {"groups_are_private"}


def test_a_copy_without_an_answer_is_handled_soon_after_its_connection_is_gone(tale: Tale) -> None:
    """Who joins then may get it; who joins later may not."""
    tale.send("a", group=GROUP)
    tale.tell("copy", key="a", wire=50, seq=1)
    tale.ack("a")
    tale.tell("cut", wire=50)
    tale.wait(5)
    tale.change("join", BEN)
    tale.wait(10)
    tale.change("join", CAT)
    tale.shown("a", BEN, group=GROUP)
    assert tale.ends().kept
    tale.shown("a", CAT, group=GROUP)
    assert broken(judge(tale.events)) == {"groups_are_private"}


def test_a_node_that_hangs_may_hold_a_copy_up(tale: Tale) -> None:
    """Until it hangs no more."""
    hang = {"what": "node hung", "target": "node 1"}
    tale.send("a", group=GROUP)
    tale.tell("copy", key="a", wire=50, seq=1)
    tale.ack("a")
    tale.tell("fault", phase="begin", **hang)
    tale.tell("cut", wire=50)
    tale.wait(60)
    tale.tell("fault", phase="end", **hang)
    tale.change("join", CAT)
    tale.shown("a", CAT, group=GROUP)
    assert tale.ends().kept


def test_who_joins_while_a_copy_is_on_its_way_may_get_it(tale: Tale) -> None:
    """And in the place of the copy, not of the message."""
    tale.send("a", group=GROUP)
    tale.tell("copy", key="a", wire=50, seq=1)
    tale.ack("a")
    tale.change("join", CAT)
    tale.send("b", group=GROUP)
    tale.shown("b", CAT, group=GROUP)
    tale.ack("b")
    tale.shown("a", CAT, group=GROUP)
    assert tale.ends().kept


def test_who_has_left_is_a_stranger(tale: Tale) -> None:
    tale.change("join", CAT)
    tale.change("leave", CAT)
    tale.send("a", group=GROUP)
    tale.shown("a", CAT, group=GROUP)
    tale.ack("a")
    assert broken(tale.ends()) == {"groups_are_private"}


def test_who_has_perhaps_left_may_get_it_or_not(tale: Tale) -> None:
    tale.change("join", CAT)
    tale.change("leave", CAT, "asked")
    tale.change("leave", CAT, "unsure")
    tale.change("join", CAT)  # too soon: the other request may be on its way still
    tale.send("a", group=GROUP)
    tale.ack("a")
    assert tale.ends().kept


def test_a_member_who_is_told_to_be_none_is_found_out(tale: Tale) -> None:
    tale.change("join", BEN)
    tale.send("a", group=GROUP, sender=BEN)
    tale.tell("fail", key="a", error="not_member")
    assert broken(tale.ends()) == {"members_may_speak"}


def test_a_stranger_who_is_heard_is_found_out(tale: Tale) -> None:
    tale.send("a", group=GROUP, sender=CAT)
    tale.shown("a", ANN, group=GROUP)
    tale.ack("a")
    found = broken(tale.ends())
    assert "members_may_speak" in found


@pytest.mark.parametrize(
    "tell",
    [
        lambda tale: tale.send("a"),
        lambda tale: tale.tell("live", user=50, ok=False),
    ],
)
def test_what_does_not_mend_is_found_out(tale: Tale, tell: Callable[[Tale], None]) -> None:
    """A message without an answer for ever, and somebody who is never reached directly."""
    tell(tale)
    assert broken(tale.ends()) == {"all_mends"}


def test_what_never_becomes_quiet_is_found_out(tale: Tale) -> None:
    assert broken(judge(tale.events)) == {"all_mends"}


def test_a_ghost_is_found_out(tale: Tale) -> None:
    tale.tell("closed", process=BEN, user=BEN)
    assert broken(tale.ends(ANN, BEN, CAT)) == {"presence_is_true"}


def test_somebody_unseen_is_found_out(tale: Tale) -> None:
    assert broken(tale.ends(ANN, CAT)) == {"presence_is_true"}


def test_a_user_with_a_new_process_is_there(tale: Tale) -> None:
    tale.tell("login", process=50, user=BEN, how="token")
    tale.tell("closed", process=BEN, user=BEN)
    assert tale.ends(ANN, BEN, CAT).kept


def test_a_history_is_read_as_it_was_written(tmp_path: Path) -> None:
    """But for a last line that was cut off."""
    path = tmp_path / "history.jsonl"
    with new_history(path) as history:
        history.note("send", key="a")
        history.note("quiet")
    path.write_text(path.read_text() + '{"kind": "ack", "ke')
    assert [event["kind"] for event in read_history(path)] == ["send", "quiet"]
