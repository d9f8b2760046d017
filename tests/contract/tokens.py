"""The promises of `ports.Tokens`."""

import pytest

from chat_domain.model import User
from chat_domain.ports.store import Store
from tests.contract.making import ODD_INTEGERS, register

NOW = 4_000_000_000_000  # later than any clock that an adapter may have
LATER = NOW + 1_000


async def owned(store: Store, *digests: str) -> list[str]:
    """Those of the digests that are somebody's."""
    return [digest for digest in digests if await store.tokens.owner(digest, NOW)]


async def test_a_digest_tells_its_owner(store: Store) -> None:
    """owner tells the id and the name of whom the digest was added for."""
    ann, bob = await register(store, "Ann", "Bob")
    await store.tokens.add("a", ann, LATER, keep=5)
    await store.tokens.add("b", bob, LATER, keep=5)
    assert await store.tokens.owner("a", NOW) == User(ann, "Ann")
    assert await store.tokens.owner("b", NOW) == User(bob, "Bob")


@pytest.mark.parametrize("digest", ["", "A", "a ", "a\0", "it's", "%", "x" * 9999])
async def test_an_unknown_digest_is_nobodys(store: Store, digest: str) -> None:
    """Digests are compared to the last byte."""
    (ann,) = await register(store, "Ann")
    await store.tokens.add("a", ann, LATER, keep=5)
    assert await store.tokens.owner(digest, NOW) is None


async def test_a_digest_expires(store: Store) -> None:
    """A digest is somebody's until the millisecond in which it expires, and not in it."""
    (ann,) = await register(store, "Ann")
    await store.tokens.add("a", ann, LATER, keep=5)
    assert await store.tokens.owner("a", LATER - 1) == User(ann, "Ann")
    assert await store.tokens.owner("a", LATER) is None


async def test_what_has_expired_is_forgotten(store: Store) -> None:
    """Adding forgets expired digests of every user: they are nobody's at any time."""
    ann, bob = await register(store, "Ann", "Bob")
    await store.tokens.add("a", ann, 1_000, keep=5)
    await store.tokens.owner("unknown", 2_000)
    await store.tokens.add("b", bob, LATER, keep=5)
    assert await store.tokens.owner("a", 500) is None


async def test_those_that_expire_last_are_kept(store: Store) -> None:
    """Of a user's other digests the `keep - 1` that expire last stay, in whatever order added."""
    (ann,) = await register(store, "Ann")
    for digest, expires_ms in (("3", LATER + 3), ("1", LATER + 1), ("4", LATER + 4)):
        await store.tokens.add(digest, ann, expires_ms, keep=5)
    await store.tokens.add("2", ann, LATER + 2, keep=3)
    assert await owned(store, "1", "2", "3", "4") == ["2", "3", "4"]


async def test_the_new_one_is_always_kept(store: Store) -> None:
    """A new digest that expires before all others is kept none the less."""
    (ann,) = await register(store, "Ann")
    await store.tokens.add("old", ann, LATER + 2, keep=1)
    await store.tokens.add("new", ann, LATER + 1, keep=1)
    assert await owned(store, "old", "new") == ["new"]


async def test_keeping_is_each_users_own(store: Store) -> None:
    """However few one user keeps, another's digests stay."""
    ann, bob = await register(store, "Ann", "Bob")
    await store.tokens.add("b", bob, LATER, keep=5)
    await store.tokens.add("a1", ann, LATER + 1, keep=1)
    await store.tokens.add("a2", ann, LATER + 2, keep=1)
    assert await owned(store, "a1", "a2", "b") == ["a2", "b"]


async def test_adding_can_be_repeated(store: Store) -> None:
    """A digest that is added once more is there once, until the later added expiry."""
    (ann,) = await register(store, "Ann")
    await store.tokens.add("other", ann, LATER, keep=2)
    await store.tokens.add("a", ann, LATER + 5, keep=2)
    await store.tokens.add("a", ann, LATER + 10, keep=2)
    assert await owned(store, "other", "a") == ["other", "a"]
    assert await store.tokens.owner("a", LATER + 9) == User(ann, "Ann")


async def test_a_removed_digest_is_nobodys(store: Store) -> None:
    """remove forgets one digest; to forget it again is no error."""
    (ann,) = await register(store, "Ann")
    await store.tokens.add("a", ann, LATER, keep=5)
    await store.tokens.add("b", ann, LATER, keep=5)
    await store.tokens.remove("a")
    await store.tokens.remove("a")
    assert await owned(store, "a", "b") == ["b"]


async def test_all_digests_of_a_user_are_removed(store: Store) -> None:
    """remove_all forgets the digests of one user and of nobody else; again is no error."""
    ann, bob = await register(store, "Ann", "Bob")
    await store.tokens.add("a1", ann, LATER, keep=5)
    await store.tokens.add("a2", ann, LATER, keep=5)
    await store.tokens.add("b", bob, LATER, keep=5)
    await store.tokens.remove_all(ann)
    await store.tokens.remove_all(ann)
    assert await owned(store, "a1", "a2", "b") == ["b"]


@pytest.mark.parametrize("number", ODD_INTEGERS)
async def test_any_integer_may_be_removed(store: Store, number: int) -> None:
    """remove_all of an integer that is nobody's id changes nothing."""
    (ann,) = await register(store, "Ann")
    await store.tokens.add("a", ann, LATER, keep=5)
    await store.tokens.remove_all(number)
    assert await owned(store, "a") == ["a"]


async def test_a_users_digests_are_listed(store: Store) -> None:
    """Those that have not expired, the last to expire first; nobody else's."""
    ann, bob = await register(store, "Ann", "Bob")
    for digest, owner, expires_ms in (
        ("b", ann, LATER),
        ("a", ann, LATER),
        ("c", ann, LATER + 1),
        ("d", ann, NOW),
        ("e", bob, LATER),
    ):
        await store.tokens.add(digest, owner, expires_ms, keep=9)
    assert await store.tokens.of(ann, NOW) == [("c", LATER + 1), ("a", LATER), ("b", LATER)]


@pytest.mark.parametrize("user_id", ODD_INTEGERS)
async def test_any_integer_may_be_listed(store: Store, user_id: int) -> None:
    """An id of nobody has no digests."""
    assert await store.tokens.of(user_id, NOW) == []
