"""The promises of `ports.Tokens`."""

from collections.abc import Collection

import attrs
import pytest

from chat_domain.model import KeptToken, User
from chat_domain.ports.store import EXPIRED_AT_ONCE, Store
from tests.contract.making import ODD_INTEGERS, register

NOW = 4_000_000_000_000  # later than the clock of any adapter
LATER = NOW + 1_000


def token(
    digest: str,
    user_id: int,
    expires_ms: int = LATER,
    *,
    session: str | None = None,
    used: bool = True,
    device: str = "",
    seen_ms: int = NOW - 3,
) -> KeptToken:
    """A token whose session has the token's digest as its name, unless `session` is given."""
    session = session or digest
    facts = f"series {session}", user_id, session, NOW - 5, expires_ms, used
    return KeptToken(digest, *facts, device, seen_ms)


async def add(
    store: Store, *tokens: KeptToken, sessions: int = 9, connected: Collection[str] = ()
) -> set[str]:
    """Add tokens; return the sessions that were removed for them."""
    gone: list[str] = []
    for one in tokens:
        gone += await store.tokens.add(one, sessions=sessions, connected=connected)
    assert len(set(gone)) == len(gone)
    return set(gone)


async def owned(store: Store, *digests: str) -> list[str]:
    """Those of the digests that belong to a user."""
    return [digest for digest in digests if await store.tokens.find(digest, NOW)]


async def used(store: Store, *digests: str) -> list[bool]:
    """For each of the digests that belongs to a user, whether it was used."""
    found = [await store.tokens.find(digest, NOW) for digest in digests]
    return [one[1].used for one in found if one]


async def test_a_digest_tells_its_token_and_its_owner(store: Store) -> None:
    """`find` returns every fact that was added, and the id and the name of the token's user."""
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
    """It is valid until the millisecond in which it expires, and not in that one."""
    (ann,) = await register(store, "Ann")
    await add(store, token("a", ann))
    assert await store.tokens.find("a", LATER - 1) == (User(ann, "Ann"), token("a", ann))
    assert await store.tokens.find("a", LATER) is None


async def test_what_has_expired_is_forgotten(store: Store) -> None:
    """Adding a token deletes expired tokens of any users: they are not valid at any time."""
    ann, bob = await register(store, "Ann", "Bob")
    await add(store, token("a", ann, 1_000, seen_ms=1))
    await add(store, token("b", bob))
    assert await store.tokens.find("a", 500) is None


async def test_a_part_of_very_many_that_have_expired_is_forgotten_at_once(store: Store) -> None:
    """Those that expired first are deleted, so that no login takes long however many there are. The
    rest takes up no session's place, and goes with the next tokens."""
    (ann,) = await register(store, "Ann")
    expired = [token(str(n), ann, n, seen_ms=0) for n in range(1, EXPIRED_AT_ONCE + 11)]
    await add(store, *expired, sessions=len(expired))
    assert await add(store, token("valid", ann), sessions=2) == set()
    left = {(ann, one.session) for one in expired[EXPIRED_AT_ONCE:]}
    assert await store.tokens.sessions_of([ann]) == left | {(ann, "valid")}
    await add(store, token("last", ann))
    assert await store.tokens.sessions_of([ann]) == {(ann, "valid"), (ann, "last")}


async def test_what_has_expired_has_not_gone(store: Store) -> None:
    """Nor does it take up a session's place."""
    (ann,) = await register(store, "Ann")
    await add(store, token("a", ann, 1_000, seen_ms=9), token("b", ann, seen_ms=1))
    assert await add(store, token("c", ann), sessions=2) == set()
    assert await owned(store, "b", "c") == ["b", "c"]


async def test_the_longest_unused_session_goes(store: Store) -> None:
    """`sessions - 1` of a user's other sessions stay, whichever expires first. `add` returns those
    that went."""
    (ann,) = await register(store, "Ann")
    await add(
        store,
        *(token(str(n), ann, LATER + 9 - n, seen_ms=NOW - 9 + n) for n in (3, 1, 5, 4)),
    )
    assert await add(store, token("2", ann, seen_ms=NOW - 7), sessions=3) == {"1", "3"}
    assert await owned(store, "1", "2", "3", "4", "5") == ["2", "4", "5"]


async def test_of_sessions_that_were_used_at_the_same_time_the_first_name_goes(
    store: Store,
) -> None:
    """This holds in whatever order they were added."""
    (ann,) = await register(store, "Ann")
    names = ("b", "d", "a", "c")
    await add(store, *(token(str(n), ann, session=name) for n, name in enumerate(names)))
    assert await add(store, token("new", ann), sessions=3) == {"a", "b"}


async def test_a_session_that_is_connected_goes_last(store: Store) -> None:
    """It may have been resumed long ago. If all are connected, the longest unused one goes."""
    (ann,) = await register(store, "Ann")
    await add(store, *(token(str(n), ann, seen_ms=n) for n in range(1, 6)))
    assert await add(store, token("6", ann), sessions=4, connected={"1", "3", "x"}) == {"2", "4"}
    assert await add(store, token("7", ann), sessions=2, connected={"1", "3", "5", "6"}) == {
        "1",
        "3",
        "5",
    }
    assert await owned(store, *"1234567") == ["6", "7"]


async def test_a_device_has_one_session(store: Store) -> None:
    """The one before goes, however new it is, even if it is connected or the user's only one.
    Devices without a name may have many."""
    ann, bob = await register(store, "Ann", "Bob")
    await add(store, token("b", bob, device="phone"))
    await add(store, token("1", ann, device="phone"), token("2", ann, device="Phone"))
    await add(store, token("3", ann), token("4", ann))
    assert await add(store, token("5", ann, device="phone"), connected={"1"}) == {"1"}
    assert await add(store, token("6", ann)) == set()
    assert await owned(store, *"123456b") == ["2", "3", "4", "5", "6", "b"]


async def test_a_device_s_place_is_the_one_that_is_made_room_for(store: Store) -> None:
    """If a device's earlier session goes, no other has to. A session's own tokens do not count."""
    (ann,) = await register(store, "Ann")
    await add(store, token("1", ann, device="phone", seen_ms=5), token("2", ann, seen_ms=1))
    assert await add(store, token("3", ann, device="phone"), sessions=2) == {"1"}
    again = token("4", ann, session="3", device="phone")
    assert await add(store, again, sessions=2) == set()
    assert await owned(store, *"1234") == ["2", "3", "4"]


async def test_a_session_was_seen_when_the_last_of_its_tokens_was(store: Store) -> None:
    """However many tokens it has, it counts once; if it goes, all of them go."""
    (ann,) = await register(store, "Ann")
    await add(
        store,
        token("a1", ann, session="a", seen_ms=1),
        token("a2", ann, session="a", seen_ms=9),
        token("b1", ann, session="b", seen_ms=7),
        token("b2", ann, session="b", seen_ms=8),
        token("c", ann, seen_ms=2),
    )
    assert await add(store, token("d", ann), sessions=2) == {"b", "c"}
    assert await owned(store, "a1", "a2", "b1", "b2", "c", "d") == ["a1", "a2", "d"]


async def test_the_new_one_is_always_kept(store: Store) -> None:
    """A new session is kept even if it was last seen before all others."""
    (ann,) = await register(store, "Ann")
    await add(store, token("old", ann, seen_ms=2))
    assert await add(store, token("new", ann, seen_ms=1), sessions=1, connected={"old"}) == {"old"}
    assert await owned(store, "old", "new") == ["new"]


async def test_keeping_is_each_users_own(store: Store) -> None:
    """However few sessions one user keeps, another's tokens stay, whatever their session's name."""
    ann, bob = await register(store, "Ann", "Bob")
    await add(store, token("b", bob, session="a1"))
    await add(store, token("a1", ann, seen_ms=1), token("a2", ann, seen_ms=2), sessions=1)
    assert await owned(store, "a1", "a2", "b") == ["a2", "b"]


@pytest.mark.parametrize("device", ["Ann's 'phone'; --", "电话 📱", "x" * 50])
async def test_a_device_s_name_is_kept_as_it_is(store: Store, device: str) -> None:
    """This holds for any name."""
    (ann,) = await register(store, "Ann")
    await add(store, token("a", ann, device=device))
    (found,) = await store.tokens.of(ann, NOW)
    assert found.device == device


async def test_a_session_is_seen_when_it_is_resumed(store: Store) -> None:
    """All of its tokens that stay have the new time, even if one token resumes it repeatedly.
    Other sessions do not."""
    ann, bob = await register(store, "Ann", "Bob")
    first = token("1", ann, session="s")
    await add(store, first, token("a", ann), token("b", bob, session="s"))
    following = token("2", ann, LATER + 1, session="s", used=False)
    for seen_ms, next_one in ((NOW + 5, None), (NOW + 6, following), (NOW + 7, None)):
        assert await store.tokens.use(attrs.evolve(first, seen_ms=seen_ms), next_one, new=3)
        found = await store.tokens.of(ann, NOW)
        assert {one.seen_ms for one in found if one.session == "s"} <= {seen_ms, NOW - 3}
        assert {one.digest: one.seen_ms for one in found}["1"] == seen_ms
        assert {one.digest: one.seen_ms for one in found}["a"] == NOW - 3
    assert {one.seen_ms for one in found if one.session == "s"} == {NOW + 7}
    await store.tokens.use(attrs.evolve(following, seen_ms=NOW + 9), None, new=3)
    assert {one.digest: one.seen_ms for one in await store.tokens.of(ann, NOW)} == {
        "2": NOW + 9,
        "a": NOW - 3,
    }
    assert [one.seen_ms for one in await store.tokens.of(bob, NOW)] == [NOW - 3]


async def test_adding_can_be_repeated(store: Store) -> None:
    """A token that is added again exists once, with the facts that were added later."""
    (ann,) = await register(store, "Ann")
    await add(store, token("other", ann), token("a", ann, LATER + 5), sessions=2)
    await add(store, token("a", ann, LATER + 10), sessions=2)
    assert await owned(store, "other", "a") == ["other", "a"]
    assert await store.tokens.find("a", LATER + 9) == (
        User(ann, "Ann"),
        token("a", ann, LATER + 10),
    )


async def test_a_series_tells_its_session(store: Store) -> None:
    """It also tells the user, however many tokens it has, as long as it has one."""
    ann, bob = await register(store, "Ann", "Bob")
    await add(
        store,
        token("1", ann, session="s"),
        token("2", ann, NOW + 1, session="s", used=False),
        token("b", bob),
    )
    assert await store.tokens.session_of("series s", NOW) == (ann, "s")
    assert await store.tokens.session_of("series b", NOW) == (bob, "b")
    for unknown in ("", "series", "series S", "series s ", "series s\0", "x" * 9999):
        assert await store.tokens.session_of(unknown, NOW) is None
    assert await store.tokens.session_of("series s", LATER) is None, "its tokens have expired"
    await store.tokens.remove(ann, "s")
    assert await store.tokens.session_of("series s", NOW) is None


async def test_a_token_that_follows_is_good_beside_the_one_before(store: Store) -> None:
    """Both are valid until the new one is used. If no token follows, nothing changes."""
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
    """Those include the tokens that were given beside it; no other session is touched."""
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
    """A caller that still takes the token for unused may repeat it; what follows it exists once."""
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
    """Whatever it was when it was looked up, no token follows it, and it changes nothing."""
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
    """As many are kept as asked for, in whatever order they came; the new one is always kept."""
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
    """`remove` deletes all tokens of one session; repeating it is no error."""
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
    """`remove_all` deletes the tokens of one user and of nobody else; repeating it is no error."""
    ann, bob = await register(store, "Ann", "Bob")
    await add(store, token("a1", ann), token("a2", ann), token("b", bob))
    await store.tokens.remove_all(ann)
    await store.tokens.remove_all(ann)
    assert await owned(store, "a1", "a2", "b") == ["b"]


async def test_any_integer_may_be_removed(store: Store) -> None:
    """Removing the tokens of an id that is nobody's changes nothing."""
    (ann,) = await register(store, "Ann")
    await add(store, token("a", ann))
    for number in ODD_INTEGERS:
        await store.tokens.remove_all(number)
        await store.tokens.remove(number, "a")
    assert await owned(store, "a") == ["a"]


async def test_a_users_tokens_are_listed(store: Store) -> None:
    """The list has those that have not expired, the last to expire first, and nobody else's."""
    ann, bob = await register(store, "Ann", "Bob")
    listed = [
        token("c", ann, LATER + 1, used=False),
        token("a", ann),
        token("b", ann, session="a"),
    ]
    await add(store, *reversed(listed), token("d", ann, NOW), token("e", bob))
    assert await store.tokens.of(ann, NOW) == listed
    assert await store.tokens.of(bob, NOW) == [token("e", bob)]


async def test_sessions_are_known_as_long_as_they_have_tokens(store: Store) -> None:
    """Those of many users are found at once, each once, even if their tokens have expired."""
    ann, bob, carl = await register(store, "Ann", "Bob", "Carl")
    await add(
        store,
        token("a", ann, session="s"),
        token("b", ann, session="s", used=False),
        token("c", ann, session="t"),
        token("d", bob, NOW, session="s"),
        token("e", carl),
    )
    every = [ann, bob, *ODD_INTEGERS]
    assert await store.tokens.sessions_of(every) == {(ann, "s"), (ann, "t"), (bob, "s")}
    await store.tokens.remove(ann, "s")
    assert await store.tokens.sessions_of(every) == {(ann, "t"), (bob, "s")}
    assert await store.tokens.sessions_of([]) == set()


async def test_sessions_are_extended(store: Store) -> None:
    """All tokens of exactly these sessions expire at that time, if they would expire before it."""
    ann, bob = await register(store, "Ann", "Bob")
    later = LATER + 1_000
    kept = [
        token("a", ann, session="s"),
        token("b", ann, NOW, session="s", used=False),
        token("c", ann, later + 1, session="s"),
        token("d", ann, session="t"),
        token("e", bob, session="s"),
        token("f", bob, session="t"),
    ]
    await add(store, *kept)
    odd = [(number, "s") for number in ODD_INTEGERS]
    await store.tokens.extend([(ann, "s"), (bob, "t"), (ann, "none"), *odd], later)
    every = [*await store.tokens.of(ann, 0), *await store.tokens.of(bob, 0)]
    assert {one.digest: one.expires_ms for one in every} == {
        "a": later,
        "b": later,
        "c": later + 1,
        "d": LATER,
        "e": LATER,
        "f": later,
    }
    await store.tokens.extend([], later)


async def test_any_integer_may_be_listed(store: Store) -> None:
    """An id that is nobody's has no tokens."""
    for user_id in ODD_INTEGERS:
        assert await store.tokens.of(user_id, NOW) == []


def test_a_token_s_facts_are_all_that_is_kept() -> None:
    """A new fact needs tests in this file."""
    assert list(attrs.fields_dict(KeptToken)) == [
        "digest",
        "series",
        "user_id",
        "session",
        "begun_ms",
        "expires_ms",
        "used",
        "device",
        "seen_ms",
    ]
