"""Who is told that a user has come or gone, and when."""

from collections.abc import Collection
from itertools import pairwise
from typing import Any, cast

import attrs
import pytest

from chat_domain.cluster.node import GRACE
from chat_domain.errors import TryAgain
from chat_domain.model import Friend, User
from chat_domain.notes import MOST_LISTED, Note, PresenceChanged
from chat_domain.people import announcer as announcing
from chat_domain.people.announcer import (
    QUIET,
    READ_AT_ONCE,
    TELLERS,
    TOLD_PER_SECOND,
    USER_WEIGHS,
    Announcer,
)
from tests.unit.fakes import RecordingClient, Ticket, finished
from tests.unit.world import Terminal, World


@pytest.fixture
def bob(world: World, ann: Terminal) -> User:
    """Bob, whom Ann lists as a friend."""
    (bob,) = world.register("Bob")
    world.tasks.run(world.chat.friends.add(ann.user.id, bob.id))
    return bob


@pytest.fixture
def announcer(world: World) -> Announcer:
    return world.chat.node.announcer


def states(client: RecordingClient) -> list[bool | None]:
    return [friend.online for friend in client.friends]


def told(clients: list[RecordingClient]) -> int:
    """How many frames these clients have got together."""
    return sum(len(client.friends) for client in clients)


def fans(world: World, star: User, count: int) -> list[RecordingClient]:
    """The clients of this many users who list the star as a friend."""
    terminals = [world.newcomer(f"fan {number}") for number in range(count)]
    for terminal in terminals:
        world.tasks.run(world.chat.friends.add(terminal.user.id, star.id))
    return [terminal.client for terminal in terminals]


# -- what is told ----------------------------------------------------------------------------


def test_those_who_list_somebody_hear_of_their_coming_and_going(
    world: World, ann: Terminal, bob: User
) -> None:
    """Nobody else is told."""
    other = world.newcomer("Other")
    terminal = world.log_in(bob)
    assert ann.client.friends == [Friend(bob.id, "Bob", online=True)]
    world.passes(QUIET)
    terminal.leaves()
    assert ann.client.friends[1:] == [Friend(bob.id, "Bob", online=False)]
    assert other.client.friends == terminal.client.friends == []


def test_who_does_not_know_yet_that_they_are_logged_in_is_told_nothing(
    world: World, ann: Terminal, bob: User
) -> None:
    """The node sends nothing before the answer to a login. A FRIENDS request after it has the
    state."""
    ann.session.ready = False
    world.log_in(bob)
    assert ann.client.friends == []


def test_a_resumed_session_is_no_news(world: World, ann: Terminal, bob: User) -> None:
    """The user was online all the time."""
    first = world.log_in(bob, "key")
    world.log_in(bob, "key")
    first.leaves()
    world.passes(QUIET)
    assert states(ann.client) == [True]


def test_what_is_told_is_how_things_are(world: World, ann: Terminal, bob: User) -> None:
    """A user who is back before their going is announced has not gone."""
    world.chat.node.announcer.changed(bob)
    finished(world.presence.came("alone", [bob.id]))
    world.tasks.drain()
    assert states(ann.client) == [True]


# -- when ------------------------------------------------------------------------------------


def test_who_comes_and_goes_without_end_is_told_of_once_in_a_while(
    world: World, ann: Terminal, bob: User
) -> None:
    """The first change is told at once; later ones at the end of each QUIET seconds, as the state
    is then."""
    for _ in range(20):
        world.log_in(bob).leaves()
    assert states(ann.client) == [True]
    world.passes(QUIET - 0.5)
    assert states(ann.client) == [True]
    world.log_in(bob).leaves()
    world.passes(0.5)
    assert states(ann.client) == [True, False]
    world.log_in(bob)
    world.passes(QUIET)
    assert states(ann.client) == [True, False, True]
    world.passes(QUIET)
    assert states(ann.client) == [True, False, True]


class SlowFriends:
    """A store of friends that answers only when the test lets it, and that may be away."""

    def __init__(self, listed_by: dict[int, list[int]]) -> None:
        self.listed = listed_by
        self.asked: list[int] = []
        self.gates: list[Ticket[None]] = []
        self.away = False

    async def listed_by(self, user_id: int, after: int, limit: int) -> list[int]:
        self.asked.append(user_id)
        if self.away:
            raise TryAgain
        self.gates.append(Ticket())
        await self.gates[-1]
        return [lister for lister in self.listed.get(user_id, []) if lister > after][:limit]

    def answer(self, world: World) -> None:
        """Let all who have asked have their answers."""
        gates, self.gates = self.gates, []
        for gate in gates:
            gate.settle(lambda: None)
        world.tasks.drain()


def over(announcer: Announcer, **ports: object) -> Announcer:
    """The same announcer with some of its ports replaced."""
    return attrs.evolve(announcer, **cast("Any", ports))


def test_a_change_while_it_is_told_is_told_later(
    world: World, ann: Terminal, bob: User, announcer: Announcer
) -> None:
    """Of two announcements about one user, the older one must never arrive last."""
    slow = SlowFriends({bob.id: [ann.user.id]})
    announcer = over(announcer, friends=slow)
    announcer.changed(bob)
    world.tasks.drain()
    announcer.changed(bob)
    world.tasks.drain()
    assert slow.asked == [bob.id]
    slow.answer(world)
    world.clock.advance(QUIET)
    announcer.announce_due()
    world.tasks.drain()
    assert slow.asked == [bob.id, bob.id]


def test_a_store_that_is_away_costs_the_announcement_alone(
    world: World, ann: Terminal, bob: User, announcer: Announcer
) -> None:
    """Announcements are hints: this one is lost, and the next change is announced again."""
    slow = SlowFriends({bob.id: [ann.user.id]})
    announcer = over(announcer, friends=slow)
    slow.away = True
    announcer.changed(bob)
    world.tasks.drain()
    assert len(world.tasks) == 0
    slow.away = False
    announcer.changed(bob)
    world.clock.advance(QUIET)
    announcer.announce_due()
    world.tasks.drain()
    slow.answer(world)
    assert states(ann.client) == [False]


# -- how much at once --------------------------------------------------------------------------


def test_few_are_told_of_at_a_time(world: World, announcer: Announcer) -> None:
    """Users are announced in the order of their changes, each as soon as there is room."""
    slow = SlowFriends({})
    announcer = over(announcer, friends=slow)
    users = world.register(*(f"user {number}" for number in range(3 * TELLERS)))
    for user in users:
        announcer.changed(user)
    world.tasks.drain()
    assert len(world.tasks) == TELLERS
    for count in (TELLERS, 2 * TELLERS, 3 * TELLERS):
        assert slow.asked == [user.id for user in users[:count]]
        slow.answer(world)


def test_only_so_many_wait(
    world: World, announcer: Announcer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Changes of further users are dropped until something happens to them again."""
    monkeypatch.setattr(announcing, "WAITING", 2)
    slow = SlowFriends({})
    announcer = over(announcer, friends=slow)
    users = world.register(*(f"user {number}" for number in range(TELLERS + 3)))
    for user in users:
        announcer.changed(user)
    world.tasks.drain()
    slow.answer(world)
    assert slow.asked == [user.id for user in users[: TELLERS + 2]]
    announcer.changed(users[-1])
    world.tasks.drain()
    slow.answer(world)
    assert slow.asked[-1] == users[-1].id


def test_the_left_behind_of_a_dead_node_wait_for_their_turn(
    world: World, announcer: Announcer
) -> None:
    """At most TELLERS announcements run at a time, however many users a dead node has left
    behind."""
    slow = SlowFriends({})
    announcer = over(announcer, friends=slow)
    users = world.register(*(f"user {number}" for number in range(300)))
    world.tasks.run(announcer.announce_gone([user.id for user in users]))
    assert len(world.tasks) == TELLERS
    while slow.gates:
        slow.answer(world)
    assert slow.asked == [user.id for user in users]


def test_those_of_a_dead_node_have_time_to_come_back(
    world: World, ann: Terminal, bob: User
) -> None:
    """Who lists them is told of those alone who have not."""
    world.tasks.start(world.chat.node.other_died([bob.id]))
    world.tasks.drain()
    world.passes(GRACE - 1)
    assert states(ann.client) == []
    world.passes(1)
    assert states(ann.client) == [False]


def test_many_who_list_somebody_are_told_in_several_turns(world: World) -> None:
    """Each turn tells at most MOST_LISTED of them, so that other tasks run in between."""
    (star,) = world.register("Star")
    clients = fans(world, star, 3 * MOST_LISTED - 1)
    world.chat.node.announcer.changed(star)
    counts = [0]
    while world.tasks.turn():
        counts.append(told(clients))
    steps = [later - earlier for earlier, later in pairwise(counts)]
    assert [step for step in steps if step] == [MOST_LISTED, MOST_LISTED, MOST_LISTED - 1]
    assert {tuple(states(client)) for client in clients} == {(False,)}


@pytest.mark.parametrize("count", [READ_AT_ONCE - 1, READ_AT_ONCE, 2 * READ_AT_ONCE + 1])
def test_those_who_list_somebody_are_read_in_parts(
    world: World, bob: User, announcer: Announcer, count: int
) -> None:
    """Anybody can list anybody, so there is no bound for how many they are. All are told once."""
    slow, notes = SlowFriends({bob.id: list(range(100, 100 + count))}), Notes()
    over(announcer, friends=slow, broker=notes).changed(bob)
    world.tasks.drain()
    while slow.gates:
        slow.answer(world)
    assert len(slow.asked) == count // READ_AT_ONCE + 1
    named = [user_id for note in notes.broadcasts for user_id in note.listed_by]
    assert named == slow.listed[bob.id]


class ChangingPresence:
    """A user who leaves through another node while their coming is being announced."""

    def __init__(self) -> None:
        self.answers = [True, False]

    async def where(self, user_ids: Collection[int]) -> dict[int, list[str]]:
        return {one: ["there"] for one in user_ids} if self.answers.pop(0) else {}


def test_each_turn_tells_how_things_are_by_then(world: World, announcer: Announcer) -> None:
    """The later turn does not overwrite what another node has announced meanwhile."""
    (star,) = world.register("Star")
    clients = fans(world, star, MOST_LISTED + 1)
    over(announcer, presence=ChangingPresence()).changed(star)
    world.tasks.drain()
    assert [states(client) for client in clients] == [[True]] * MOST_LISTED + [[False]]


class Notes:
    """A broker that keeps what is broadcast."""

    def __init__(self) -> None:
        self.broadcasts: list[PresenceChanged] = []

    def broadcast(self, note: Note) -> None:
        assert isinstance(note, PresenceChanged)
        self.broadcasts.append(note)


def test_a_note_names_few(world: World, announcer: Announcer) -> None:
    """A note names at most MOST_LISTED users, and only those who are not on this node."""
    (star,) = world.register("Star")
    clients = fans(world, star, 3)
    absent = world.register(*(f"absent {number}" for number in range(MOST_LISTED + 50)))
    for user in absent:
        world.tasks.run(world.chat.friends.add(user.id, star.id))
    notes = Notes()
    over(announcer, broker=notes).changed(star)
    world.tasks.drain()
    assert [len(note.listed_by) for note in notes.broadcasts] == [MOST_LISTED - 3, 53]
    named = [user_id for note in notes.broadcasts for user_id in note.listed_by]
    assert named == [user.id for user in absent]
    assert [states(client) for client in clients] == [[False]] * 3


def many_stars(world: World) -> list[RecordingClient]:
    """Let twice as many users change as the node can announce in a second. Return the clients of
    those who list all of them."""
    stars = world.register(
        *(f"star {number}" for number in range(2 * TOLD_PER_SECOND // MOST_LISTED))
    )
    clients = fans(world, stars[0], MOST_LISTED)
    for fan in [session.user.id for session in world.chat.sessions]:
        for star in stars[1:]:
            world.tasks.run(world.chat.friends.add(fan, star.id))
    world.passes(1)
    for star in stars:
        world.chat.node.announcer.changed(star)
    world.tasks.drain()
    return clients


def test_no_more_is_told_in_a_second_than_a_node_has_time_for(world: World) -> None:
    """The node announces the rest later."""
    clients = many_stars(world)
    assert 0.9 * TOLD_PER_SECOND < told(clients) <= TOLD_PER_SECOND + TELLERS * MOST_LISTED
    for _ in range(3):
        world.passes(1)
    assert told(clients) == 2 * TOLD_PER_SECOND


def test_whom_nobody_lists_costs_the_node_time_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """It asks the store about so many of them in a second at most, and about the rest later."""
    monkeypatch.setattr(announcing, "TOLD_PER_SECOND", 2 * USER_WEIGHS)
    world, asked = World(), list[int]()

    async def listed_by(user_id: int, *_: int) -> list[int]:
        asked.append(user_id)
        return []

    monkeypatch.setattr(world.chat.node.announcer.friends, "listed_by", listed_by)
    users = world.register(*(f"user {number}" for number in range(20)))
    for user in users:
        world.chat.node.announcer.changed(user)
    world.tasks.drain()
    assert len(asked) <= 3 + TELLERS
    for _ in range(10):
        world.passes(1)
    assert asked == [user.id for user in users]


def test_a_node_that_ends_tells_all_that_it_can(world: World) -> None:
    """The node announces all that is left, however much, without a pause."""
    clients = many_stars(world)
    world.chat.node.announcer.hurry()
    world.tasks.drain()
    assert told(clients) == 2 * TOLD_PER_SECOND


def test_a_node_that_ends_waits_for_nothing(world: World, ann: Terminal, bob: User) -> None:
    """It announces at once those who have just come and gone, and all later changes."""
    world.log_in(bob).leaves()
    assert states(ann.client) == [True]
    world.chat.node.announcer.hurry()
    world.tasks.drain()
    assert states(ann.client) == [True, False]
    world.log_in(bob).leaves()
    assert states(ann.client) == [True, False, True, False]
