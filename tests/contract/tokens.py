"""The promises of `ports.Tokens`."""

import attrs
import pytest

from chat_domain.model import KeptToken, User
from chat_domain.ports.store import Store
from tests.contract.making import ODD_INTEGERS, register

NOW = 4_000_000_000_000  # later than any clock that an adapter may have
LATER = NOW + 1_000


def token(
    digest: str,
    user_id: int,
    expires_ms: int = LATER,
    *,
    session: str | None = None,
    used: bool = True,
) -> KeptToken:
    """One of a session that is called like it, unless said otherwise."""
    session = session or digest
    return KeptToken(digest, f"series {session}", user_id, session, NOW - 5, expires_ms, used)


async def add(store: Store, *tokens: KeptToken, sessions: int = 9) -> None:
    for one in tokens:
        await store.tokens.add(one, sessions=sessions)


async def owned(store: Store, *digests: str) -> list[str]:
    """Those of the digests that are somebody's."""
    return [digest for digest in digests if await store.tokens.find(digest, NOW)]


async def used(store: Store, *digests: str) -> list[bool]:
    """Of each of the digests that is somebody's, whether it was used."""
    found = [await store.tokens.find(digest, NOW) for digest in digests]
    return [one[1].used for one in found if one]


async def test_a_digest_tells_its_token_and_its_owner(store: Store) -> None:
    """find tells every fact that was added, and the id and the name of whom it was added for."""
    ann, bob = await register(store, "Ann", "Bob")
    of_ann = token("a", ann, session="s", used=False)
    of_bob = token("b", bob, LATER + 1)
    await add(store, of_ann, of_bob)
    assert await store.tokens.find("a", NOW) == (User(ann, "Ann"), of_ann)
    assert await store.tokens.find("b", NOW) == (User(bob, "Bob"), of_bob)


@pytest.mark.parametrize("digest", ["", "A", "a ", "a\0", "it's", "%", "x" * 9999])
async def test_an_unknown_digest_is_nobodys(store: Store, digest: str) -> None:
    """Digests are compared to the last byte."""
    (ann,) = await register(store, "Ann")
    await add(store, token("a", ann))
    assert await store.tokens.find(digest, NOW) is None


async def test_a_token_expires(store: Store) -> None:
    """It is somebody's until the millisecond in which it expires, and not in it."""
    (ann,) = await register(store, "Ann")
    await add(store, token("a", ann))
    assert await store.tokens.find("a", LATER - 1) == (User(ann, "Ann"), token("a", ann))
    assert await store.tokens.find("a", LATER) is None


async def test_what_has_expired_is_forgotten(store: Store) -> None:
    """Adding forgets expired tokens of every user: they are nobody's at any time."""
    ann, bob = await register(store, "Ann", "Bob")
    await add(store, token("a", ann, 1_000))
    await store.tokens.find("unknown", 2_000)
    await add(store, token("b", bob))
    assert await store.tokens.find("a", 500) is None


async def test_sessions_that_expire_last_are_kept(store: Store) -> None:
    """Of a user's others the `sessions - 1` that expire last stay, in whatever order added."""
    (ann,) = await register(store, "Ann")
    await add(store, *(token(str(n), ann, LATER + n) for n in (3, 1, 4)))
    await add(store, token("2", ann, LATER + 2), sessions=3)
    assert await owned(store, "1", "2", "3", "4") == ["2", "3", "4"]


async def test_a_session_expires_with_the_last_of_its_tokens(store: Store) -> None:
    """And however many it has, it is one; if it goes, all of them go."""
    (ann,) = await register(store, "Ann")
    await add(
        store,
        token("a1", ann, LATER + 1, session="a"),
        token("a2", ann, LATER + 9, session="a"),
        token("b1", ann, LATER + 7, session="b"),
        token("b2", ann, LATER + 8, session="b"),
        token("c", ann, LATER + 2),
    )
    await add(store, token("d", ann), sessions=2)
    assert await owned(store, "a1", "a2", "b1", "b2", "c", "d") == ["a1", "a2", "d"]


async def test_the_new_one_is_always_kept(store: Store) -> None:
    """A new session that expires before all others is kept none the less."""
    (ann,) = await register(store, "Ann")
    await add(store, token("old", ann, LATER + 2), token("new", ann, LATER + 1), sessions=1)
    assert await owned(store, "old", "new") == ["new"]


async def test_keeping_is_each_users_own(store: Store) -> None:
    """However few one user keeps, another's tokens stay, of a session of whatever name."""
    ann, bob = await register(store, "Ann", "Bob")
    await add(store, token("b", bob, session="a1"))
    await add(store, token("a1", ann, LATER + 1), token("a2", ann, LATER + 2), sessions=1)
    assert await owned(store, "a1", "a2", "b") == ["a2", "b"]


async def test_adding_can_be_repeated(store: Store) -> None:
    """A token that is added once more is there once, with the facts that were added later."""
    (ann,) = await register(store, "Ann")
    await add(store, token("other", ann), token("a", ann, LATER + 5), sessions=2)
    await add(store, token("a", ann, LATER + 10), sessions=2)
    assert await owned(store, "other", "a") == ["other", "a"]
    assert await store.tokens.find("a", LATER + 9) == (
        User(ann, "Ann"),
        token("a", ann, LATER + 10),
    )


async def test_a_series_tells_its_session(store: Store) -> None:
    """And whose it is, however many tokens of it there are, and until there is none."""
    ann, bob = await register(store, "Ann", "Bob")
    await add(
        store,
        token("1", ann, session="s"),
        token("2", ann, NOW + 1, session="s", used=False),
        token("b", bob),
    )
    assert await store.tokens.session_of("series s") == (ann, "s")
    assert await store.tokens.session_of("series b") == (bob, "b")
    for unknown in ("", "series", "series S", "series s ", "series s\0", "x" * 9999):
        assert await store.tokens.session_of(unknown) is None
    await store.tokens.remove(ann, "s")
    assert await store.tokens.session_of("series s") is None


async def test_a_token_that_follows_is_good_beside_the_one_before(store: Store) -> None:
    """Until it is used. Where none follows, nothing changes."""
    (ann,) = await register(store, "Ann")
    first = token("1", ann, session="s")
    await add(store, first)
    assert await store.tokens.use(first, None, new=3)
    assert await owned(store, "1", "2") == ["1"]
    following = token("2", ann, LATER + 1, session="s", used=False)
    assert await store.tokens.use(first, following, new=3)
    assert await used(store, "1", "2") == [True, False]
    assert await store.tokens.find("2", NOW) == (User(ann, "Ann"), following)


async def test_the_first_use_of_a_token_ends_all_others_of_its_session(store: Store) -> None:
    """Those that were given beside it among them; no other session is touched."""
    ann, bob = await register(store, "Ann", "Bob")
    first = token("1", ann, session="s")
    await add(store, first, token("a", ann), token("b", bob, session="s"))
    new = [token(str(n), ann, LATER + n, session="s", used=False) for n in (2, 3, 4)]
    for one in new:
        await store.tokens.use(first, one, new=3)
    assert await store.tokens.use(new[1], None, new=3)
    assert await owned(store, "1", "2", "3", "4", "a", "b") == ["3", "a", "b"]
    assert await store.tokens.find("3", NOW) == (
        User(ann, "Ann"),
        attrs.evolve(new[1], used=True),
    )


async def test_a_use_can_be_repeated(store: Store) -> None:
    """By whoever still takes it for new; and what follows it is there once."""
    (ann,) = await register(store, "Ann")
    first = token("1", ann, session="s")
    second = token("2", ann, LATER + 1, session="s", used=False)
    third = token("3", ann, LATER + 2, session="s", used=False)
    await add(store, first)
    await store.tokens.use(first, second, new=3)
    for _ in range(2):
        assert await store.tokens.use(second, third, new=1)
        assert await owned(store, "1", "2", "3") == ["2", "3"]
        assert await used(store, "2", "3") == [True, False]


async def test_a_forgotten_token_cannot_be_used(store: Store) -> None:
    """Whatever it was when it was looked up: none follows it, nothing is changed by it."""
    (ann,) = await register(store, "Ann")
    first = token("1", ann, session="s")
    second = token("2", ann, LATER + 1, session="s", used=False)
    third = token("3", ann, LATER + 2, session="s", used=False)
    await add(store, first)
    await store.tokens.use(first, second, new=3)
    await store.tokens.use(second, None, new=3)
    for following in (None, third):
        for forgotten in (first, attrs.evolve(first, used=False)):
            assert not await store.tokens.use(forgotten, following, new=3)
    assert await owned(store, "1", "2", "3") == ["2"]
    await store.tokens.remove(ann, "s")
    for following in (None, third):
        assert not await store.tokens.use(second, following, new=3)
    assert await owned(store, "1", "2", "3") == []


async def test_of_those_that_follow_the_last_to_expire_are_kept(store: Store) -> None:
    """As many as were said, in whatever order they come, and the one that is added in any case."""
    (ann,) = await register(store, "Ann")
    first = token("0", ann, LATER - 9, session="s")
    await add(store, first, token("9", ann, used=False))
    for n in (3, 1, 4):
        following = token(str(n), ann, LATER + n, session="s", used=False)
        await store.tokens.use(first, following, new=3)
    last = token("2", ann, LATER + 2, session="s", used=False)
    await store.tokens.use(first, last, new=2)
    assert await owned(store, "0", "1", "2", "3", "4", "9") == ["0", "2", "4", "9"]


async def test_a_removed_session_has_no_tokens(store: Store) -> None:
    """remove forgets all tokens of one session; again is no error."""
    ann, bob = await register(store, "Ann", "Bob")
    of_session = [token("1", ann, session="s"), token("2", ann, session="s", used=False)]
    await add(store, *of_session, token("a", ann), token("b", bob, session="s"))
    for session in ("unknown", "S", "s ", "s\0", "x" * 9999):
        await store.tokens.remove(ann, session)
    assert len(await owned(store, "1", "2", "a", "b")) == 4
    await store.tokens.remove(ann, "s")
    await store.tokens.remove(ann, "s")
    assert await owned(store, "1", "2", "a", "b") == ["a", "b"]


async def test_all_tokens_of_a_user_are_removed(store: Store) -> None:
    """remove_all forgets the tokens of one user and of nobody else; again is no error."""
    ann, bob = await register(store, "Ann", "Bob")
    await add(store, token("a1", ann), token("a2", ann), token("b", bob))
    await store.tokens.remove_all(ann)
    await store.tokens.remove_all(ann)
    assert await owned(store, "a1", "a2", "b") == ["b"]


@pytest.mark.parametrize("number", ODD_INTEGERS)
async def test_any_integer_may_be_removed(store: Store, number: int) -> None:
    """To remove what an integer has that is nobody's id changes nothing."""
    (ann,) = await register(store, "Ann")
    await add(store, token("a", ann))
    await store.tokens.remove_all(number)
    await store.tokens.remove(number, "a")
    assert await owned(store, "a") == ["a"]


async def test_a_users_tokens_are_listed(store: Store) -> None:
    """Those that have not expired, the last to expire first; nobody else's."""
    ann, bob = await register(store, "Ann", "Bob")
    listed = [
        token("c", ann, LATER + 1, used=False),
        token("a", ann),
        token("b", ann, session="a"),
    ]
    await add(store, *reversed(listed), token("d", ann, NOW), token("e", bob))
    assert await store.tokens.of(ann, NOW) == listed
    assert await store.tokens.of(bob, NOW) == [token("e", bob)]


@pytest.mark.parametrize("user_id", ODD_INTEGERS)
async def test_any_integer_may_be_listed(store: Store, user_id: int) -> None:
    """An id of nobody has no tokens."""
    assert await store.tokens.of(user_id, NOW) == []


def test_a_token_s_facts_are_all_that_is_kept() -> None:
    """A new one has to be in this file's tests."""
    assert list(attrs.fields_dict(KeptToken)) == [
        "digest",
        "series",
        "user_id",
        "session",
        "begun_ms",
        "expires_ms",
        "used",
    ]
