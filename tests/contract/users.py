"""The promises of `ports.Users`."""

import pytest

from chat_domain.errors import NameTaken
from chat_domain.model import Account, User
from chat_domain.names import Name, name_key
from chat_domain.ports.store import Store
from tests.contract.making import LOOK_ALIKES, ODD_INTEGERS, ODD_TEXTS, at_once, register
from tests.contract.tokens import NOW, token


async def test_each_user_has_an_id_of_their_own(store: Store) -> None:
    """Ids are positive, below 2**31, and never given twice."""
    ids = await register(store, *(f"user {number}" for number in range(50)))
    assert len(set(ids)) == 50
    assert all(0 < user_id < 2**31 for user_id in ids)


async def test_an_account_is_found_by_its_id_and_by_its_key(store: Store) -> None:
    """It has the name as it was typed, which itself finds nobody."""
    ann = await store.users.add(Name.parse("Ann"), "hash")
    for who in (ann, "ann"):
        assert await store.users.find(who) == Account(User(ann, "Ann"), "hash")
    assert await store.users.find("Ann") is None


@pytest.mark.parametrize("key", ["bob", "an", "ann ", "ann\0", "a_n", "%", "änn", "", "x" * 9999])
async def test_an_unknown_key_finds_nothing(store: Store, key: str) -> None:
    """Keys are compared to the last byte; one that is not there finds None."""
    await register(store, "Ann")
    assert await store.users.find(key) is None


async def test_any_integer_may_be_asked(store: Store) -> None:
    """An integer that is nobody's id, however large, finds None."""
    await register(store, "Ann")
    for number in ODD_INTEGERS:
        assert await store.users.find(number) is None
        assert await store.users.names([number]) == {}
        assert not await store.users.set_secret(number, "new", instead_of="secret")


@pytest.mark.parametrize(
    ("taken", "name"), [("Ann", "aNN"), ("Ann", " ann "), ("Zoë", "zoe\u0308"), ("Weiß", "WEISS")]
)
async def test_a_name_is_taken_once(store: Store, taken: str, name: str) -> None:
    """A name with the key of another is refused, and the other keeps its account."""
    (first,) = await register(store, taken)
    with pytest.raises(NameTaken) as refusal:
        await store.users.add(Name.parse(name), "other")
    assert refusal.value.name == Name.parse(name).text
    assert await store.users.find(name_key(name)) == Account(User(first, taken), "secret")


@pytest.mark.parametrize(("taken", "name"), LOOK_ALIKES)
async def test_a_name_that_looks_like_another_is_taken(store: Store, taken: str, name: str) -> None:
    """Nobody can pose as somebody else; but a look-up finds only the exact name."""
    await register(store, taken)
    with pytest.raises(NameTaken):
        await store.users.add(Name.parse(name), "other")
    assert await store.users.find(name_key(name)) is None


@pytest.mark.parametrize(("taken", "name"), LOOK_ALIKES)
async def test_a_name_that_nobody_looks_like_any_more_is_free(
    store: Store, taken: str, name: str
) -> None:
    """The look of a name is free once its account is removed."""
    (first,) = await register(store, taken)
    await store.users.remove(first)
    await register(store, name)


async def test_of_many_who_look_alike_one_gets_in(store: Store) -> None:
    """This holds even at the same time."""
    names = ["anna", "\u0430nna", "ann\u0430", "\u0430nn\u0430", "ａnna"]
    results = await at_once([store.users.add(Name.parse(name), "hash") for name in names])
    assert sorted(type(result).__name__ for result in results) == ["NameTaken"] * 4 + ["int"]


@pytest.mark.parametrize("name", ["Anne", "Änn", "An n", "Ann%"])
async def test_names_with_different_keys_are_different(store: Store, name: str) -> None:
    """One accent, space or letter more makes another name."""
    ann, other = await register(store, "Ann", name)
    assert ann != other


async def test_of_many_who_want_a_name_one_gets_it(store: Store) -> None:
    """Registering is atomic: even concurrently, a name goes to one user."""
    steps = [store.users.add(Name.parse("Ann"), f"hash {number}") for number in range(20)]
    results = await at_once(steps)
    assert sorted(type(result).__name__ for result in results) == ["NameTaken"] * 19 + ["int"]


async def test_a_refused_name_can_be_followed_by_a_good_one(store: Store) -> None:
    """A refusal leaves nothing behind that would give an id twice."""
    (ann,) = await register(store, "Ann")
    with pytest.raises(NameTaken):
        await register(store, "ann")
    (bob,) = await register(store, "Bob")
    assert await store.users.names([ann, bob]) == {ann: "Ann", bob: "Bob"}


@pytest.mark.parametrize("text", [text for text in ODD_TEXTS if text])
async def test_any_text_is_kept_as_it_is(store: Store, text: str) -> None:
    """Names and secrets come back character by character."""
    name = Name(text[:50])
    user_id = await store.users.add(name, text)
    expected = Account(User(user_id, text[:50]), text)
    assert await store.users.find(user_id) == expected
    assert await store.users.find(name.key) == expected


async def test_names_of_some_users(store: Store) -> None:
    """`names` returns those that exist and leaves out those that do not."""
    ann, bob, _ = await register(store, "Ann", "Bob", "Cid")
    assert await store.users.names({ann, bob, 12345, *ODD_INTEGERS}) == {ann: "Ann", bob: "Bob"}
    assert await store.users.names(()) == {}


async def test_names_of_a_great_many_users(store: Store) -> None:
    """No number of ids is too large for one call."""
    (ann,) = await register(store, "Ann")
    assert await store.users.names(range(40_000)) == {ann: "Ann"}


async def test_a_secret_is_replaced(store: Store) -> None:
    """`set_secret` replaces a secret that is current; the second time it no longer is."""
    ann, bob = await register(store, "Ann", "Bob")
    assert await store.users.set_secret(ann, "new", instead_of="secret")
    assert not await store.users.set_secret(ann, "newer", instead_of="secret")
    assert await store.users.find(ann) == Account(User(ann, "Ann"), "new")
    assert await store.users.find(bob) == Account(User(bob, "Bob"), "secret")


async def test_a_secret_is_not_replaced_by_guess(store: Store) -> None:
    """A secret is compared to the last byte, case and trailing space included."""
    (ann,) = await register(store, "Ann")
    for guess in ("Secret", "secret ", "secret\0", ""):
        assert not await store.users.set_secret(ann, "new", instead_of=guess)
    assert await store.users.find(ann) == Account(User(ann, "Ann"), "secret")


async def test_tokens_end_with_the_secret_if_that_is_asked_for(store: Store) -> None:
    """Nobody else's end, and none end if the secret is not replaced."""
    ann, bob = await register(store, "Ann", "Bob")
    for user_id in (ann, bob):
        await store.tokens.add(token(f"of {user_id}", user_id), sessions=9)
    assert not await store.users.set_secret(ann, "x", instead_of="Secret", ending_tokens=True)
    assert await store.users.set_secret(ann, "new", instead_of="secret")
    assert [len(await store.tokens.of(one, NOW)) for one in (ann, bob)] == [1, 1]
    assert await store.users.set_secret(ann, "newer", instead_of="new", ending_tokens=True)
    assert [len(await store.tokens.of(one, NOW)) for one in (ann, bob)] == [0, 1]


async def test_of_many_who_replace_a_secret_one_does(store: Store) -> None:
    """Comparing and replacing is atomic."""
    (ann,) = await register(store, "Ann")
    steps = [
        store.users.set_secret(ann, f"new {number}", instead_of="secret") for number in range(20)
    ]
    results = await at_once(steps)
    assert sorted(results, key=bool) == [False] * 19 + [True]
