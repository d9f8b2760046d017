"""Resuming by a token, and the tokens that replace it."""

import pytest

from chat_domain.errors import BadToken, NoSuchSession, TryAgain
from chat_domain.model import User
from chat_domain.people import devices
from chat_domain.people.devices import NEW_KEPT, SESSIONS_KEPT
from chat_domain.people.tokens import ROTATED_AFTER_MS, TOKEN_LIFE_MS, Token, digest, series_of
from tests.unit.world import World

DAY = ROTATED_AFTER_MS


@pytest.fixture
def bob(world: World) -> User:
    return world.register("Bob")[0]


def resume(world: World, token: Token) -> Token:
    """Return the token for the next resumption. Raises BadToken."""
    _, found = world.tasks.run(world.chat.accounts.prove_by_token(token.text))
    return world.tasks.run(world.chat.devices.use(found))


def is_good(world: World, token: Token) -> bool:
    return world.tasks.run(world.store.tokens.find(digest(token.text), world.clock.ms)) is not None


def test_a_token_proves_who_it_was_given_to(world: World, bob: User) -> None:
    """The store has only its digest, and its text does not appear in a log."""
    token = world.issue(bob)
    assert world.tasks.run(world.chat.accounts.prove_by_token(token.text)) == (bob, token)
    assert world.tasks.run(world.store.tokens.find(token.text, world.clock.ms)) is None
    assert world.tasks.run(world.store.tokens.find(digest(token.text), world.clock.ms)) is not None
    assert token.text not in repr(token)


@pytest.mark.parametrize("unknown", ["", "token", "\ud800", "x" * 1024])
def test_an_unknown_token_is_bad(world: World, unknown: str) -> None:
    """Any text that is no token of a session is refused."""
    with pytest.raises(BadToken):
        world.tasks.run(world.chat.accounts.prove_by_token(unknown))


def test_a_token_is_good_for_14_days(world: World, bob: User) -> None:
    """It expires at the last millisecond of that time. Whoever comes with it later is no thief."""
    token = world.issue(bob)
    assert token.expires_ms == world.clock.ms + TOKEN_LIFE_MS
    world.clock.ms = token.expires_ms - 1
    assert world.tasks.run(world.chat.accounts.prove_by_token(token.text)) == (bob, token)
    world.clock.ms = token.expires_ms
    with pytest.raises(BadToken):
        world.tasks.run(world.chat.accounts.prove_by_token(token.text))
    assert world.chat.accounts.counters.tokens_reused == 0


def test_a_user_has_ten_sessions_at_most(world: World, bob: User) -> None:
    """The session that expires first makes room for the eleventh."""
    tokens = []
    for _ in range(11):
        tokens.append(world.issue(bob))
        world.clock.advance(1)
    assert [is_good(world, token) for token in tokens] == [False] + [True] * 10


@pytest.mark.parametrize("begins", [False, True])
def test_a_session_that_is_in_use_stays_whatever_its_node_s_clock_says(
    world: World, bob: User, *, begins: bool
) -> None:
    """It was begun or resumed on a node whose clock is behind. The longest unused one goes."""
    behind = World(beside=world)
    behind.log.now = world.clock.now_ms
    tokens = [world.issue(bob) for _ in range(SESSIONS_KEPT - begins)]
    world.clock.advance(1)
    behind.clock.ms = world.clock.ms - 300_000
    in_use = behind.issue(bob) if begins else resume(behind, tokens[-1])
    world.clock.advance(1)
    newest = world.issue(bob)
    assert is_good(world, in_use)
    assert is_good(world, newest)


def test_no_token_expires_because_a_node_s_clock_is_ahead(world: World, bob: User) -> None:
    """Otherwise the node would end each session that comes to it, and delete everybody's tokens."""
    ahead = World(beside=world)
    ahead.log.now = world.clock.now_ms
    ahead.clock.ms = world.clock.ms + 2 * TOKEN_LIFE_MS
    token = world.issue(bob)
    assert resume(ahead, token) == token
    (listed,) = ahead.tasks.run(ahead.chat.devices.resumable(bob))
    assert listed.session == token.session
    ahead.issue(bob)
    assert resume(world, token) == token


def test_an_ended_session_s_tokens_are_worthless(world: World, bob: User) -> None:
    """The user's other sessions keep their tokens."""
    one, other = [world.issue(bob) for _ in range(2)]
    world.tasks.run(world.chat.devices.end(bob, one.session))
    assert not is_good(world, one)
    assert is_good(world, other)
    with pytest.raises(NoSuchSession):
        world.tasks.run(world.chat.devices.end(bob, one.session))


def test_a_young_token_is_resumed_by_again_and_again(world: World, bob: User) -> None:
    """It is not replaced within a day."""
    token = world.issue(bob)
    world.clock.ms += DAY - 1
    for _ in range(3):
        assert resume(world, token).text == token.text


def test_after_a_day_a_token_is_followed_by_another(world: World, bob: User) -> None:
    """The new token belongs to the same session, and is good for 14 days from now."""
    first = world.issue(bob)
    begun_ms = world.clock.ms
    world.clock.ms += DAY
    second = resume(world, first)
    assert second.text != first.text
    assert second.session == first.session
    assert second.expires_ms == world.clock.ms + TOKEN_LIFE_MS
    (session,) = world.tasks.run(world.chat.devices.resumable(bob))
    assert (session.session, session.begun_ms) == (first.session, begun_ms)
    assert (session.seen_ms, session.expires_ms) == (world.clock.ms, second.expires_ms)


def test_a_lost_answer_costs_nothing(world: World, bob: User) -> None:
    """The old token stays good until a new one has been used."""
    first = world.issue(bob)
    world.clock.ms += DAY
    lost = resume(world, first)
    second = resume(world, first)
    assert second.text != lost.text
    assert resume(world, second) == second
    for worthless in (first, lost):
        assert not is_good(world, worthless)


def test_the_answer_that_was_read_may_be_any_of_the_last(world: World, bob: User) -> None:
    """A RESUME that was held up and is carried out late does not void the token that the client
    has."""
    first = world.issue(bob)
    world.clock.ms += DAY
    read = resume(world, first)
    for _ in range(NEW_KEPT - 1):
        resume(world, first)
    assert resume(world, read).text == read.text


def test_a_token_that_was_not_used_for_long_is_followed_as_well(world: World, bob: User) -> None:
    """It is older than a day when it is used for the first time."""
    first = world.issue(bob)
    world.clock.ms += DAY
    second = resume(world, first)
    world.clock.ms += DAY
    third = resume(world, second)
    assert third.text != second.text
    assert is_good(world, second)
    assert not is_good(world, first)
    assert third.session == first.session


def test_who_comes_every_day_need_not_log_in_again(world: World, bob: User) -> None:
    """The session that began with the login goes on for as long as the user comes."""
    token = world.issue(bob)
    begun_ms = world.clock.ms
    for _ in range(100):
        world.clock.ms += DAY
        token = resume(world, token)
    (session,) = world.tasks.run(world.chat.devices.resumable(bob))
    assert (session.begun_ms, session.expires_ms) == (begun_ms, token.expires_ms)


def followed(world: World, bob: User) -> tuple[Token, Token]:
    """A token that was replaced and its successor, which has been used."""
    first = world.issue(bob)
    world.clock.ms += DAY
    second = resume(world, first)
    resume(world, second)
    return first, second


@pytest.mark.parametrize("days", [0, 1, 13, 30])
def test_a_token_that_comes_again_ends_its_session(world: World, bob: User, days: int) -> None:
    """Two clients have it, and nobody can tell which of them is the thief. It may have been
    replaced long ago, as long as the session goes on. The user's other sessions stay."""
    first, last = followed(world, bob)
    for _ in range(days):
        world.clock.ms += DAY
        last = resume(world, last)
    other = world.issue(bob)
    with pytest.raises(BadToken):
        world.tasks.run(world.chat.accounts.prove_by_token(first.text))
    assert not is_good(world, last)
    assert is_good(world, other)
    assert world.chat.accounts.counters.tokens_reused == 1
    with pytest.raises(BadToken):
        world.tasks.run(world.chat.accounts.prove_by_token(first.text))
    assert world.chat.accounts.counters.tokens_reused == 1


def test_nobody_ends_a_session_by_its_name(world: World, bob: User) -> None:
    """The session's name appears in the log, so it must be of no use."""
    token = world.issue(bob)
    for text in (token.session, f"{token.session}.x", token.kept.series, f"{token.kept.series}.x"):
        with pytest.raises(BadToken):
            world.tasks.run(world.chat.accounts.prove_by_token(text))
    assert is_good(world, token)


def test_who_is_there_by_a_later_token_is_revoked(world: World, bob: User) -> None:
    """The client that uses that token may be the thief."""
    first, _ = followed(world, bob)
    terminal = world.log_in(bob, first.session)
    with pytest.raises(BadToken):
        world.tasks.run(world.chat.accounts.prove_by_token(first.text))
    assert terminal.client.notices == ["revoked"]
    assert world.log_in(bob).is_live


def test_who_is_there_by_another_session_stays(world: World, bob: User) -> None:
    """That session's tokens have nothing to do with it."""
    first, _ = followed(world, bob)
    terminal = world.log_in(bob, "another session")
    with pytest.raises(BadToken):
        world.tasks.run(world.chat.accounts.prove_by_token(first.text))
    assert terminal.client.notices == []
    assert world.chat.sessions.of(bob.id) == (terminal.session,)


def test_the_tokens_of_a_session_have_a_series_of_their_own(world: World, bob: User) -> None:
    """By which a token that comes again is known to be of that session, and of no other."""
    first, second = followed(world, bob)
    another = world.issue(bob)
    assert series_of(first.text) == series_of(second.text) == first.kept.series
    assert series_of(another.text) != series_of(first.text)


def test_a_node_that_hung_draws_no_conclusions(world: World, bob: User) -> None:
    """The request is old: the client may have gone on elsewhere, with a later token."""
    first, second = followed(world, bob)
    world.chat.node.suspend()
    with pytest.raises(TryAgain):
        world.tasks.run(world.chat.accounts.prove_by_token(first.text))
    assert is_good(world, second)


def test_only_so_many_ends_of_sessions_wait_to_be_written(
    world: World, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the log is away. Who asks for more of them is told so as well."""
    monkeypatch.setattr(devices, "MAX_UNWRITTEN", 1)
    first, second = world.log_in(bob), world.newcomer("Ann")
    world.log.failing = True
    for one in (first, second):
        with pytest.raises(TryAgain):
            world.tasks.run(world.chat.devices.end_all(one.user))
    world.log.failing = False
    world.passes(0.5)
    assert (first.session.ended, second.session.ended) == (True, False)


def test_a_token_that_is_ended_while_it_is_used_is_bad(world: World, bob: User) -> None:
    """Nor is it replaced: a user who was logged out has no token left to resume by."""
    token = world.issue(bob)
    for age in (0, DAY):
        world.clock.ms += age
        _, found = world.tasks.run(world.chat.accounts.prove_by_token(token.text))
        world.tasks.run(world.chat.devices.tokens.remove_all(bob.id))
        with pytest.raises(BadToken):
            world.tasks.run(world.chat.devices.use(found))
        assert world.tasks.run(world.store.tokens.of(bob.id, world.clock.ms)) == []
        world.tasks.run(world.chat.devices.store_token(bob, token))


def test_a_session_that_has_ended_unseen_is_dropped(
    world: World, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While this node had no lease, others saw nobody on it: what ended there was not written to
    the log. Whoever still has a token stays, and so does a client of version 1, which has none."""
    monkeypatch.setattr(devices, "SESSIONS_AT_ONCE", 1)
    tokens = [world.issue(bob, device) for device in ("phone", "laptop")]
    phone, laptop = [world.log_in(bob, token.session) for token in tokens]
    old = world.log_in_version1(bob)
    world.tasks.run(world.presence.left("alone", [bob.id]))
    World(beside=world).issue(bob, "phone")
    assert world.entries() == []
    world.chat.node.suspend()
    world.tasks.run(world.chat.node.resume())
    assert [one.client.notices for one in (phone, laptop, old)] == [["dropped"], [], []]


def test_the_token_of_a_connected_device_does_not_expire(
    world: World, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is good for twelve days more when the connection ends, and followed by another then."""
    monkeypatch.setattr(devices, "SESSIONS_AT_ONCE", 1)
    tokens = [world.issue(bob, device) for device in ("phone", "laptop", "tablet")]
    for token in tokens[:2]:
        world.log_in(bob, token.session)
    for _ in range(30):
        world.clock.ms += DAY
        world.tasks.run(world.chat.devices.extend_tokens())
    world.clock.ms += 12 * DAY
    assert [is_good(world, token) for token in tokens] == [True, True, False]
    assert resume(world, tokens[0]) != tokens[0]


def test_a_young_token_is_not_extended(world: World, bob: User) -> None:
    """It is good for longer than it would be then."""
    token = world.issue(bob)
    world.log_in(bob, token.session)
    world.tasks.run(world.chat.devices.extend_tokens())
    (kept,) = world.tasks.run(world.store.tokens.of(bob.id, world.clock.ms))
    assert kept.expires_ms == token.expires_ms
