"""The judge of deliveries, with histories made by hand: clean ones, and some for each breach."""

from collections.abc import Callable
from pathlib import Path

import pytest

from chat_domain.entries import pair
from tests.delivery.history import Event, new_history, note_log, read_history
from tests.delivery.judge import Verdict, judge

ANN, BEN, CAT = 1, 2, 3
GROUP = 7
SEVERAL = 10  # added to a user's number: another connection and process of theirs


class Tale:
    """A history, written in a few words. Each user has one connection and one process, with the
    user's number, and sees nothing at first. What the log has in the end is independent of what the
    events say about it."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.log: list[Event] = []
        self._noted: list[Event] = []
        self._numbers: dict[int, int] = {}
        for user in (ANN, BEN, CAT):
            self.opens(user)
            self.tell("login", process=user, user=user, how="password")

    def tell(self, kind: str, **facts: object) -> None:
        self.events.append({"t": len(self.events), "kind": kind, **facts})

    # -- what is said ----------------------------------------------------------------------------

    def opens(self, user: int, since: int | None = 0, *, wire: int = 0, version: int = 2) -> None:
        head = 0 if version == 1 else len(self.log)
        facts = {"version": version, "since": since, "head": head, "epoch": "e", "reset": False}
        self.tell("opened", wire=wire or user, user=user, **facts)

    def begins_anew(self, user: int, head: int) -> None:
        """Cut a device off, and tell it on its return that its positions are no longer valid."""
        self.tell("cut", wire=user)
        facts = {"version": 2, "since": None, "head": head, "epoch": "f", "reset": True}
        self.tell("opened", wire=user, user=user, **facts)
        self.tell("anew", process=user)

    def send(self, key: str, to: int = BEN, *, group: int = 0, sender: int = ANN) -> None:
        number = self._numbers[sender] = self._numbers.get(sender, 0) + 1
        where = {"group": group} if group else {"to": to}
        self.tell("send", key=key, sender=sender, process=sender, number=number, crc=9, **where)
        self.copy(key, sender)

    def copy(self, key: str, wire: int = ANN) -> None:
        self.tell("copy", wire=wire, key=key)

    def answer(self, key: str, at: int, sender: int = ANN) -> None:
        self.tell("acked", wire=sender, at=at, cid=key)
        self.tell("ack", key=key, at=at)

    def push(self, wire: int, at: int) -> None:
        """Send an entry of the log to a connection, as the log has it."""
        entry = self.log[at - 1]
        facts = {name: entry[name] for name in ("sender", "cid", "key", "crc") if name in entry}
        self.tell("pushed", wire=wire, at=at, **facts)

    def show(self, user: int, at: int, process: int = 0) -> None:
        key = self.log[at - 1].get("key", "")
        self.tell("received", process=process or user, user=user, at=at, key=key)

    # -- the log ---------------------------------------------------------------------------------

    def text(self, key: str, to: int = BEN, *, group: int = 0, sender: int = ANN) -> int:
        """Put a text into the log; return its position."""
        return self._write(group or pair(sender, to), sender, key, key=key, crc=9)

    def change(self, what: str, user: int = ANN, whom: int = 0) -> int:
        return self._write(GROUP, user, f"{what}-{len(self.log)}", what=what, whom=whom)

    def _write(self, conv: int, sender: int, cid: str, **facts: object) -> int:
        at = len(self.log) + 1
        self.log.append({"at": at, "conv": conv, "sender": sender, "cid": cid, **facts})
        return at

    def says(self, key: str, to: int = BEN, *, group: int = 0, sender: int = ANN) -> int:
        """Let a text be sent, logged and acknowledged, as it should be. Return its position."""
        self.send(key, to, group=group, sender=sender)
        at = self.text(key, to, group=group, sender=sender)
        self.answer(key, at, sender)
        return at

    def group(self, *members: int) -> None:
        """Let Ann make a group; its members are sent what they have to see."""
        self.push(ANN, self.change("created"))
        for count, member in enumerate(members, start=1):
            at = self.change("joined", member)
            for reader in (ANN, *members[:count]):
                self.push(reader, at)

    # -- the end ---------------------------------------------------------------------------------

    def dump(self) -> None:
        note_log(self.tell, self.log, self._noted)
        self._noted = [*self.log]

    def ends(self, *online: int) -> Verdict:
        """Become quiet, let somebody look who is online, and judge."""
        for user in (ANN, BEN, CAT):
            self.tell("live", user=user, ok=True)
        self.tell("quiet")
        self.dump()
        self.tell("presence", observer=99, node=0, online=list(online or (ANN, BEN, CAT)))
        return judge(self.events)


@pytest.fixture
def tale() -> Tale:
    return Tale()


def broken(verdict: Verdict) -> set[str]:
    return set(verdict.breaches)


def test_a_clean_history_breaks_nothing(tale: Tale) -> None:
    """It has texts to users and groups, refusals, repeats, marks, and a device that returns."""
    tale.group(BEN, CAT)
    at = tale.says("a")
    tale.push(BEN, at)
    tale.show(BEN, at)
    tale.tell("taken", wire=BEN, at=at)
    tale.tell("marks", wire=ANN, user=BEN, got=at)
    tale.tell("stored", user=BEN, got=at, epoch="e")
    tale.send("b", group=GROUP, sender=CAT)
    tale.copy("b", CAT)
    tale.tell("fail", key="b", error="lost")
    tale.tell("cut", wire=BEN)
    at = tale.says("c", group=GROUP)
    tale.push(CAT, at)
    tale.opens(BEN, since=at - 1, wire=12)
    tale.push(12, at)
    tale.show(BEN, at)
    for wire in (ANN, 12, CAT):
        tale.tell("said", wire=wire, at=at)
    verdict = tale.ends()
    assert verdict.kept, str(verdict)
    assert "all promises kept" in str(verdict)
    assert verdict.figures["acknowledged"] == 2


# -- the log -----------------------------------------------------------------------------------


def test_an_acknowledged_message_that_is_not_in_the_log_is_found_out(tale: Tale) -> None:
    tale.send("a")
    tale.answer("a", 1)
    assert broken(tale.ends()) == {"what_is_acknowledged_is_in_the_log"}


def test_an_answer_that_names_another_position_is_found_out(tale: Tale) -> None:
    tale.push(BEN, tale.says("a"))
    tale.send("b")
    tale.push(BEN, tale.text("b"))
    tale.answer("b", 1)
    assert "what_is_acknowledged_is_in_the_log" in broken(tale.ends())


def test_an_answer_that_nobody_heard_counts(tale: Tale) -> None:
    tale.tell("acked", wire=ANN, at=1, cid="a")
    assert broken(tale.ends()) == {"what_is_acknowledged_is_in_the_log"}


def test_what_nobody_has_sent_is_found_out(tale: Tale) -> None:
    tale.push(BEN, tale.text("a"))
    tale.tell("acked", wire=ANN, at=1, cid="a")
    assert broken(tale.ends()) == {"the_log_has_what_was_sent"}


def test_a_message_to_somebody_else_is_found_out(tale: Tale) -> None:
    tale.send("a", CAT)
    tale.push(BEN, tale.text("a", BEN))
    tale.tell("acked", wire=ANN, at=1, cid="a")
    assert "the_log_has_what_was_sent" in broken(tale.ends())


def test_a_message_that_the_log_has_twice_is_found_out(tale: Tale) -> None:
    tale.push(BEN, tale.says("a"))
    tale.push(BEN, tale.text("a"))
    tale.tell("acked", wire=ANN, at=1, cid="a")
    assert "the_log_has_what_was_sent" in broken(tale.ends())


def test_a_position_that_nothing_has_is_found_out(tale: Tale) -> None:
    tale.push(BEN, tale.says("a"))
    tale.log[0]["at"] = 2
    assert "the_log_has_no_hole" in broken(tale.ends())


def test_two_messages_in_the_wrong_order_are_found_out(tale: Tale) -> None:
    tale.send("a")
    tale.send("b", CAT)
    tale.push(CAT, tale.text("b", CAT))
    tale.push(BEN, tale.text("a"))
    tale.answer("b", 1)
    tale.answer("a", 2)
    assert broken(tale.ends()) == {"order_is_kept"}


def test_what_was_not_acknowledged_has_no_place(tale: Tale) -> None:
    tale.send("a")
    tale.send("b")
    tale.push(BEN, tale.text("b"))
    tale.push(BEN, tale.text("a"))
    tale.tell("acked", wire=ANN, at=2, cid="a")
    tale.answer("b", 1)
    tale.tell("fail", key="a", error="lost")
    assert tale.ends().kept


@pytest.mark.parametrize(
    ("member", "copied", "broken_promises"),
    [(False, True, set()), (True, True, {"order_is_kept"}), (False, False, {"order_is_kept"})],
)
def test_a_message_has_its_place_unless_its_first_copy_can_have_been_refused(
    tale: Tale, *, member: bool, copied: bool, broken_promises: set[str]
) -> None:
    """Its sender may have joined the group while it was on its way."""
    members = (BEN, CAT) if member else (BEN,)
    tale.group(*members)
    tale.send("a", group=GROUP, sender=CAT)
    if copied:
        tale.copy("a", CAT)
    if not member:
        joined = tale.change("joined", CAT)
        for wire in (ANN, BEN, CAT):
            tale.push(wire, joined)
    tale.send("b", sender=CAT)
    tale.push(BEN, tale.text("b", sender=CAT))
    tale.answer("b", len(tale.log), CAT)
    at = tale.text("a", group=GROUP, sender=CAT)
    tale.push(ANN, at)
    tale.push(BEN, at)
    tale.answer("a", at, CAT)
    assert broken(tale.ends()) == broken_promises


def test_a_stranger_who_is_heard_in_a_group_is_found_out(tale: Tale) -> None:
    tale.group(BEN)
    at = tale.says("a", group=GROUP, sender=CAT)
    tale.push(ANN, at)
    tale.push(BEN, at)
    assert broken(tale.ends()) == {"members_may_write"}


def test_a_member_who_is_told_to_be_none_is_found_out(tale: Tale) -> None:
    tale.group(BEN)
    tale.send("a", group=GROUP, sender=BEN)
    tale.tell("fail", key="a", error="not_member")
    assert broken(tale.ends()) == {"members_may_write"}


# -- streams -------------------------------------------------------------------------------------


def test_a_text_that_a_live_device_was_not_sent_is_found_out(tale: Tale) -> None:
    tale.says("a")
    assert broken(tale.ends()) == {"streams_are_the_log"}


def test_a_hole_is_found_out_wherever_it_ends(tale: Tale) -> None:
    """It may end at the next entry or at a `said`, even if the connection is gone by the end."""
    tale.says("a")
    at = tale.says("b")
    tale.push(BEN, at)
    tale.tell("cut", wire=BEN)
    assert broken(tale.ends()) == {"streams_are_the_log"}
    other = Tale()
    other.says("a")
    other.tell("said", wire=BEN, at=1)
    other.tell("cut", wire=BEN)
    assert broken(other.ends()) == {"streams_are_the_log"}


def test_a_connection_that_is_cut_owes_nothing(tale: Tale) -> None:
    tale.tell("cut", wire=BEN)
    tale.says("a")
    assert tale.ends().kept


def test_what_a_device_is_sent_begins_where_it_says(tale: Tale) -> None:
    """It begins neither later nor at that position itself."""
    tale.push(BEN, tale.says("a"))
    tale.push(BEN, tale.says("b"))
    tale.opens(BEN, since=0, wire=12)
    tale.push(12, 2)
    assert broken(tale.ends()) == {"streams_are_the_log"}
    tale.opens(BEN, since=1, wire=13)
    tale.push(13, 1)
    assert broken(tale.ends()) == {"streams_are_the_log"}


def test_an_entry_that_comes_twice_over_a_connection_is_found_out(tale: Tale) -> None:
    at = tale.says("a")
    tale.push(BEN, at)
    tale.push(BEN, at)
    assert broken(tale.ends()) == {"streams_are_the_log"}


def test_entries_in_the_wrong_order_are_found_out(tale: Tale) -> None:
    tale.says("a")
    tale.says("b")
    tale.push(BEN, 2)
    tale.push(BEN, 1)
    assert broken(tale.ends()) == {"streams_are_the_log"}


def test_an_altered_text_is_found_out(tale: Tale) -> None:
    at = tale.says("a")
    tale.tell("pushed", wire=BEN, at=at, sender=ANN, cid="a", key="a", crc=8)
    assert broken(tale.ends()) == {"streams_are_the_log"}


def test_a_text_at_the_wrong_person_is_found_out(tale: Tale) -> None:
    at = tale.says("a")
    tale.push(BEN, at)
    tale.push(CAT, at)
    assert broken(tale.ends()) == {"streams_are_the_log"}


def test_what_one_wrote_oneself_counts_by_its_answer_over_the_same_connection(tale: Tale) -> None:
    """Another device of the same user is sent it."""
    tale.opens(ANN, wire=ANN + SEVERAL)
    tale.push(BEN, tale.says("a"))
    assert broken(tale.ends()) == {"streams_are_the_log"}
    tale.push(ANN + SEVERAL, 1)
    assert judge(tale.events).kept


def test_who_leaves_sees_their_leaving_and_nothing_of_what_follows(tale: Tale) -> None:
    tale.group(BEN)
    left = tale.change("left", BEN)
    tale.push(ANN, left)
    tale.push(BEN, left)
    at = tale.says("a", group=GROUP)
    assert tale.ends().kept
    tale.push(BEN, at)
    assert broken(judge(tale.events)) == {"streams_are_the_log"}


def test_who_joins_sees_nothing_of_what_was_before(tale: Tale) -> None:
    tale.group(BEN)
    at = tale.says("a", group=GROUP)
    tale.push(BEN, at)
    joined = tale.change("joined", CAT)
    tale.push(CAT, at)
    for wire in (ANN, BEN, CAT):
        tale.push(wire, joined)
    assert broken(tale.ends()) == {"streams_are_the_log"}


@pytest.mark.parametrize("version", [1, 2])
def test_who_does_not_say_where_they_are_gets_what_nobody_has_taken_over(
    tale: Tale, version: int
) -> None:
    """What the device already had may come again."""
    for key in "abc":
        tale.push(BEN, tale.says(key))
    tale.tell("taken", wire=BEN, at=2)
    tale.opens(BEN, since=None, wire=12, version=version)
    tale.push(12, 2)
    tale.push(12, 3)
    tale.tell("cut", wire=12)
    tale.opens(BEN, since=None, wire=13, version=version)
    if version == 2:  # version 1 has taken over what it was sent
        tale.push(13, 3)
    tale.tell("stored", user=BEN, got=2, epoch="e")
    assert tale.ends().kept
    tale.says("d")
    tale.push(BEN, 4)
    tale.dump()
    assert broken(judge(tale.events)) == {"streams_are_the_log"}


def test_version_1_is_sent_what_others_write_and_nothing_else(tale: Tale) -> None:
    tale.opens(BEN, since=None, wire=12, version=1)
    tale.group(BEN)
    tale.push(ANN, tale.says("a", ANN, sender=BEN))
    assert tale.ends().kept
    tale.tell("pushed", wire=12, at=0, sender=BEN, key="a", crc=9)
    assert broken(judge(tale.events)) == {"streams_are_the_log"}


def test_positions_begin_anew_with_another_epoch(tale: Tale) -> None:
    """What the database lost was in the log; later entries have the same positions."""
    tale.push(BEN, tale.says("a"))
    tale.push(BEN, tale.says("b"))
    tale.show(BEN, 2)
    tale.dump()
    del tale.log[1:]
    tale.tell("lost", head=1)
    for user in (ANN, BEN, CAT):
        tale.begins_anew(user, head=1)
    tale.push(BEN, tale.says("c"))
    tale.show(BEN, 2)
    verdict = tale.ends()
    assert verdict.kept, str(verdict)


def loses(tale: Tale, head: int, *dumb: int) -> None:
    """Let the database come back without what is above. dumb: users whom nobody tells."""
    tale.dump()
    del tale.log[head:]
    tale.tell("lost", head=head)
    for user in {ANN, BEN, CAT}.difference(dumb):
        tale.begins_anew(user, head)


@pytest.mark.parametrize(("head", "is_kept"), [(1, True), (2, False)])
def test_what_the_database_has_lost_is_excused_and_nothing_else(
    tale: Tale, *, head: int, is_kept: bool
) -> None:
    tale.push(BEN, tale.says("a"))
    tale.push(BEN, tale.says("b"))
    tale.dump()
    del tale.log[1:]
    tale.tell("lost", head=head)
    for user in (ANN, BEN, CAT):
        tale.begins_anew(user, head=1)
    verdict = tale.ends()
    assert verdict.kept == is_kept
    assert is_kept or broken(verdict) == {"nothing_else_is_lost"}


@pytest.mark.parametrize(("head", "is_kept"), [(1, True), (2, False)])
def test_who_joins_again_after_a_loss_may_have_been_refused_before(
    tale: Tale, *, head: int, is_kept: bool
) -> None:
    """Not if the loss kept that they had joined."""
    tale.group(BEN)
    tale.push(BEN, tale.says("b"))
    tale.send("a", group=GROUP, sender=BEN)
    loses(tale, head)
    tale.tell("fail", key="a", error="not_member")
    if head == 1:
        joined = tale.change("joined", BEN)
        tale.push(ANN, joined)
        tale.push(BEN, joined)
    assert ("members_may_write" not in broken(tale.ends())) == is_kept


def test_an_entry_that_has_become_another_with_a_loss_is_found_out(tale: Tale) -> None:
    for key in "abc":
        tale.push(BEN, tale.says(key))
    loses(tale, 2)
    tale.log[0] = {**tale.log[0], "crc": 8}
    assert "nothing_else_is_lost" in broken(tale.ends())


def test_what_was_found_before_several_losses_is_found_once(tale: Tale) -> None:
    """Here a stranger was heard in a group, in the part that all logs have."""
    tale.group(BEN)
    at = tale.says("a", group=GROUP, sender=CAT)
    for wire in (ANN, BEN):
        tale.push(wire, at)
    for key in "bc":
        tale.push(BEN, tale.says(key))
        loses(tale, at)
    verdict = tale.ends()
    assert broken(verdict) == {"members_may_write"}
    assert len(verdict.breaches["members_may_write"]) == 1


def test_a_stranger_in_what_was_lost_is_found_out(tale: Tale) -> None:
    tale.group(BEN)
    at = tale.says("a", group=GROUP, sender=CAT)
    for wire in (ANN, BEN):
        tale.push(wire, at)
    loses(tale, at - 1)
    assert broken(tale.ends()) == {"members_may_write"}


def test_an_answer_in_a_new_epoch_is_not_excused_by_what_was_lost(tale: Tale) -> None:
    tale.push(BEN, tale.says("a"))
    tale.push(BEN, tale.says("b"))
    loses(tale, 1)
    tale.tell("acked", wire=ANN, at=2, cid="b")
    assert broken(tale.ends()) == {"what_is_acknowledged_is_in_the_log"}


def test_a_stream_of_a_new_epoch_is_of_the_log_as_it_is_since(tale: Tale) -> None:
    tale.push(BEN, tale.says("a"))
    tale.push(BEN, tale.says("b"))
    loses(tale, 1)
    tale.tell("pushed", wire=BEN, at=2, sender=ANN, cid="b", key="b", crc=9)
    tale.tell("cut", wire=BEN)
    assert broken(tale.ends()) == {"streams_are_the_log"}


@pytest.mark.parametrize(("dumb", "broken_promises"), [(True, set()), (False, {"marks_are_true"})])
def test_who_was_not_told_of_a_new_epoch_can_hear_of_what_was_lost(
    tale: Tale, *, dumb: bool, broken_promises: set[str]
) -> None:
    tale.push(BEN, tale.says("a"))
    tale.push(BEN, tale.says("b"))
    tale.tell("taken", wire=BEN, at=2)
    loses(tale, 1, *((ANN,) if dumb else ()))
    tale.tell("marks", wire=ANN, user=BEN, got=2)
    tale.tell("cut", wire=ANN)
    assert broken(tale.ends()) == broken_promises


def test_what_was_taken_over_counts_however_often_nothing_is_lost(tale: Tale) -> None:
    """The epoch stays the same, and so do the devices' connections."""
    tale.push(BEN, tale.says("a"))
    loses(tale, 1, ANN, BEN, CAT)
    tale.push(BEN, tale.says("b"))
    tale.tell("taken", wire=BEN, at=2)
    loses(tale, 2, ANN, BEN, CAT)
    tale.tell("marks", wire=ANN, user=BEN, got=2)
    assert broken(tale.ends()) == set()


@pytest.mark.parametrize(
    ("taken", "broken_promises"), [(True, set()), (False, {"streams_are_the_log"})]
)
def test_a_login_where_nobody_was_told_of_a_new_epoch_is_of_the_log_before(
    tale: Tale, *, taken: bool, broken_promises: set[str]
) -> None:
    """It begins where the user's devices were, including what they have taken over since."""
    tale.push(BEN, tale.says("a"))
    tale.push(BEN, tale.says("b"))
    loses(tale, 1, BEN)
    if taken:
        tale.tell("taken", wire=BEN, at=2)
    wire, facts = BEN + SEVERAL, {"user": BEN, "version": 2, "since": None, "reset": False}
    tale.tell("opened", wire=wire, head=2, epoch="e", **facts)
    tale.tell("said", wire=wire, at=2)
    for one in (BEN, wire):
        tale.tell("cut", wire=one)
    assert broken(tale.ends()) == broken_promises


@pytest.mark.parametrize(
    ("lost", "broken_promises"), [(True, set()), (False, {"streams_are_the_log"})]
)
def test_a_place_that_the_database_has_lost_is_where_the_log_ends(
    tale: Tale, *, lost: bool, broken_promises: set[str]
) -> None:
    """A node that has not noticed the loss stores it as a mark, which is cut to the head: nothing
    below is owed any more."""
    tale.push(BEN, tale.says("a"))
    tale.push(BEN, tale.says("b"))
    loses(tale, 1)
    if lost:
        tale.tell("comes", wire=99, user=BEN, since=2)
    wire, facts = BEN + SEVERAL, {"user": BEN, "version": 2, "since": None, "reset": False}
    tale.tell("opened", wire=wire, head=1, epoch="f", **facts)
    at = tale.says("c")
    for one in (BEN, wire):
        tale.push(one, at)
    assert broken(tale.ends()) == broken_promises


def test_what_is_shown_after_the_last_look_at_the_log_is_not_looked_for_there(tale: Tale) -> None:
    tale.push(BEN, tale.says("a"))
    tale.dump()
    tale.tell("quiet")
    tale.tell("over")
    tale.push(BEN, tale.text("b"))
    tale.tell("cut", wire=BEN)
    tale.tell("closed", process=BEN, user=BEN)
    tale.tell("presence", observer=99, node=0, online=[ANN, CAT])
    verdict = judge(tale.events)
    assert verdict.kept, str(verdict)


# -- version 1 -----------------------------------------------------------------------------------


@pytest.fixture
def old(tale: Tale) -> Tale:
    """Ben has a client of version 1 on connection 12, and was sent `a` there. Tests end it, and let
    him come again on connection 13."""
    tale.tell("cut", wire=BEN)
    tale.opens(BEN, since=None, wire=12, version=1)
    tale.push(12, tale.says("a"))
    return tale


def test_a_text_that_version_1_is_sent_over_two_connections_is_found_out(old: Tale) -> None:
    old.tell("cut", wire=12)
    old.opens(BEN, since=None, wire=13, version=1)
    old.push(13, 1)
    assert broken(old.ends()) == {"streams_are_the_log"}


@pytest.mark.parametrize("what", ["node 1", "database 0"])
def test_what_a_server_can_have_forgotten_may_come_again(old: Tale, what: str) -> None:
    """What was sent after that may not."""
    for phase in ("begin", "end"):
        old.tell("fault", what="killed", target=what, phase=phase)
    old.tell("cut", wire=12)
    old.opens(BEN, since=None, wire=13, version=1)
    old.push(13, 1)
    assert old.ends().kept
    old.tell("cut", wire=13)
    old.opens(BEN, since=None, wire=14, version=1)
    old.push(14, 1)
    assert broken(judge(old.events)) == {"streams_are_the_log"}


@pytest.mark.parametrize("again", [True, False])
def test_a_text_that_version_1_is_sent_while_it_leaves_may_come_again(
    old: Tale, *, again: bool
) -> None:
    """Nobody but the server knows what came first. What was sent before that may not come again."""
    old.tell("leaves", wire=12)
    old.push(12, old.says("b"))
    old.opens(BEN, since=None, wire=12, version=1)
    if again:
        old.push(12, 2)
    assert old.ends().kept
    old.tell("cut", wire=12)
    old.opens(BEN, since=None, wire=13, version=1)
    old.push(13, 1)
    assert broken(judge(old.events)) == {"streams_are_the_log"}


@pytest.mark.parametrize("gone", [True, False])
def test_a_text_that_version_1_is_sent_after_it_gave_its_login_up_may_come_again(
    old: Tale, *, gone: bool
) -> None:
    """The server may have been so slow that its answer came when the client had left."""
    old.tell("cut", wire=12)
    old.tell("comes", wire=13, user=BEN, since=None, version=1)
    if gone:
        old.tell("leaves", wire=13)
    old.opens(BEN, since=None, wire=13, version=1)
    old.push(13, old.says("b"))
    old.tell("cut", wire=13)
    old.opens(BEN, since=None, wire=14, version=1)
    old.push(14, 2)
    assert broken(old.ends()) == (set() if gone else {"streams_are_the_log"})


@pytest.mark.parametrize(
    ("whole", "broken_promises"), [(True, {"streams_are_the_log"}), (False, set())]
)
def test_a_text_that_no_connection_of_version_1_was_sent_is_found_out(
    old: Tale, *, whole: bool, broken_promises: set[str]
) -> None:
    """It is excused if it can have been lost on its way."""
    old.says("b")
    old.tell("cut", wire=12, whole=whole)
    old.opens(BEN, since=None, wire=13, version=1)
    old.push(13, old.says("c"))
    assert broken(old.ends()) == broken_promises


UNLESS_UNHEARD = pytest.mark.parametrize(
    ("whole", "unless_unheard"), [(True, lambda one: {one}), (False, lambda _: set())]
)
Unless = Callable[[str], set[str]]


@UNLESS_UNHEARD
def test_a_device_without_a_place_is_owed_what_version_1_was_not_sent(
    old: Tale, *, whole: bool, unless_unheard: Unless
) -> None:
    """It is not if version 1 can have been sent it without this being heard."""
    old.says("b")
    old.opens(BEN, since=None, wire=BEN)
    old.push(BEN, old.says("c"))
    old.tell("cut", wire=12, whole=whole)
    assert broken(old.ends()) == unless_unheard("streams_are_the_log")


@UNLESS_UNHEARD
def test_a_mark_of_what_version_1_was_not_sent_is_found_out(
    old: Tale, *, whole: bool, unless_unheard: Unless
) -> None:
    """It is excused if version 1 can have been sent it without this being heard."""
    at = old.says("b")
    old.tell("marks", wire=ANN, user=BEN, got=at)
    old.tell("cut", wire=12, whole=whole)
    old.opens(BEN, since=None, wire=13, version=1)
    old.push(13, at)
    assert broken(old.ends()) == unless_unheard("marks_are_true")


@UNLESS_UNHEARD
def test_a_mark_of_what_the_answer_to_a_login_of_version_1_had_counts(
    old: Tale, *, whole: bool, unless_unheard: Unless
) -> None:
    """It does if the answer, which was all that its connection was sent, was not heard."""
    at = old.says("b")
    old.tell("cut", wire=12)
    old.tell("comes", wire=14, user=BEN, since=None, version=1)
    old.tell("cut", wire=14, whole=whole)
    old.tell("marks", wire=ANN, user=BEN, got=at)
    old.opens(BEN, since=None, wire=13, version=1)
    old.push(13, at)
    assert broken(old.ends()) == unless_unheard("marks_are_true")


def test_version_1_is_not_owed_what_another_device_has_taken_over(old: Tale) -> None:
    old.opens(BEN, since=1, wire=BEN)
    old.tell("cut", wire=12)
    old.push(BEN, old.says("b"))
    old.tell("taken", wire=BEN, at=2)
    old.opens(BEN, since=None, wire=13, version=1)
    at = old.says("c")
    old.push(BEN, at)
    old.push(13, at)
    old.tell("stored", user=BEN, got=2, epoch="e")
    assert old.ends().kept


@pytest.mark.parametrize(
    ("sent", "broken_promises"), [("cde", set()), ("ce", {"streams_are_the_log"})]
)
def test_version_1_is_not_told_that_positions_begin_anew(
    old: Tale, sent: str, broken_promises: set[str]
) -> None:
    """It is sent one log for as long as possible, and then the next, without a hole in either."""
    old.push(12, old.says("b"))
    loses(old, 1, BEN)
    for key in "cde":
        at = old.says(key)
        if key in sent:
            old.push(12, at)
    assert broken(old.ends()) == broken_promises


@pytest.mark.parametrize(("later", "broken_promises"), [(0, set()), (31, {"streams_are_the_log"})])
def test_version_1_is_not_sent_what_was_lost_long_before_it_came(
    old: Tale, later: int, broken_promises: set[str]
) -> None:
    """By then, its node has noticed the loss."""
    old.push(12, old.says("b"))
    old.tell("cut", wire=12)
    loses(old, 1, BEN)
    for _ in range(later):  # seconds
        old.tell("nothing")
    old.opens(BEN, since=None, wire=13, version=1)
    old.tell("pushed", wire=13, at=0, sender=ANN, key="b", crc=9)
    old.says("c")
    loses(old, 1, BEN)
    old.tell("cut", wire=13)
    assert broken(old.ends()) == broken_promises


# -- clients -------------------------------------------------------------------------------------


def test_a_client_that_shows_something_twice_is_found_out(tale: Tale) -> None:
    tale.push(BEN, tale.says("a"))
    tale.show(BEN, 1)
    tale.show(BEN, 1, process=12)
    assert tale.ends().kept
    tale.show(BEN, 1)
    assert broken(judge(tale.events)) == {"nothing_is_shown_twice"}


def test_a_client_that_leaves_something_out_is_found_out(tale: Tale) -> None:
    for key in "abc":
        tale.push(BEN, tale.says(key))
    tale.show(BEN, 1)
    tale.show(BEN, 3)
    assert broken(tale.ends()) == {"what_is_shown_is_the_log"}


def test_a_device_goes_on_from_where_its_process_before_was(tale: Tale) -> None:
    """It begins neither later nor earlier."""
    for key in "abc":
        tale.push(BEN, tale.says(key))
    tale.tell("process", process=12, user=BEN, after=BEN)
    tale.show(BEN, 1)
    tale.show(BEN, 3, process=12)
    assert broken(tale.ends()) == {"what_is_shown_is_the_log"}
    tale.show(BEN, 2)
    tale.show(BEN, 2, process=12)
    assert "nothing_is_shown_twice" in broken(judge(tale.events))


def test_a_device_shows_what_another_one_of_its_user_wrote(tale: Tale) -> None:
    """It does not show what it wrote itself."""
    for key in "abc":
        tale.push(BEN, tale.says(key))
    tale.show(ANN, 1)
    tale.show(ANN, 3)
    assert tale.ends().kept
    tale.show(ANN, 1, process=11)
    tale.show(ANN, 3, process=11)
    assert broken(judge(tale.events)) == {"what_is_shown_is_the_log"}


# -- marks ---------------------------------------------------------------------------------------


def test_a_mark_before_anybody_has_taken_anything_over_is_found_out(tale: Tale) -> None:
    tale.push(BEN, tale.says("a"))
    tale.tell("marks", wire=ANN, user=BEN, got=1)
    tale.tell("taken", wire=BEN, at=1)
    tale.tell("stored", user=BEN, got=1, epoch="e")
    assert broken(tale.ends()) == {"marks_are_true"}


def test_a_mark_at_what_one_did_not_write_is_found_out(tale: Tale) -> None:
    at = tale.says("a", BEN, sender=CAT)
    tale.push(BEN, at)
    tale.tell("taken", wire=BEN, at=at)
    tale.tell("marks", wire=ANN, user=BEN, got=at)
    tale.tell("stored", user=BEN, got=at, epoch="e")
    assert broken(tale.ends()) == {"marks_are_true"}


def test_where_a_device_says_that_it_is_counts_before_its_login_is_answered(tale: Tale) -> None:
    tale.push(BEN, tale.says("a"))
    tale.tell("cut", wire=BEN)
    tale.tell("comes", wire=12, user=BEN, since=1)
    tale.tell("marks", wire=ANN, user=BEN, got=1)
    tale.opens(BEN, since=1, wire=12)
    tale.tell("stored", user=BEN, got=1, epoch="e")
    assert tale.ends().kept


def test_what_version_1_was_sent_counts_before_it_is_heard(tale: Tale) -> None:
    tale.tell("comes", wire=12, user=BEN, since=None)
    tale.push(BEN, tale.says("a"))
    tale.tell("marks", wire=ANN, user=BEN, got=1)
    tale.opens(BEN, since=None, wire=12, version=1)
    tale.push(12, 1)
    assert tale.ends().kept


def test_what_version_1_was_sent_counts_as_taken_over(tale: Tale) -> None:
    tale.opens(BEN, since=None, wire=12, version=1)
    tale.push(BEN, tale.says("a"))
    tale.push(12, 1)
    tale.tell("marks", wire=ANN, user=BEN, got=1)
    assert tale.ends().kept


def test_a_mark_that_shrinks_is_found_out(tale: Tale) -> None:
    tale.tell("stored", user=BEN, got=3, epoch="e")
    tale.tell("stored", user=BEN, got=2, epoch="e")
    assert broken(tale.ends()) == {"marks_only_grow"}


def test_a_mark_that_is_not_stored_in_the_end_is_found_out(tale: Tale) -> None:
    tale.push(BEN, tale.says("a"))
    tale.tell("taken", wire=BEN, at=1)
    tale.tell("stored", user=BEN, got=0, epoch="e")
    assert broken(tale.ends()) == {"marks_only_grow"}


# -- the end -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tell",
    [
        lambda tale: tale.send("a"),
        lambda tale: tale.tell("live", user=50, ok=False),
        lambda tale: (tale.tell("live", user=50, ok=False), tale.tell("live", user=50, ok=True)),
    ],
)
def test_what_does_not_mend_is_found_out(tale: Tale, tell: Callable[[Tale], None]) -> None:
    """Examples are a message that is never answered, and a user who is not logged in at the end."""
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
    """Only a last line that was cut off is left out."""
    path = tmp_path / "history.jsonl"
    with new_history(path) as history:
        history.note("send", key="a")
        history.note("quiet")
    path.write_text(path.read_text() + '{"kind": "ack", "ke')
    assert [event["kind"] for event in read_history(path)] == ["send", "quiet"]
