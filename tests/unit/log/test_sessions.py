"""Which sessions are here, and in which groups their users are."""

import sys
from collections.abc import Collection

import pytest

from chat_domain.entries import EVERYBODY, Change, ChangeKind, Opening
from chat_domain.errors import TryAgain
from chat_domain.log.session import Session
from chat_domain.log.sessions import FEW, KEPT_FOR_FEW, MOST_MEMBERSHIPS, Sessions
from chat_domain.model import User
from tests.unit.fakes import RecordingClient, Ticket
from tests.unit.log.elsewhere import Elsewhere, hear
from tests.unit.world import Terminal, World


def session_of(user_id: int, *groups: int) -> Session:
    session = Session(RecordingClient(), User(user_id, "U"), "device")
    session.groups = set(groups)
    return session


def test_sessions_are_found_by_their_users_and_by_their_groups() -> None:
    """Unknown users and groups have none."""
    sessions = Sessions()
    first, second, other = session_of(1, 7), session_of(1, 7), session_of(2, 7, 8)
    for session in (first, second, other):
        sessions.subscribe(session)
    assert sessions.of(1) == (first, second)
    assert sessions.of(3) == ()
    assert sessions.of_all([3, 2, 1]) == [other, first, second]
    assert list(sessions.in_group(7)) == [first, second, other]
    assert list(sessions.in_group(9)) == []
    assert (len(sessions), sessions.memberships) == (3, 4)


def test_nothing_is_left_of_a_session_that_has_ended() -> None:
    """Ending it twice does no harm."""
    sessions = Sessions()
    session = session_of(1, 7)
    sessions.subscribe(session)
    assert sessions.discard(session)
    assert not sessions.discard(session)
    assert list(sessions) == list(sessions.in_group(7)) == []
    assert sessions.users() == []
    assert (len(sessions), sessions.memberships) == (0, 0)


def test_all_sessions_of_a_user_join_and_leave() -> None:
    """Doing so twice counts once."""
    sessions = Sessions()
    first, second, other = session_of(1), session_of(1), session_of(2)
    for session in (first, second, other):
        sessions.subscribe(session)
    for at in (5, 6):
        sessions.join(1, 7, at)
    assert list(sessions.in_group(7)) == [first, second]
    assert (sessions.memberships, first.groups_changed_at) == (2, 6)
    for at in (8, 9):
        sessions.leave(1, 7, at)
    assert list(sessions.in_group(7)) == []
    assert (sessions.memberships, first.groups_changed_at) == (0, 9)


def test_who_is_in_few_groups_has_room_that_others_have_not() -> None:
    """There is room for as many of them as there can be connections, so a few users cannot fill a
    node."""
    sessions, few, many = Sessions(), session_of(1, *range(FEW)), session_of(2, *range(FEW + 1))
    sessions.memberships = MOST_MEMBERSHIPS - KEPT_FOR_FEW
    sessions.check_room_for(few)
    with pytest.raises(TryAgain):
        sessions.check_room_for(many)
    sessions.memberships = MOST_MEMBERSHIPS
    with pytest.raises(TryAgain):
        sessions.check_room_for(few)


def test_who_has_no_room_after_joining_elsewhere_is_dropped(
    world: World, ann: Terminal, bob: Terminal, elsewhere: Elsewhere
) -> None:
    """A node never remembers more than it may. The client reconnects, and has missed nothing."""
    group = world.group(ann)
    world.chat.sessions.memberships = MOST_MEMBERSHIPS
    hear(world, elsewhere.changes(bob, group, Change(ChangeKind.JOINED)))
    ann.says_to_group(group, "welcome")
    ann.says(bob.user, "are you there?")
    assert (bob.client.notices, bob.client.texts) == (["dropped"], [])
    world.chat.sessions.memberships = 1
    again = bob.comes_again(since=world.chat.offline.position(bob.session))
    assert again.client.changes == ["joined"]
    assert again.client.texts == ["welcome", "are you there?"]
    assert world.chat.sessions.memberships == 2


@pytest.mark.parametrize("joins", [False, True])
def test_who_joins_or_leaves_while_a_session_begins_is_shown_what_they_may_see(
    world: World, ann: Terminal, bob: Terminal, monkeypatch: pytest.MonkeyPatch, *, joins: bool
) -> None:
    """What was read for it says how it was before."""
    group = world.group(ann) if joins else world.group(ann, bob)
    opening, ticket, client = world.log.opening, Ticket[None](), RecordingClient()

    async def answered_late(user_id: int) -> Opening:
        found = await opening(user_id)
        await ticket
        return found

    async def begin() -> None:
        logins = world.chat.logins
        logins.ready((await logins.begin_device(bob.user, client, "another")).session)

    monkeypatch.setattr(world.log, "opening", answered_late)
    world.tasks.start(begin())
    world.tasks.drain()
    groups = world.chat.groups
    change = groups.join(bob.user, group) if joins else groups.leave(bob.user, group)
    world.tasks.run(change)
    ticket.settle(lambda: None)
    world.tasks.drain()
    ann.says_to_group(group, "hello")
    assert client.texts == (["hello"] if joins else [])


def test_a_group_that_ends_has_nobody() -> None:
    """Other groups are not affected."""
    sessions = Sessions()
    sessions.subscribe(session_of(1, 7, 8))
    sessions.subscribe(session_of(2, 7))
    sessions.leave(EVERYBODY, 7, 5)
    assert list(sessions.in_group(7)) == []
    assert len(sessions.in_group(8)) == 1


def calls_of_a_reset(sessions: Sessions) -> int:
    """Unsubscribe all of them; return how many Python functions that has called."""
    called: list[str] = []
    sys.setprofile(lambda _frame, event, _arg: called.append(event))
    try:
        sessions.unsubscribe_all()
    finally:
        sys.setprofile(None)
    return called.count("call")


def test_what_a_reset_costs_depends_on_the_sessions_not_on_their_groups() -> None:
    """It is done in one turn of the event loop, and nobody is in a group after it."""
    few, many = Sessions(), Sessions()
    few.subscribe(session_of(1, 0))
    many.subscribe(session_of(1, *range(1000)))
    assert calls_of_a_reset(many) == calls_of_a_reset(few)
    assert (len(many), many.memberships) == (1, 0)
    assert not any(many.in_group(group) for group in range(1000))


def test_what_the_presence_has_wrong_of_a_node_is_made_good(world: World) -> None:
    """An answer was lost, or came late."""
    ann, bob = world.newcomer("Ann"), world.newcomer("Bob")
    bob.leaves()
    world.tasks.run(world.presence.left("alone", [ann.user.id]))
    world.tasks.run(world.presence.came("alone", [bob.user.id]))
    world.tasks.run(world.chat.node.audit())
    assert world.tasks.run(world.presence.users_of("alone")) == [ann.user.id]


def test_who_comes_while_the_presence_is_away_is_there_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As soon as it can be written again."""

    async def unavailable(_node: str, _user_ids: Collection[int]) -> None:
        raise TryAgain

    with monkeypatch.context() as patch:
        patch.setattr(world.presence, "came", unavailable)
        ann = world.newcomer("Ann")
    assert world.tasks.run(world.presence.users_of("alone")) == []
    world.passes(0.5)
    assert world.tasks.run(world.presence.users_of("alone")) == [ann.user.id]


def test_who_comes_back_while_their_leaving_is_written_is_there(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is written after the other, so the later one holds."""
    ann, left, ticket = world.newcomer("Ann"), world.presence.left, Ticket[None]()

    async def slow(node: str, user_ids: Collection[int]) -> None:
        await ticket
        await left(node, user_ids)

    monkeypatch.setattr(world.presence, "left", slow)
    ann.leaves()
    world.log_in(ann.user)
    ticket.settle(lambda: None)
    world.tasks.drain()
    assert world.tasks.run(world.presence.users_of("alone")) == [ann.user.id]


def test_who_comes_while_the_presence_is_made_good_is_there(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The presence had them before, by mistake."""
    ann, bob = world.newcomer("Ann"), world.newcomer("Bob")
    bob.leaves()
    world.tasks.run(world.presence.left("alone", [ann.user.id]))
    world.tasks.run(world.presence.came("alone", [bob.user.id]))
    came, ticket = world.presence.came, Ticket[None]()

    async def slow(node: str, user_ids: Collection[int]) -> None:
        await ticket
        await came(node, user_ids)

    monkeypatch.setattr(world.presence, "came", slow)
    world.tasks.start(world.chat.node.audit())
    world.tasks.drain()
    monkeypatch.undo()
    world.log_in(bob.user)
    world.tasks.drain()
    ticket.settle(lambda: None)
    world.tasks.drain()
    ids = [ann.user.id, bob.user.id]
    assert world.tasks.run(world.presence.users_of("alone")) == ids
