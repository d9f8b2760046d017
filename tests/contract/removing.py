"""The promises about what operators do: look through accounts, remove them, restore backups."""

from chat_domain.entries import EVERYWHERE, pair
from chat_domain.errors import NoSuchUser
from chat_domain.model import DISABLED, User
from chat_domain.names import Name, name_key
from chat_domain.ports.store import Store
from tests.contract.making import (
    ODD_INTEGERS,
    append,
    create,
    leave,
    make,
    register,
    say,
    seen,
    text,
)
from tests.contract.tokens import NOW, add, token


async def listed(store: Store, after: int, limit: int, containing: str = "") -> list[User]:
    return [account.user for account in await store.users.page(after, limit, containing)]


async def test_users_come_in_pages(store: Store) -> None:
    """`page` returns the users above an id, ascending, and no more than asked for."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    assert await listed(store, 0, 2) == [User(ann, "Ann"), User(bob, "Bob")]
    assert await listed(store, bob, 2) == [User(cid, "Cid")]
    assert await listed(store, cid, 2) == []
    assert await listed(store, 10**30, 2) == []


async def test_a_page_tells_what_proves_who_they_are(store: Store) -> None:
    """Each user comes with their current secret, which also shows whether they are disabled."""
    ann, bob = await register(store, "Ann", "Bob")
    assert await store.users.set_secret(ann, DISABLED + "secret", instead_of="secret")
    found = await store.users.page(0, 9)
    assert found == [await store.users.find(ann), await store.users.find(bob)]
    assert [account.disabled for account in found] == [True, False]


async def test_users_are_found_by_a_part_of_their_key(store: Store) -> None:
    """The part is compared to the last byte; no character in it is a pattern."""
    ann, zoe = await register(store, "Hanna 100%", "Zoë_")
    assert await listed(store, 0, 9, "ann") == [User(ann, "Hanna 100%")]
    assert await listed(store, 0, 9, name_key("OË")) == [User(zoe, "Zoë_")]
    assert await listed(store, 0, 9, "%") == [User(ann, "Hanna 100%")]
    assert await listed(store, 0, 9, "_") == [User(zoe, "Zoë_")]
    assert await listed(store, 0, 9, "Hanna") == []


async def test_a_removed_account_is_nowhere(store: Store) -> None:
    """Neither its id nor its name finds it, and its tokens are not valid."""
    ann, bob = await register(store, "Ann", "Bob")
    await add(store, token("digest", ann))
    assert await store.users.remove(ann)
    assert await store.users.find(ann) is None
    assert await store.users.find("ann") is None
    assert await listed(store, 0, 9) == [User(bob, "Bob")]
    assert await store.tokens.find("digest", NOW) is None
    assert await store.tokens.of(ann, NOW) == []


async def test_a_removed_account_is_on_no_list(store: Store) -> None:
    """Friendships end both ways; those of others stay."""
    ann, bob, cid = await register(store, "Ann", "Bob", "Cid")
    for user_id, friend_id in ((ann, bob), (bob, ann), (bob, cid)):
        await store.friends.add(user_id, friend_id)
    await store.users.remove(ann)
    assert await store.friends.page(bob, 0, 9) == [User(cid, "Cid")]
    assert await store.friends.page(ann, 0, 9) == []
    assert await store.friends.listed_by(bob, 0, 1000) == []
    assert await store.friends.listed_by(ann, 0, 1000) == []


async def test_a_removed_account_sees_nothing(store: Store) -> None:
    """What it has said stays for others, who can no longer write to it."""
    ann, bob = await register(store, "Ann", "Bob")
    group = await make(store, "Chess", bob, ann)
    (said,) = await say(store, ann, pair(ann, bob), "hello")
    await leave(store, group.id, ann)
    await store.log.mark({(ann, EVERYWHERE): 4})
    await store.users.remove(ann)
    assert await seen(store, ann) == []
    assert await seen(store, bob) == [1, 2, said.at, said.at + 1]
    opening = await store.log.opening(ann)
    assert (opening.got, opening.groups) == (0, ())
    (refusal,) = await append(store, text(bob, pair(ann, bob)))
    assert isinstance(refusal, NoSuchUser)


async def test_the_name_of_a_removed_account_is_free_and_its_id_is_not(store: Store) -> None:
    """A new account of the same name is another user."""
    (ann,) = await register(store, "Ann")
    await store.users.remove(ann)
    assert await store.users.add(Name.parse("ann"), "other") > ann


async def test_ids_that_are_skipped_are_given_to_nobody(store: Store) -> None:
    """Neither users nor groups get them, even if nobody has had an id yet."""
    await store.users.skip_ids(1000)
    await store.groups.skip_ids(1000)
    ann, bob = await register(store, "Ann", "Bob")
    assert 1000 < ann < bob
    first = await create(store, ann, "Chess")
    await store.groups.skip_ids(1000)
    second = await create(store, ann, "Go")
    assert 1000 < first.id < second.id - 1000
    await store.users.skip_ids(1000)
    (cid,) = await register(store, "Cid")
    assert cid > bob + 1000
    assert await listed(store, 0, 9) == [User(ann, "Ann"), User(bob, "Bob"), User(cid, "Cid")]


async def test_everybodys_tokens_are_removed_in_parts(store: Store) -> None:
    """All of them are removed; the last part is empty."""
    ann, bob = await register(store, "Ann", "Bob")
    await add(store, token("a", ann), token("b", bob), token("c", bob))
    assert await store.tokens.remove_some(2) == 2
    assert len(await store.tokens.of(ann, NOW)) + len(await store.tokens.of(bob, NOW)) == 1
    assert await store.tokens.remove_some(2) == 1
    assert await store.tokens.remove_some(2) == 0
    assert await store.tokens.find("c", NOW) is None


async def test_who_is_not_there_is_not_removed(store: Store) -> None:
    """Any integer may be named, and a second removal finds nothing."""
    ann, bob = await register(store, "Ann", "Bob")
    assert await store.users.remove(ann)
    assert not await store.users.remove(ann)
    for number in ODD_INTEGERS:
        assert not await store.users.remove(number)
    assert await listed(store, 0, 9) == [User(bob, "Bob")]
