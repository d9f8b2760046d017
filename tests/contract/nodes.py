"""The promises of everything that connects nodes: presence, slots, broker and lease. Needs a
fixture `two`."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine
from typing import Any, cast

import attrs

from chat_domain.cluster.node import Node
from chat_domain.entries import CHANGE, TEXT, Change, ChangeKind, Entry, pair
from chat_domain.model import Claim, Muting, Preferences
from chat_domain.notes import (
    Appended,
    CrowdsThere,
    Delivered,
    HasRead,
    IsTyping,
    Note,
    Notice,
    PresenceChanged,
    Replaced,
    SettingsChanged,
)
from chat_domain.ports.cluster import Surroundings
from tests.eventually import eventually


class AtOnce:
    """`chat_domain.ports.runtime.Tasks`, for work that never waits."""

    def start(self, work: Coroutine[Any, Any, None], owner: object = None) -> None:
        self.started = asyncio.ensure_future(work)


@attrs.define(eq=False)
class RecordingNode:
    """Remembers what it is told. fails: what `resume` raises. fails_at: the note that it cannot
    receive."""

    notes: list[Note] = attrs.field(factory=list)
    gaps: int = 0
    suspended: bool = False
    suspensions: int = 0
    left_behind: list[set[int]] = attrs.field(factory=list)  # users of nodes that have died
    audits: int = 0
    fails: Exception | None = None
    fails_at: Note | None = None
    tasks: AtOnce = attrs.field(factory=AtOnce)

    @property
    def node(self) -> Node:
        return cast("Node", self)

    @property
    def notices(self) -> list[str]:
        return [note.text for note in self.notes if isinstance(note, Notice)]

    def receive(self, note: Note) -> None:
        if note == self.fails_at:
            raise ValueError("a defect")
        self.notes.append(note)

    def notes_lost(self) -> None:
        self.gaps += 1

    def suspend(self) -> None:
        self.suspended = True
        self.suspensions += 1

    async def resume(self) -> None:
        if self.fails is not None:
            raise self.fails
        self.suspended = False

    async def other_died(self, user_ids: Collection[int]) -> None:
        self.left_behind.append(set(user_ids))

    async def audit(self) -> None:
        self.audits += 1


@attrs.frozen
class Place:
    """A node among others. leave: makes it leave in good order."""

    surroundings: Surroundings
    node: RecordingNode
    leave: Callable[[], Awaitable[None]]

    @property
    def name(self) -> str:
        return self.surroundings.name

    def claim(self, user_id: int, session: str = "session") -> Claim:
        return Claim(user_id, session, self.name)


@attrs.frozen
class Two:
    first: Place
    second: Place

    async def first_has(self, *notes: Note) -> list[Note]:
        """Let the second broadcast these notes; return what the first has received."""
        for note in notes:
            self.second.surroundings.broker.broadcast(note)
        heard = self.first.node.notes
        await eventually(lambda: len(heard) >= len(notes))
        return heard


# -- presence ----------------------------------------------------------------------------------


async def test_everybody_is_on_each_node_where_they_have_sessions(two: Two) -> None:
    """This holds whichever node is asked; a user without a session is left out."""
    await two.first.surroundings.presence.came(two.first.name, [1, 2])
    await two.second.surroundings.presence.came(two.second.name, [2, 3])
    both = sorted([two.first.name, two.second.name])
    for place in (two.first, two.second):
        found = await place.surroundings.presence.where([1, 2, 3, 4])
        assert {user: sorted(nodes) for user, nodes in found.items()} == {
            1: [two.first.name],
            2: both,
            3: [two.second.name],
        }


async def test_who_has_left_one_node_can_be_on_another(two: Two) -> None:
    """They are offline only when they have left the last node."""
    presence = two.first.surroundings.presence
    for name in (two.first.name, two.second.name):
        await presence.came(name, [1])
    await presence.left(two.first.name, [1])
    assert await presence.where([1]) == {1: [two.second.name]}
    await presence.left(two.second.name, [1])
    assert set(await presence.where([1])) == set()


async def test_coming_and_leaving_twice_is_once(two: Two) -> None:
    """Both are idempotent, so each can be repeated if its answer was lost."""
    presence = two.first.surroundings.presence
    await presence.came(two.first.name, [1])
    await presence.came(two.first.name, [1, 1])
    await presence.left(two.first.name, [1, 7])
    await presence.left(two.first.name, [1])
    assert set(await presence.where([1])) == set()


async def test_a_node_s_users_are_listed_in_order(two: Two) -> None:
    """The users of other nodes are not among them."""
    presence = two.second.surroundings.presence
    await presence.came(two.first.name, [30, 4, 100])
    await presence.came(two.second.name, [5])
    assert await presence.users_of(two.first.name) == [4, 30, 100]
    assert await presence.users_of("a node that never was") == []


async def test_thousands_can_come_and_be_asked_for_at_once(two: Two) -> None:
    """So many come after a lease was lost, and are asked for by a long list of friends."""
    presence, many = two.first.surroundings.presence, range(1, 2001)
    await presence.came(two.first.name, many)
    assert set(await presence.where(many)) == set(many)
    await presence.left(two.first.name, many[:1500])
    assert sorted(await presence.where(many)) == list(many[1500:])


async def test_nobody_can_be_asked_for(two: Two) -> None:
    """An empty list of friends asks for nobody."""
    presence = two.first.surroundings.presence
    await presence.came(two.first.name, [])
    await presence.left(two.first.name, [])
    assert await presence.where([]) == {}


async def test_a_node_that_has_left_has_no_users(two: Two) -> None:
    """Its users are offline unless they are on another node."""
    presence = two.first.surroundings.presence
    await presence.came(two.second.name, [1, 2])
    await presence.came(two.first.name, [2])
    await two.second.leave()
    assert await presence.where([1, 2]) == {2: [two.first.name]}
    assert await presence.users_of(two.second.name) == []


# -- slots -------------------------------------------------------------------------------------


async def test_a_slot_is_claimed_once(two: Two) -> None:
    """The second to claim it, on either node, is told the first claim."""
    first, second = two.first.claim(1), two.second.claim(1)
    assert await two.first.surroundings.slots.claim(first) is None
    assert await two.second.surroundings.slots.claim(second) == first
    assert await two.first.surroundings.slots.claim(two.first.claim(1, "another")) == first
    assert await two.second.surroundings.slots.claim(two.second.claim(2)) is None


async def test_of_many_claims_at_once_exactly_one_is_made(two: Two) -> None:
    """This holds whichever nodes they come from."""
    places = [two.first, two.second] * 10
    answers = await asyncio.gather(
        *(
            place.surroundings.slots.claim(place.claim(1, f"session {number}"))
            for number, place in enumerate(places)
        )
    )
    assert answers.count(None) == 1
    assert len({answer for answer in answers if answer is not None}) == 1


async def test_a_claim_takes_the_place_of_the_one_that_it_names(two: Two) -> None:
    """It does not take the place of any other claim."""
    slots, old, new = two.second.surroundings.slots, two.first.claim(1), two.second.claim(1)
    await slots.claim(old)
    assert await slots.claim(new, instead_of=two.first.claim(1, "another")) == old
    assert await slots.claim(new, instead_of=old) is None
    assert await slots.claim(old) == new


async def test_a_claim_is_given_up_by_its_own_session_alone(two: Two) -> None:
    """The end of a session that was replaced may come late."""
    slots, old, new = two.second.surroundings.slots, two.first.claim(1), two.second.claim(1)
    await slots.claim(old)
    await slots.claim(new, instead_of=old)
    await slots.release(old)
    assert await slots.claim(old) == new
    await slots.release(new)
    await slots.release(new)
    assert await slots.claim(old) is None


async def test_a_node_s_own_claims_are_found(two: Two) -> None:
    """Those that were given up or taken over from it are not."""
    slots = two.first.surroundings.slots
    claims = [two.first.claim(user) for user in (1, 2, 3, 4)]
    for claim in claims:
        await slots.claim(claim)
    await slots.claim(two.second.claim(3), instead_of=claims[2])
    await slots.release(claims[3])
    assert sorted(await slots.own(two.first.name), key=lambda one: one.user_id) == claims[:2]


async def test_claims_are_made_again_unless_another_has_the_slot(two: Two) -> None:
    """Claims that still exist stay."""
    slots = two.first.surroundings.slots
    there, lost, taken = [two.first.claim(user) for user in (1, 2, 3)]
    await slots.claim(there)
    await slots.claim(two.second.claim(3))
    assert await slots.reclaim([there, lost, taken]) == [taken]
    assert sorted(await slots.own(two.first.name), key=lambda one: one.user_id) == [there, lost]


async def test_a_node_that_has_left_keeps_nobody_out(two: Two) -> None:
    """Its claims count for nothing."""
    await two.second.surroundings.slots.claim(two.second.claim(1))
    await two.second.leave()
    assert await two.first.surroundings.slots.claim(two.first.claim(1)) is None


# -- broker ------------------------------------------------------------------------------------

ENTRIES = (
    Entry(pair(13, 15), TEXT, 13, "张三 😀", "c1", 'a "quote", a \0 and a \n', None, 3, 7, 1_795),
    Entry(3, TEXT, 15, "bert", "c2", "to a group", at=8, time_ms=1_796),
    Entry(
        4, CHANGE, 15, "bert", "c3", "", Change(ChangeKind.CREATED, 0, "go", "a game"), 0, 9, 1_797
    ),
    Entry(4, CHANGE, 0, "", "c4", change=Change("a later kind", 13), at=10, time_ms=1_798),
)  # fmt: skip
NOTES: list[Note] = [
    Appended("epoch", 7, 10, ENTRIES),
    Appended("epoch", 11, 4000, ()),
    Delivered("epoch", 15, {13: 7, 14: 9}),
    HasRead("epoch", 15, {pair(13, 15): 7, 3: 9}, private=True),
    IsTyping(15, "李四", 3),
    SettingsChanged(15, Preferences(hide_typing=True), None),
    SettingsChanged(15, Preferences(hide_read=True), Muting(pair(15, 15), muted=True)),
    Replaced(15, "session"),
    PresenceChanged(15, "李四", online=True, listed_by=[13]),
    Notice("we restart at noon"),
    CrowdsThere({3: 17, 7: 1_000}),
]


def fields(note: Note) -> object:
    """Everything by which two notes can be compared, entries included."""
    if not isinstance(note, Appended):
        return note
    return note.epoch, note.first, note.upto, [fields_of(entry) for entry in note.entries]


def fields_of(entry: Entry) -> dict[str, Any]:
    return attrs.asdict(entry)


async def test_a_note_reaches_the_other_nodes_as_it_is(two: Two) -> None:
    """This holds for every kind, in order. The node that sends it does not get it."""
    assert [fields(note) for note in await two.first_has(*NOTES)] == [
        fields(note) for note in NOTES
    ]
    assert two.second.node.notes == []


async def test_thousands_of_notes_arrive_in_order(two: Two) -> None:
    """This holds within one turn of the event loop, and across several."""
    notes: list[Note] = [Replaced(number, "session") for number in range(1, 2501)]
    for note in notes[:-1]:
        two.second.surroundings.broker.broadcast(note)
    await asyncio.sleep(0)
    two.second.surroundings.broker.broadcast(notes[-1])
    await eventually(lambda: len(two.first.node.notes) >= len(notes))
    assert two.first.node.notes == notes


async def test_a_node_knows_that_it_hears_the_others(two: Two) -> None:
    """It knows as long as nothing is wrong."""
    assert two.first.surroundings.broker.is_receiving()


# -- lease -------------------------------------------------------------------------------------


async def test_each_node_has_a_lease_and_sees_the_others(two: Two) -> None:
    """This lasts until they leave."""
    lease = two.first.surroundings.lease
    assert (lease.held(), lease.last_error()) == (True, "")
    assert await lease.other_nodes() == {two.second.name}
    await two.second.leave()
    assert await lease.other_nodes() == set()
