"""LOGIN and RESUME do not tell whether an account exists: the answer and the work are the same."""

import pytest

from chat_domain.errors import BadCredentials, BadToken
from chat_domain.model import PLAIN
from chat_domain.names import name_key
from chat_domain.people.accounts import MAX_PASSWORD
from tests.unit.world import World

LONG = "x" * (MAX_PASSWORD + 1)


@pytest.fixture
def world() -> World:
    """Ann has registered. Old comes from the C++ server and has a plain password."""
    world = World()
    world.register("Ann")
    world.register("Old")
    old = world.tasks.run(world.store.users.find("old"))
    assert old is not None
    world.tasks.run(
        world.store.users.set_secret(old.user.id, PLAIN + "plain", instead_of=old.secret)
    )
    world.hasher.verified = world.hasher.hashed = 0
    return world


def work_of(world: World, who: int | str, password: str) -> tuple[str, int, int]:
    """Return what a failed login is told, and how many hashes it has verified and made."""
    world.hasher.verified = world.hasher.hashed = 0
    accounts = world.chat.accounts
    prove = accounts.prove(who if isinstance(who, int) else name_key(who), password)
    with pytest.raises(BadCredentials) as refusal:
        world.tasks.run(prove)
    return str(refusal.value), world.hasher.verified, world.hasher.hashed


ODD = ["nobody", "", " ", "42", "a\0b", "x" * 1024, 99, 0, -1, 2**31, 2**63 - 1, -(2**63)]


@pytest.mark.parametrize("who", ["Ann", "ANN", "Old", 1, 2, *ODD], ids=ascii)
def test_a_failed_login_is_a_failed_login(world: World, who: int | str) -> None:
    """By name or id, existing or not, hashed or plain, it gets one sentence and costs one hash. A
    password that is too long costs none, for any account."""
    for password in ("wrong", "", "\ud800", "plai"):
        assert work_of(world, who, password) == (str(BadCredentials()), 1, 0)
    assert work_of(world, who, LONG) == (str(BadCredentials()), 0, 0)


def test_a_token_is_good_or_it_is_not(world: World) -> None:
    """Unknown, ended and expired tokens get the same answer and cost no hash."""
    accounts, tokens = world.chat.accounts, world.store.tokens
    ann = (world.tasks.run(accounts.prove(name_key("Ann"), "pw"))).user
    ended, expired = world.issue(ann), world.issue(ann)
    world.tasks.run(tokens.remove(ann.id, ended.session))
    world.clock.advance(10**9)
    world.hasher.verified = 0
    sentences = set()
    for token in (ended.text, expired.text, "unknown", "", "\ud800", "x" * 1024):
        with pytest.raises(BadToken) as refusal:
            world.tasks.run(world.chat.accounts.prove_by_token(token))
        sentences.add(str(refusal.value))
    assert len(sentences) == 1
    assert world.hasher.verified == 0
