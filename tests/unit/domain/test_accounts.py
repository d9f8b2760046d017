"""Registration, proof of identity, and tokens."""

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, cast

import attrs
import pytest

from chat_domain.entries import Change, ChangeKind, pair
from chat_domain.errors import (
    BadCredentials,
    BadName,
    BadPassword,
    BadToken,
    NameTaken,
    TryAgain,
)
from chat_domain.log.follower import GAP_WAITS
from chat_domain.model import PLAIN, User
from chat_domain.names import Name, name_key
from chat_domain.people.accounts import MAX_PASSWORD, Accounts
from chat_domain.people.tokens import Token
from tests.unit.fakes import OpenHasher
from tests.unit.log.elsewhere import Elsewhere
from tests.unit.world import Terminal, World

if TYPE_CHECKING:
    from chat_domain.ports.store import Users as UserStore


def secret_of(world: World, user: User) -> str:
    account = world.tasks.run(world.store.users.find(user.id))
    assert account is not None
    return account.secret


def owner(world: World, token: Token) -> User:
    user, _ = world.tasks.run(world.chat.accounts.prove_by_token(token.text))
    return user


def test_who_registered_can_prove_it_by_id_and_by_name(world: World) -> None:
    """The id and the name lead to the same user, and the case of the name does not matter."""
    accounts = world.chat.accounts
    user = world.tasks.run(world.chat.registration.register(" Li Si ", "pw"))
    assert user == User(user.id, "Li Si")
    assert (world.tasks.run(accounts.prove(user.id, "pw"))).user == user
    assert (world.tasks.run(accounts.prove(name_key("LI SI"), "pw"))).user == user


def test_a_name_is_registered_once(world: World) -> None:
    """A second registration is refused, whatever the case of the name."""
    world.tasks.run(world.chat.registration.register("li si", "pw"))
    with pytest.raises(NameTaken):
        world.tasks.run(world.chat.registration.register("LI SI", "other"))


def test_a_bad_name_costs_no_hash(world: World) -> None:
    """The node refuses a bad name or a bad password before the slow hashing."""
    world.hasher.busy = True
    with pytest.raises(BadName):
        world.tasks.run(world.chat.registration.register("42", "pw"))
    with pytest.raises(BadPassword):
        world.tasks.run(world.chat.registration.register("li si", ""))


@pytest.mark.parametrize("password", ["", "x" * (MAX_PASSWORD + 1)])
def test_a_password_has_1_to_128_characters(world: World, password: str) -> None:
    """Registration and a change of password refuse any other length."""
    with pytest.raises(BadPassword):
        world.tasks.run(world.chat.registration.register("li si", password))
    user = world.tasks.run(world.chat.registration.register("li si", "x" * MAX_PASSWORD))
    with pytest.raises(BadPassword):
        world.tasks.run(world.chat.accounts.change_password(user, "x" * MAX_PASSWORD, password))


def test_only_a_hash_is_kept(world: World) -> None:
    """The store never sees a password."""
    user = world.tasks.run(world.chat.registration.register("li si", "pw"))
    assert secret_of(world, user) == "hash of pw"


def test_a_wrong_password_and_an_unknown_account_are_refused_alike(world: World) -> None:
    """Both get the same sentence, and both cost one verification."""
    (user,) = world.register("li si")
    accounts = world.chat.accounts
    refusals = []
    for attempt in (
        accounts.prove(user.id, "wrong"),
        accounts.prove(99, "pw"),
        accounts.prove(-1, "pw"),
        accounts.prove(2**63 - 1, "pw"),
        accounts.prove(name_key("nobody"), "pw"),
        accounts.prove(name_key(""), "pw"),
        accounts.prove(name_key("li si"), "wrong"),
    ):
        before = world.hasher.verified
        with pytest.raises(BadCredentials) as caught:
            world.tasks.run(attempt)
        refusals.append((str(caught.value), world.hasher.verified - before))
    assert set(refusals) == {("no such account, or wrong password", 1)}


def test_an_endless_password_is_not_even_verified(world: World) -> None:
    """The hasher does not verify such a password, whether the account exists or not."""
    (user,) = world.register("li si")
    for user_id in (user.id, 99):
        with pytest.raises(BadCredentials) as caught:
            world.tasks.run(world.chat.accounts.prove(user_id, "x" * (MAX_PASSWORD + 1)))
        assert not caught.value.tried
    assert world.hasher.verified == 0


def test_a_plain_password_is_taken_once_and_renewed(world: World) -> None:
    """An account of the C++ server logs in with its plain password, which is then replaced by a
    hash."""
    user = User(world.tasks.run(world.store.users.add(Name.parse("old"), PLAIN + "123456")), "old")
    with pytest.raises(BadCredentials):
        world.tasks.run(world.chat.accounts.prove(user.id, "wrong"))
    assert secret_of(world, user) == PLAIN + "123456"
    assert (world.tasks.run(world.chat.accounts.prove(user.id, "123456"))).user == user
    assert secret_of(world, user) == "hash of 123456"
    assert (world.tasks.run(world.chat.accounts.prove(user.id, "123456"))).user == user


def test_of_two_logins_by_a_plain_password_at_the_same_time_both_are_proved(world: World) -> None:
    """Each replaces it by a hash of its own, and one of these is kept."""
    user = User(world.tasks.run(world.store.users.add(Name.parse("old"), PLAIN + "pw")), "old")

    class Hasher(OpenHasher):
        """It has another salt than the other login's, which is done meanwhile."""

        async def hash(self, password: str, origin: str = "") -> str:
            await world.chat.accounts.prove(user.id, password)
            return "another " + await super().hash(password, origin)

    accounts = attrs.evolve(world.chat.accounts, hasher=Hasher())
    proved = world.tasks.run(accounts.prove(user.id, "pw"))
    world.tasks.run(accounts.check_unchanged(proved))


def test_a_busy_hasher_means_try_again(world: World) -> None:
    """The node also answers so if the account does not exist."""
    (user,) = world.register("li si")
    world.hasher.busy = True
    for user_id in (user.id, 99):
        with pytest.raises(TryAgain):
            world.tasks.run(world.chat.accounts.prove(user_id, "pw"))


def test_a_new_password_takes_the_place_of_the_old_one(world: World) -> None:
    """The user's old tokens end, only the new token is good, and other users' tokens are not
    touched."""
    user, other = world.register("li si", "other")
    old = world.issue(user)
    others = world.issue(other)
    new = world.tasks.run(world.chat.accounts.change_password(user, "pw", "better"))
    assert (world.tasks.run(world.chat.accounts.prove(user.id, "better"))).user == user
    assert owner(world, new) == user
    assert owner(world, others) == other
    with pytest.raises(BadCredentials):
        world.tasks.run(world.chat.accounts.prove(user.id, "pw"))
    with pytest.raises(BadToken):
        owner(world, old)


def test_a_change_needs_the_old_password(world: World) -> None:
    """A wrong old password changes neither the password nor the tokens."""
    (user,) = world.register("li si")
    token = world.issue(user)
    with pytest.raises(BadCredentials):
        world.tasks.run(world.chat.accounts.change_password(user, "wrong", "better"))
    assert (world.tasks.run(world.chat.accounts.prove(user.id, "pw"))).user == user
    assert owner(world, token) == user


def test_a_plain_password_can_be_changed(world: World) -> None:
    """Proving it replaces the secret by a hash, which must not make the change fail."""
    user = User(world.tasks.run(world.store.users.add(Name.parse("old"), PLAIN + "123456")), "old")
    world.tasks.run(world.chat.accounts.change_password(user, "123456", "better"))
    assert secret_of(world, user) == "hash of better"


def test_who_is_proved_is_so_until_the_password_changes(world: World) -> None:
    """A change by the user or the operator, or the account's end, voids the proof. Renewing the
    secret does not."""
    user = User(world.tasks.run(world.store.users.add(Name.parse("old"), PLAIN + "pw")), "old")
    accounts, administration = world.chat.accounts, world.chat.administration
    proved = world.tasks.run(accounts.prove(user.id, "pw"))
    world.tasks.run(accounts.check_unchanged(proved))
    for change in (
        accounts.change_password(user, "pw", "another"),
        administration.set_password("old", "new"),
        administration.disable("old"),
        administration.delete("old"),
    ):
        world.tasks.run(change)
        with pytest.raises(TryAgain):
            world.tasks.run(accounts.check_unchanged(proved))
        account = world.tasks.run(world.store.users.find(user.id))
        if account is not None:
            world.tasks.run(accounts.check_unchanged(account))
            proved = account


def just_before(world: World, meanwhile: Callable[[], Coroutine[Any, Any, object]]) -> Accounts:
    """The accounts, where something is done just before a change of password sets the new one."""

    class Users:
        find = world.store.users.find

        async def set_secret(self, *which: Any, **how: Any) -> bool:
            await meanwhile()
            return await world.store.users.set_secret(*which, **how)

    return attrs.evolve(world.chat.accounts, users=cast("UserStore", Users()))


def test_a_change_that_cannot_be_stored_changes_nothing(world: World) -> None:
    """The user is told to try again, so the old password and the tokens have to stay good."""
    (user,) = world.register("li si")
    token = world.issue(user)

    async def away() -> None:
        raise TryAgain

    with pytest.raises(TryAgain):
        world.tasks.run(just_before(world, away).change_password(user, "pw", "better"))
    assert secret_of(world, user) == "hash of pw"
    assert owner(world, token) == user


def test_a_login_by_the_old_password_just_before_the_change_is_ended_by_it(
    world: World,
) -> None:
    """That login has proved the old password, and its token was stored after the change had proved
    it, too."""
    (user,) = world.register("li si")
    late: list[Token] = []

    async def log_in() -> None:
        late.append(await world.chat.devices.new_token(user))
        await world.chat.devices.store_token(user, late[0])

    world.tasks.run(just_before(world, log_in).change_password(user, "pw", "better"))
    with pytest.raises(BadToken):
        owner(world, late[0])


def test_of_two_changes_at_the_same_time_one_is_made(world: World) -> None:
    """Both have proved the old password. The one that is refused ends neither the session of the
    other nor its new token."""
    (user,) = world.register("li si")
    terminal = world.log_in(user, "winner")
    won: list[Token] = []

    class Hasher(OpenHasher):
        """While it hashes, the other change is made."""

        async def hash(self, password: str, origin: str = "") -> str:
            change = world.chat.accounts.change_password(user, "pw", "better", session="winner")
            won.append(await change)
            return await super().hash(password, origin)

    accounts = attrs.evolve(world.chat.accounts, hasher=Hasher())
    with pytest.raises(BadCredentials):
        world.tasks.run(accounts.change_password(user, "pw", "worse"))
    assert secret_of(world, user) == "hash of better"
    assert owner(world, won[0]) == user
    assert not terminal.session.ended


def test_what_is_on_its_way_when_all_sessions_end_is_refused(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """The account is disabled on another node, and this one has hung since it was written."""
    ann.says(bob.user, "they have a conversation")
    world.log.slow_writes = True
    ann.says(bob.user, "on its way")
    oneself = pair(ann.user.id, ann.user.id)
    Elsewhere(world, ann, bob).changes(ann, oneself, Change(ChangeKind.ALL_ENDED))
    world.log.slow_writes = False
    world.settle()
    world.passes(GAP_WAITS)
    assert ann.client.statuses == ["accepted", "NotLoggedIn"]
    assert bob.client.texts == ["they have a conversation"]


def test_what_comes_behind_the_end_of_all_sessions_in_one_batch_is_refused(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """It is not written behind it, either, if the session that stays writes."""
    phone = world.log_in(ann.user, "phone")
    for terminal in (ann, phone):
        terminal.says(bob.user, "they have a conversation")
    world.log.slow_writes = True
    bob.says(ann.user, "in flight")
    world.tasks.start(world.chat.devices.end_all_connected(ann.user, phone.session.name))
    world.tasks.drain()
    ann.says(bob.user, "too late")
    phone.says(bob.user, "in time")
    world.settle()
    assert ann.client.statuses == ["accepted", "NotLoggedIn"]
    assert phone.client.statuses == ["accepted", "accepted"]
