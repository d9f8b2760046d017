"""How sessions begin and end."""

from typing import TYPE_CHECKING, cast

import attrs
import pytest

from chat_domain.errors import AlreadyOnline, TryAgain
from chat_domain.model import Entry, Message, User
from tests.unit.fakes import RecordingClient
from tests.unit.world import Terminal, World

if TYPE_CHECKING:
    from chat_domain.ports.store import Tokens


@pytest.fixture
def bob(world: World) -> User:
    return world.register("Bob")[0]


def test_a_second_login_is_refused(world: World, bob: User) -> None:
    """The first one is not touched by it; once it has ended, the next one is welcome."""
    first = world.log_in(bob)
    with pytest.raises(AlreadyOnline):
        world.log_in(bob)
    assert first.client.notices == []
    first.leaves()
    assert world.log_in(bob).is_live


def test_a_setting_lets_a_second_login_replace_the_first() -> None:
    """Which is told so, and what it had not taken over goes to the second."""
    world = World(second_login_replaces=True)
    ann, first = world.newcomer("Ann"), world.newcomer("Bob")
    ann.says(first.user, "hello", cid="c1")
    second = world.log_in(first.user)
    assert first.client.notices == ["replaced"]
    assert second.client.texts == ["hello"]
    second.takes_over()
    assert ann.client.statuses == ["stored"]
    ann.says(first.user, "again")
    assert second.client.texts == ["hello", "again"]
    assert first.client.texts == ["hello"]


def test_resume_takes_over_a_session_of_the_same_key(world: World, bob: User) -> None:
    """The old one is told so."""
    first = world.log_in(bob, "key")
    second = world.log_in(bob, "key")
    assert first.client.notices == ["replaced"]
    assert second.is_live
    assert second.session.claim.session_id != first.session.claim.session_id


@pytest.mark.parametrize(("first_key", "second_key"), [("key", "other"), ("", ""), ("key", "")])
def test_resume_takes_over_no_other_session(
    world: World, bob: User, first_key: str, second_key: str
) -> None:
    """A key that is empty is nobody's."""
    world.log_in(bob, first_key)
    with pytest.raises(AlreadyOnline):
        world.log_in(bob, second_key)


def test_resume_without_a_session_is_a_login(world: World, bob: User) -> None:
    """There is nobody to replace."""
    assert world.log_in(bob, "key").is_live


@pytest.mark.parametrize("key", ["key", ""])
def test_who_takes_over_ends_the_other_session(world: World, bob: User, key: str) -> None:
    """Of whatever kind of client it is; what that had not taken over comes here."""
    ann, first = world.newcomer("Ann"), world.log_in(bob, key)
    ann.says(bob, "hello")
    second = world.log_in(bob, "another key", takeover=True)
    assert first.client.notices == ["replaced"]
    assert second.client.texts == ["hello"]
    assert second.is_live
    with pytest.raises(AlreadyOnline):
        world.log_in(bob, key)


def test_who_takes_over_ends_the_tokens_of_the_other_session_alone(world: World, bob: User) -> None:
    """Whoever had it cannot come back by them; the user's other sessions can be resumed."""
    tokens = world.chat.tokens
    stolen, other, own = [world.tasks.run(tokens.issue(bob)) for _ in range(3)]
    world.log_in(bob, stolen.session)
    world.log_in(bob, own.session, takeover=True)
    left = world.tasks.run(tokens.resumable(bob, ""))
    assert {one.name for one in left} == {other.session, own.session}


def test_to_take_over_nobody_is_a_login(world: World, bob: User) -> None:
    """And ends nothing."""
    other = world.tasks.run(world.chat.tokens.issue(bob))
    assert world.log_in(bob, "key", takeover=True).is_live
    assert [one.name for one in world.tasks.run(world.chat.tokens.resumable(bob, ""))] == [
        other.session
    ]


def test_a_setting_that_lets_logins_replace_leaves_the_tokens_alone() -> None:
    """There devices take turns, and each comes back by its own."""
    world = World(second_login_replaces=True)
    (bob,) = world.register("Bob")
    first, second = [world.tasks.run(world.chat.tokens.issue(bob)) for _ in range(2)]
    world.log_in(bob, first.session)
    world.log_in(bob, second.session)
    assert len(world.tasks.run(world.chat.tokens.resumable(bob, ""))) == 2


class AwayTokens:
    """A store of tokens that is away."""

    async def remove(self, user_id: int, session: str) -> None:
        raise TryAgain


def test_a_takeover_that_cannot_end_the_tokens_does_nothing(world: World, bob: User) -> None:
    """Or nobody would end them any more: the next attempt would find no session in its way."""
    first = world.log_in(bob, "key")
    logins = attrs.evolve(world.chat.logins, tokens=cast("Tokens", AwayTokens()))
    with pytest.raises(TryAgain):
        world.tasks.run(logins.log_in(bob, RecordingClient(), "another key", takeover=True))
    assert first.client.notices == []
    assert world.chat.sessions.get(bob.id) is first.session
    assert world.tasks.run(world.presence.find([bob.id])) == {bob.id: first.session.claim}


def test_an_end_stores_before_anybody_else_can_log_in(
    world: World, ann: Terminal, bob: User
) -> None:
    """So that the next session finds what this one had not taken over."""
    first = world.log_in(bob)
    ann.says(bob, "hello")
    world.mailbox.slow_writes = True
    world.tasks.start(world.chat.logins.end(first.session))
    world.tasks.drain()
    with pytest.raises(AlreadyOnline):
        world.tasks.run(world.chat.logins.log_in(bob, RecordingClient(), ""))
    world.settle()
    assert world.log_in(bob).client.texts == ["hello"]


def test_an_end_is_idempotent(world: World, ann: Terminal, bob: User) -> None:
    """The second one stores nothing, and does not touch the session that came after."""
    first = world.log_in(bob)
    ann.says(bob, "hello")
    first.leaves()
    second = world.log_in(bob)
    first.leaves()
    assert ann.client.statuses == ["stored"]
    assert world.chat.sessions.get(bob.id) is second.session
    with pytest.raises(AlreadyOnline):
        world.log_in(bob)


def test_the_end_of_a_replaced_session_leaves_the_new_one_alone(world: World, bob: User) -> None:
    """Its connection breaks some time later."""
    first = world.log_in(bob, "key")
    second = world.log_in(bob, "key")
    first.leaves()
    assert world.chat.sessions.get(bob.id) is second.session
    assert world.tasks.run(world.presence.online([bob.id])) == {bob.id}


def test_a_session_that_cannot_be_stored_ends_all_the_same(
    world: World, ann: Terminal, bob: User
) -> None:
    """Its senders are told to try again."""
    first = world.log_in(bob)
    ann.says(bob, "hello")
    world.mailbox.failing = True
    first.leaves()
    world.mailbox.failing = False
    assert ann.client.statuses == ["TryAgain"]
    assert world.log_in(bob).is_live


def test_order_is_kept_over_a_resume_while_the_old_session_is_being_stored(
    world: World, ann: Terminal, bob: User
) -> None:
    """The connection has broken, the disk is slow, and the client is back already."""
    first = world.log_in(bob, "key")
    ann.says(bob, "first")
    world.mailbox.slow_writes = True
    world.tasks.start(world.chat.logins.end(first.session))
    world.tasks.drain()
    second = world.log_in(bob, "key")
    ann.says(bob, "second")
    world.settle()
    second.takes_over()
    assert second.client.texts == ["first", "second"]
    assert second.is_live


def test_a_resumed_session_does_not_read_before_the_old_one_is_stored(
    world: World, ann: Terminal, bob: User
) -> None:
    """What the old one leaves behind may be older than what is in the mailbox already."""
    first = world.log_in(bob, "key")
    ann.says(bob, "older")
    newer = Message("9", "9", ann.user.id, "Ann", 0, "newer", 1)  # another node stores it
    world.tasks.run(world.store.mailbox.add([Entry(bob.id, newer)]))
    world.mailbox.slow_writes = True
    world.tasks.start(world.chat.logins.end(first.session))
    world.tasks.drain()
    second = world.log_in(bob, "key")
    world.settle()
    assert second.client.texts == ["older", "newer"]
    assert second.is_live


def test_the_last_of_many_resumes_has_the_session(world: World, ann: Terminal, bob: User) -> None:
    """Also when the first of them is still at its predecessor's messages."""
    first = world.log_in(bob, "key")
    ann.says(bob, "hello")
    world.mailbox.slow_writes = True
    refused = RecordingClient()
    outcomes: list[str] = []

    async def resume() -> None:
        try:
            await world.chat.logins.log_in(bob, refused, "key")
            outcomes.append("in")
        except AlreadyOnline:
            outcomes.append("refused")

    world.tasks.start(resume())
    world.tasks.drain()
    third = world.log_in(bob, "key")
    world.settle()
    assert first.client.notices == ["replaced"]
    assert outcomes == ["refused"]
    assert world.chat.sessions.get(bob.id) is third.session
    assert third.client.texts == ["hello"]
