"""Coming back by a token, and the tokens that follow it."""

import pytest

from chat_domain.errors import BadToken, NoSuchSession, TryAgain
from chat_domain.model import Resumable, User
from chat_domain.people.tokens import (
    NEW_KEPT,
    ROTATED_AFTER_MS,
    SESSIONS_KEPT,
    TOKEN_LIFE_MS,
    Token,
    digest,
)
from tests.unit.world import World

DAY = ROTATED_AFTER_MS


@pytest.fixture
def bob(world: World) -> User:
    return world.register("Bob")[0]


async def resume(world: World, token: Token) -> Token:
    """What is to be resumed by from now on. Raises BadToken."""
    _, found = await world.chat.resuming.prove(token.text)
    return await world.chat.tokens.use(found)


async def is_good(world: World, token: Token) -> bool:
    return await world.store.tokens.find(digest(token.text), world.clock.ms) is not None


async def test_a_token_proves_who_it_was_given_to(world: World, bob: User) -> None:
    """Only its digest is in the store, and its text is in no log."""
    token = await world.chat.tokens.issue(bob)
    assert await world.chat.resuming.prove(token.text) == (bob, token)
    assert await world.store.tokens.find(token.text, world.clock.ms) is None
    assert await world.store.tokens.find(digest(token.text), world.clock.ms) is not None
    assert token.text not in repr(token)


@pytest.mark.parametrize("unknown", ["", "token", "\ud800", "x" * 1024])
async def test_an_unknown_token_is_bad(world: World, unknown: str) -> None:
    """Whatever text it is."""
    with pytest.raises(BadToken):
        await world.chat.resuming.prove(unknown)


async def test_a_token_is_good_for_14_days(world: World, bob: User) -> None:
    """Up to the last millisecond, and not in it."""
    token = await world.chat.tokens.issue(bob)
    assert token.expires_ms == world.clock.ms + TOKEN_LIFE_MS
    world.clock.ms = token.expires_ms - 1
    assert await world.chat.resuming.prove(token.text) == (bob, token)
    world.clock.ms = token.expires_ms
    with pytest.raises(BadToken):
        await world.chat.resuming.prove(token.text)


async def test_a_user_has_ten_sessions_at_most(world: World, bob: User) -> None:
    """The one that expires first makes room for the eleventh."""
    tokens = []
    for _ in range(SESSIONS_KEPT + 1):
        tokens.append(await world.chat.tokens.issue(bob))
        world.clock.advance(1)
    assert [await is_good(world, token) for token in tokens] == [False] + [True] * SESSIONS_KEPT


async def test_an_ended_session_s_tokens_are_worthless(world: World, bob: User) -> None:
    """The user's others are not touched by it."""
    one, other = [await world.chat.tokens.issue(bob) for _ in range(2)]
    await world.chat.tokens.end_resumable(bob, one.session)
    assert not await is_good(world, one)
    assert await is_good(world, other)
    with pytest.raises(NoSuchSession):
        await world.chat.tokens.end_resumable(bob, one.session)


async def test_a_young_token_is_resumed_by_again_and_again(world: World, bob: User) -> None:
    """Nothing follows it within a day."""
    token = await world.chat.tokens.issue(bob)
    world.clock.ms += DAY - 1
    for _ in range(3):
        assert await resume(world, token) == token


async def test_after_a_day_a_token_is_followed_by_another(world: World, bob: User) -> None:
    """Of the same session, and good for 14 days from now."""
    first = await world.chat.tokens.issue(bob)
    begun_ms = world.clock.ms
    world.clock.ms += DAY
    second = await resume(world, first)
    assert second.text != first.text
    assert second.session == first.session
    assert second.expires_ms == world.clock.ms + TOKEN_LIFE_MS
    session = Resumable(first.session, begun_ms, second.expires_ms, current=True)
    assert await world.chat.tokens.resumable(bob, first.session) == [session]


async def test_a_lost_answer_costs_nothing(world: World, bob: User) -> None:
    """Until the token that was in it has been used, the one before is good."""
    first = await world.chat.tokens.issue(bob)
    world.clock.ms += DAY
    lost = await resume(world, first)
    second = await resume(world, first)
    assert second.text != lost.text
    assert await resume(world, second) == second
    for worthless in (first, lost):
        assert not await is_good(world, worthless)


async def test_the_answer_that_was_read_may_be_any_of_the_last(world: World, bob: User) -> None:
    """A RESUME that was held up and is carried out late takes nothing from who has gone on."""
    first = await world.chat.tokens.issue(bob)
    world.clock.ms += DAY
    read = await resume(world, first)
    for _ in range(NEW_KEPT - 1):
        await resume(world, first)
    assert await resume(world, read) == read


async def test_a_token_that_was_not_used_for_long_is_followed_as_well(
    world: World, bob: User
) -> None:
    """By the time of its first use it is older than a day."""
    first = await world.chat.tokens.issue(bob)
    world.clock.ms += DAY
    second = await resume(world, first)
    world.clock.ms += DAY
    third = await resume(world, second)
    assert third.text != second.text
    assert await is_good(world, second)
    assert not await is_good(world, first)
    assert third.session == first.session


async def test_who_comes_every_day_need_not_log_in_again(world: World, bob: User) -> None:
    """However long it goes on, it is one session, which began with the login."""
    token = await world.chat.tokens.issue(bob)
    begun_ms = world.clock.ms
    for _ in range(100):
        world.clock.ms += DAY
        token = await resume(world, token)
    (session,) = await world.chat.tokens.resumable(bob, "")
    assert (session.begun_ms, session.expires_ms) == (begun_ms, token.expires_ms)


async def followed(world: World, bob: User) -> tuple[Token, Token]:
    """A token that another has followed, and that other."""
    first = await world.chat.tokens.issue(bob)
    world.clock.ms += DAY
    second = await resume(world, first)
    await resume(world, second)
    return first, second


@pytest.mark.parametrize("days", [0, 1, 13, 30])
async def test_a_token_that_comes_again_ends_its_session(
    world: World, bob: User, days: int
) -> None:
    """Two have it, and nobody can tell which of them is a thief. Other sessions go on.

    However long ago it was followed, as long as the session goes on.
    """
    first, last = await followed(world, bob)
    for _ in range(days):
        world.clock.ms += DAY
        last = await resume(world, last)
    other = await world.chat.tokens.issue(bob)
    with pytest.raises(BadToken):
        await world.chat.resuming.prove(first.text)
    assert not await is_good(world, last)
    assert await is_good(world, other)
    assert world.chat.resuming.counters.tokens_reused == 1
    with pytest.raises(BadToken):
        await world.chat.resuming.prove(first.text)
    assert world.chat.resuming.counters.tokens_reused == 1


async def test_nobody_ends_a_session_by_its_name(world: World, bob: User) -> None:
    """It is in the log, so that it must be of no use."""
    token = await world.chat.tokens.issue(bob)
    for text in (token.session, f"{token.session}.x", token.kept.series, f"{token.kept.series}.x"):
        with pytest.raises(BadToken):
            await world.chat.resuming.prove(text)
    assert await is_good(world, token)


def test_who_is_there_by_a_later_token_is_thrown_out(world: World, bob: User) -> None:
    """And may be the thief."""
    first, _ = world.tasks.run(followed(world, bob))
    terminal = world.log_in(bob, first.session)
    with pytest.raises(BadToken):
        world.tasks.run(world.chat.resuming.prove(first.text))
    assert terminal.client.notices == ["thrown out"]
    assert world.log_in(bob).is_live


def test_who_is_there_by_another_session_stays(world: World, bob: User) -> None:
    """Its tokens have nothing to do with it."""
    first, _ = world.tasks.run(followed(world, bob))
    terminal = world.log_in(bob, "another session")
    with pytest.raises(BadToken):
        world.tasks.run(world.chat.resuming.prove(first.text))
    assert terminal.client.notices == []
    assert world.chat.sessions.get(bob.id) is terminal.session


async def test_a_node_that_hung_draws_no_conclusions(world: World, bob: User) -> None:
    """What it was asked before is old: the client has gone on elsewhere, by a later token."""
    first, second = await followed(world, bob)
    world.chat.node.standing.suspended = True
    with pytest.raises(TryAgain):
        await world.chat.resuming.prove(first.text)
    assert await is_good(world, second)


async def test_a_token_that_is_ended_while_it_is_used_is_bad(world: World, bob: User) -> None:
    """And no other follows it: whoever is logged out has nothing left to come back by."""
    token = await world.chat.tokens.issue(bob)
    for age in (0, DAY):
        world.clock.ms += age
        _, found = await world.chat.resuming.prove(token.text)
        await world.chat.tokens.end_all_of(bob)
        with pytest.raises(BadToken):
            await world.chat.tokens.use(found)
        assert await world.store.tokens.of(bob.id, world.clock.ms) == []
        await world.chat.tokens.keep(token)
