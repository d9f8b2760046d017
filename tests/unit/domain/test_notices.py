"""Notices: who gets them, in which order, and how many clients in one turn."""

from collections.abc import Iterable
from itertools import pairwise

import pytest

from chat_domain.log.session import Session
from chat_domain.log.sessions import Sessions
from chat_domain.model import User
from chat_domain.notes import Note, Notice
from chat_domain.people.notices import AT_ONCE, WAITING, Notices
from tests.unit.fakes import ManualTasks, RecordingClient


class RecordingBroker:
    """A `chat_domain.ports.cluster.Broker` that keeps the notes, without other nodes."""

    def __init__(self) -> None:
        self.notes: list[Note] = []

    def broadcast(self, note: Note) -> None:
        self.notes.append(note)

    def is_receiving(self) -> bool:
        return True


class Node:
    """A node with these users on it."""

    def __init__(self, here: Iterable[int]) -> None:
        self.broker = RecordingBroker()
        self.tasks = ManualTasks()
        sessions = Sessions()
        self.clients = {user_id: RecordingClient() for user_id in here}
        for user_id, client in self.clients.items():
            user = User(user_id, f"user {user_id}")
            session = Session(client, user, "device")
            session.ready = True
            sessions.subscribe(session)
        self.notices = Notices(sessions, self.broker, self.tasks)

    def settle(self) -> None:
        """Run turns until nothing is left to do."""
        self.tasks.drain()

    def told(self) -> dict[int, list[str]]:
        return {user_id: one.notices for user_id, one in self.clients.items() if one.notices}


def test_everybody_is_everybody_on_every_node() -> None:
    """Each user of each node is told. A node does not pass on what another one has sent."""
    node = Node([1, 2])
    node.notices.tell("hi")
    node.settle()
    node.notices.on_note(Notice("ho"))
    node.settle()
    assert node.told() == {1: ["hi", "ho"], 2: ["hi", "ho"]}
    assert node.broker.notes == [Notice("hi")]


def test_few_are_told_in_one_turn() -> None:
    """However many the users and notices are, the rest is told in the next turns, in the order of
    the notices."""
    everybody = range(1, AT_ONCE * 5 // 2)
    node = Node(everybody)
    node.notices.tell("hi")
    node.notices.tell("ho")
    counts: list[int] = [0]
    while len(counts) < 8:
        node.tasks.turn()
        counts.append(sum(map(len, node.told().values())))
    assert counts[1] == AT_ONCE
    assert all(after - before <= AT_ONCE for before, after in pairwise(counts))
    assert node.told() == {user_id: ["hi", "ho"] for user_id in everybody}


def test_what_ends_and_what_begins_in_one_turn_do_not_add_up() -> None:
    """A notice that follows directly on another's last turn waits for the next turn."""
    node = Node(range(AT_ONCE - 1))
    node.notices.tell("hi")
    node.tasks.turn()
    node.notices.tell("ho")
    assert {tuple(told) for told in node.told().values()} == {("hi",)}
    node.settle()
    assert {tuple(told) for told in node.told().values()} == {("hi", "ho")}


@pytest.mark.parametrize("more", [0, 1, 10])
def test_no_more_than_so_many_notices_wait(more: int) -> None:
    """Further notices are dropped, and do not hold up later ones."""
    node = Node([0])
    for _ in range(WAITING + more):
        node.notices.tell("hi")
    node.settle()
    assert len(node.clients[0].notices) == WAITING
    node.notices.tell("ho")
    node.settle()
    assert node.clients[0].notices[-1] == "ho"


def test_a_client_that_cannot_be_told_keeps_nobody_from_being_told_later() -> None:
    """A defect in one client costs one notice; the next one reaches everybody."""
    node = Node([1, 2])

    def fail(_: object) -> None:
        raise ValueError("a defect")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(node.clients[1], "notice", fail)
        node.notices.tell("hi")
        with pytest.raises(ValueError, match="a defect"):
            node.settle()
    node.notices.tell("ho")
    node.settle()
    assert node.told() == {1: ["ho"], 2: ["ho"]}
