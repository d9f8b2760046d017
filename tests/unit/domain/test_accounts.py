"""Registering, proving who one is, and the tokens."""

import pytest

from chat_domain.errors import (
    BadCredentials,
    BadName,
    BadPassword,
    BadToken,
    NameTaken,
    TryAgain,
)
from chat_domain.model import PLAIN, User
from chat_domain.names import Name
from chat_domain.people.passwords import MAX_PASSWORD
from chat_domain.people.tokens import Token
from tests.unit.world import World


async def secret_of(world: World, user: User) -> str:
    account = await world.store.users.by_id(user.id)
    assert account is not None
    return account.secret


async def owner(world: World, token: Token) -> User:
    user, _ = await world.chat.resuming.prove(token.text)
    return user


async def test_who_registered_can_prove_it_by_id_and_by_name(world: World) -> None:
    """Both ways lead to the same user, and case is no part of a name."""
    accounts = world.chat.accounts
    user = await world.chat.registration.register(" Li Si ", "pw")
    assert user == User(user.id, "Li Si")
    assert await accounts.by_id(user.id, "pw") == user
    assert await accounts.by_name("LI SI", "pw") == user


async def test_a_name_is_registered_once(world: World) -> None:
    """In whatever case it comes again."""
    await world.chat.registration.register("li si", "pw")
    with pytest.raises(NameTaken):
        await world.chat.registration.register("LI SI", "other")


async def test_a_bad_name_costs_no_hash(world: World) -> None:
    """It is refused before the slow part, as a bad password is."""
    world.hasher.busy = True
    with pytest.raises(BadName):
        await world.chat.registration.register("42", "pw")
    with pytest.raises(BadPassword):
        await world.chat.registration.register("li si", "")


@pytest.mark.parametrize("password", ["", "x" * (MAX_PASSWORD + 1)])
async def test_a_password_has_1_to_128_characters(world: World, password: str) -> None:
    """Others are refused at registration and at a change."""
    with pytest.raises(BadPassword):
        await world.chat.registration.register("li si", password)
    user = await world.chat.registration.register("li si", "x" * MAX_PASSWORD)
    with pytest.raises(BadPassword):
        await world.chat.accounts.change_password(user, "x" * MAX_PASSWORD, password)


async def test_only_a_hash_is_kept(world: World) -> None:
    """The store never sees a password."""
    user = await world.chat.registration.register("li si", "pw")
    assert await secret_of(world, user) == "hash of pw"


async def test_a_wrong_password_and_an_unknown_account_are_refused_alike(world: World) -> None:
    """In words, and in what they cost: one verification each."""
    (user,) = world.register("li si")
    accounts = world.chat.accounts
    refusals = []
    for attempt in (
        accounts.by_id(user.id, "wrong"),
        accounts.by_id(99, "pw"),
        accounts.by_id(-1, "pw"),
        accounts.by_id(2**63 - 1, "pw"),
        accounts.by_name("nobody", "pw"),
        accounts.by_name("", "pw"),
        accounts.by_name("li si", "wrong"),
    ):
        before = world.hasher.verified
        with pytest.raises(BadCredentials) as caught:
            await attempt
        refusals.append((str(caught.value), world.hasher.verified - before))
    assert set(refusals) == {("no such account, or not its password", 1)}


async def test_an_endless_password_is_not_even_verified(world: World) -> None:
    """Whether the account exists or not."""
    (user,) = world.register("li si")
    for user_id in (user.id, 99):
        with pytest.raises(BadCredentials):
            await world.chat.accounts.by_id(user_id, "x" * (MAX_PASSWORD + 1))
    assert world.hasher.verified == 0


async def test_a_plain_password_is_taken_once_and_renewed(world: World) -> None:
    """An account of the C++ server logs in as ever, and is hashed from then on."""
    user = User(await world.store.users.add(Name.parse("old"), PLAIN + "123456"), "old")
    with pytest.raises(BadCredentials):
        await world.chat.accounts.by_id(user.id, "wrong")
    assert await secret_of(world, user) == PLAIN + "123456"
    assert await world.chat.accounts.by_id(user.id, "123456") == user
    assert await secret_of(world, user) == "hash of 123456"
    assert await world.chat.accounts.by_id(user.id, "123456") == user


async def test_a_busy_hasher_means_try_again(world: World) -> None:
    """For whoever is unknown, too."""
    (user,) = world.register("li si")
    world.hasher.busy = True
    for user_id in (user.id, 99):
        with pytest.raises(TryAgain):
            await world.chat.accounts.by_id(user_id, "pw")


async def test_a_new_password_takes_the_place_of_the_old_one(world: World) -> None:
    """And only the new token is good from then on."""
    user, other = world.register("li si", "other")
    old = await world.chat.tokens.issue(user)
    others = await world.chat.tokens.issue(other)
    new = await world.chat.accounts.change_password(user, "pw", "better")
    assert await world.chat.accounts.by_id(user.id, "better") == user
    assert await owner(world, new) == user
    assert await owner(world, others) == other
    with pytest.raises(BadCredentials):
        await world.chat.accounts.by_id(user.id, "pw")
    with pytest.raises(BadToken):
        await owner(world, old)


async def test_a_change_needs_the_old_password(world: World) -> None:
    """Without it neither the password nor the tokens change."""
    (user,) = world.register("li si")
    token = await world.chat.tokens.issue(user)
    with pytest.raises(BadCredentials):
        await world.chat.accounts.change_password(user, "wrong", "better")
    assert await world.chat.accounts.by_id(user.id, "pw") == user
    assert await owner(world, token) == user


async def test_a_plain_password_can_be_changed(world: World) -> None:
    """Proving it renews the secret, which must not stand in the way of the change."""
    user = User(await world.store.users.add(Name.parse("old"), PLAIN + "123456"), "old")
    await world.chat.accounts.change_password(user, "123456", "better")
    assert await secret_of(world, user) == "hash of better"
