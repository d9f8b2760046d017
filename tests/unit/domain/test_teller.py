"""Telling hints: to whom, in which order, and how many in one turn."""

from collections.abc import Iterable
from itertools import pairwise

import pytest

from chat_domain.hints import Notice
from chat_domain.log.session import Session
from chat_domain.log.sessions import Sessions
from chat_domain.model import User
from chat_domain.notes import Note, Tell
from chat_domain.people.teller import AT_ONCE, WAITING, Teller
from tests.unit.fakes import ManualTasks, RecordingClient


class RecordingBroker:
    """`chat_domain.ports.cluster.Broker`, with nobody behind it."""

    def __init__(self) -> None:
        self.notes: list[Note] = []

    def broadcast(self, note: Note) -> None:
        self.notes.append(note)

    def hears(self) -> bool:
        return True


class Node:
    """One with these users on it."""

    def __init__(self, here: Iterable[int]) -> None:
        self.broker = RecordingBroker()
        self.tasks = ManualTasks()
        sessions = Sessions()
        self.clients = {user_id: RecordingClient() for user_id in here}
        for user_id, client in self.clients.items():
            user = User(user_id, f"user {user_id}")
            session = Session("s", user, client, "device")
            session.held = False
            sessions.add(session)
        self.teller = Teller(sessions, self.broker, self.tasks)

    def settle(self) -> None:
        """Let all turns go by that it takes."""
        self.tasks.drain()

    def told(self) -> dict[int, list[str]]:
        return {user_id: one.notices for user_id, one in self.clients.items() if one.notices}


HI, HO = Notice("hi"), Notice("ho")


def test_those_who_are_here_are_told_at_once_and_the_others_by_their_nodes() -> None:
    """And nobody else."""
    node = Node([1, 2, 3])
    node.teller.tell([1, 3, 4, 5], HI)
    assert node.told() == {1: ["hi"], 3: ["hi"]}
    assert node.broker.notes == [Tell(HI, [4, 5])]
    node.settle()


def test_what_another_node_says_is_not_said_again() -> None:
    """It has told all nodes."""
    node = Node([1, 2])
    node.teller.heard(Tell(HI, [1, 7]))
    assert node.told() == {1: ["hi"]}
    node.settle()
    assert node.broker.notes == []


def test_everybody_is_everybody_on_every_node() -> None:
    """Whoever they are."""
    node = Node([1, 2])
    assert node.teller.tell_everybody(HI) == 2
    node.settle()
    node.teller.heard(Tell(HO, None))
    node.settle()
    assert node.told() == {1: ["hi", "ho"], 2: ["hi", "ho"]}
    assert node.broker.notes == [Tell(HI, None)]


def test_few_are_told_in_one_turn() -> None:
    """However many they are, and however many hints: the others come in the next turns, in the
    order of the hints."""
    everybody = range(1, AT_ONCE * 5 // 2)
    node = Node(everybody)
    node.teller.tell_everybody(HI)
    node.teller.tell([*everybody, 9999], HO)
    counts: list[int] = []
    while len(counts) < 5:
        counts.append(sum(map(len, node.told().values())))
        node.tasks.turn()
    assert counts[0] == AT_ONCE
    assert all(after - before <= AT_ONCE for before, after in pairwise(counts))
    node.settle()
    assert node.told() == {user_id: ["hi", "ho"] for user_id in everybody}
    assert node.broker.notes == [Tell(HI, None), Tell(HO, [9999])]


def test_a_note_names_few_users() -> None:
    """Those who are elsewhere are told of in as many notes as it takes."""
    node = Node([])
    node.teller.tell(range(AT_ONCE * 3), HI)
    node.settle()
    named = [note.user_ids for note in node.broker.notes if isinstance(note, Tell)]
    assert [len(some or ()) for some in named] == [AT_ONCE] * 3


@pytest.mark.parametrize("more", [0, 1, 10])
def test_no_more_than_so_many_hints_wait(more: int) -> None:
    """What comes beyond that is not told, and does not hinder what comes later."""
    node = Node(range(AT_ONCE))
    for _ in range(1 + WAITING + more):
        node.teller.tell(range(AT_ONCE), HI)
    node.settle()
    assert {len(told) for told in node.told().values()} == {WAITING}
    node.teller.tell([0], HO)
    assert node.clients[0].notices[-1] == "ho"
    node.settle()


def test_a_client_that_cannot_be_told_keeps_nobody_from_being_told_later() -> None:
    """A defect costs one hint, and what comes next is told to all."""
    node = Node([1, 2])

    def fail(_: object) -> None:
        raise ValueError("a defect")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(node.clients[1], "tell", fail)
        with pytest.raises(ValueError, match="a defect"):
            node.teller.tell([1], HI)
    node.settle()
    node.teller.tell([1, 2], HO)
    node.settle()
    assert node.told() == {1: ["ho"], 2: ["ho"]}
