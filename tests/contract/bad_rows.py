"""What a store makes of rows that no node has written. Needs a fixture `spoilt`.

Somebody has altered the tables, so that their columns take anything, and has written into them.
"""

from collections.abc import Callable

import attrs
import pytest

from adapters.incidents import INCIDENTS
from chat_domain.model import Member, Outcome, Role, User
from chat_domain.names import Name
from chat_domain.ports.store import Store
from tests.contract.making import message, mids, outcomes, register, send
from tests.contract.tokens import NOW, token

CREATED = Name.parse("hikers")


@attrs.frozen
class Spoilt:
    """A store, and a way to its tables behind its back: a statement at a time."""

    store: Store
    ask: Callable[[str], object]

    def run(self, statement: str, *words: object) -> None:
        """With the words in the places of its braces, as they are."""
        self.ask(statement.format(*words))


@pytest.fixture(autouse=True)
def none_before() -> None:
    INCIDENTS.clear()


def counted() -> int:
    return INCIDENTS.malformed["database"]


async def test_a_name_that_is_none_is_shown_as_one(spoilt: Spoilt) -> None:
    """Or cut, where it is too long; and nobody else is missing from the page."""
    store = spoilt.store
    anna, bert, carl = await register(store, "anna", "bert", "carl")
    spoilt.run("UPDATE User SET name = NULL WHERE id = {}", anna)
    spoilt.run("UPDATE User SET name = '{}' WHERE id = {}", "x" * 300, bert)
    expected = [User(anna, "?"), User(bert, "x" * 50), User(carl, "carl")]
    assert [account.user for account in await store.users.page(0, 3)] == expected
    assert await store.users.names([anna, bert, carl]) == {user.id: user.name for user in expected}
    account = await store.users.by_id(bert)
    assert account is not None
    assert account.user == expected[1]
    for friend in (anna, bert):
        await store.friends.add(carl, friend)
    assert await store.friends.page(carl, 0, 10) == expected[:2]
    assert counted() == 7


async def test_an_account_without_a_secret_lets_nobody_in(spoilt: Spoilt) -> None:
    """As if it were disabled: no password is it, not even an empty one."""
    (anna,) = await register(spoilt.store, "anna")
    spoilt.run("UPDATE User SET password = NULL WHERE id = {}", anna)
    for account in (
        await spoilt.store.users.by_id(anna),
        await spoilt.store.users.by_name("anna"),
    ):
        assert account is not None
        assert account.disabled
    assert counted() == 2


async def test_an_unknown_role_is_the_lesser_one(spoilt: Spoilt) -> None:
    """Whatever it says, and where it says nothing."""
    store = spoilt.store
    anna, bert = await register(store, "anna", "bert")
    group = await store.groups.create(CREATED, "", anna)
    await store.groups.join(group.id, bert)
    spoilt.run("UPDATE GroupUser SET grouprole = 'emperor' WHERE userid = {}", anna)
    spoilt.run("UPDATE GroupUser SET grouprole = '' WHERE userid = {}", bert)
    assert await store.groups.members(group.id, 0, 10) == [
        Member(anna, "anna", Role.NORMAL),
        Member(bert, "bert", Role.NORMAL),
    ]
    assert [own.role for own in await store.groups.page_of(anna, 0, 10)] == [Role.NORMAL]
    assert counted() == 3


async def test_a_group_s_words_that_are_none_are_no_obstacle(spoilt: Spoilt) -> None:
    """To those who list their groups, and who join."""
    store = spoilt.store
    anna, bert = await register(store, "anna", "bert")
    group = await store.groups.create(CREATED, "we walk", anna)
    spoilt.run("UPDATE AllGroup SET groupname = NULL, groupdesc = NULL")
    (own,) = await store.groups.page_of(anna, 0, 10)
    (one,) = await store.groups.page(0, 10)
    for found in (own.group, one.group, await store.groups.by_id(group.id)):
        assert found is not None
        assert (found.name, found.description) == ("?", "")
    assert (await store.groups.join(group.id, bert)).name == "?"
    assert counted() == 8


async def test_members_that_are_no_users_are_left_out(spoilt: Spoilt) -> None:
    """Of a group's members, and of who lists somebody."""
    store = spoilt.store
    anna, bert = await register(store, "anna", "bert")
    group = await store.groups.create(CREATED, "", anna)
    for number in (-5, 0):
        spoilt.run(
            "INSERT INTO GroupUser (groupid, userid, grouprole, joined)"
            " VALUES ({}, {}, 'normal', {})",
            group.id,
            number,
            number + 100,
        )
        spoilt.run("INSERT INTO Friend (userid, friendid) VALUES ({}, {})", number, bert)
    await store.friends.add(anna, bert)
    assert await store.groups.member_ids(group.id) == [anna]
    assert await store.friends.listed_by(bert) == [anna]
    assert counted() == 2


BAD = {
    "message": ("NULL", f"'{'x' * 70_000}'"),
    "sendername": ("NULL", f"'{'x' * 51}'"),
    "senderid": ("NULL", "0", "-5", "2147483648"),
    "groupid": ("NULL", "-1", "2147483648"),
    "time_ms": ("NULL", "-1", "253402300800000"),
    "cid": ("NULL", f"'MID{'c' * 65}'"),  # each of its own
}


@pytest.mark.parametrize(
    ("column", "value"), [(column, value) for column, values in BAD.items() for value in values]
)
async def test_a_message_that_is_none_is_passed_over(
    spoilt: Spoilt, column: str, value: str
) -> None:
    """Wherever it stands; those behind it are read, however few are asked for."""
    store = spoilt.store
    (anna,) = await register(store, "anna")
    await send(store, anna, *(message(f"m{number}") for number in range(5)))
    for mid in ("m0", "m1", "m3"):
        bad = value.replace("MID", mid)
        spoilt.run("UPDATE OfflineMessage SET {} = {} WHERE mid = '{}'", column, bad, mid)
    assert await mids(store, anna) == ["m2", "m4"]
    assert [one.mid for one in await store.mailbox.read(anna, 1, ())] == ["m2"]
    assert [one.mid for one in await store.mailbox.read(anna, 1, ["m2"])] == ["m4"]
    assert counted() >= 3 + 2 + 2


async def test_what_somebody_has_sent_is_listed_without_what_is_none(spoilt: Spoilt) -> None:
    (anna,) = await register(spoilt.store, "anna")
    await send(spoilt.store, anna, message("m1"), message("m2"))
    spoilt.run("UPDATE OfflineMessage SET message = NULL WHERE mid = 'm1'")
    sent = await spoilt.store.mailbox.sent(77, [anna])
    assert [entry.message.mid for entry in sent] == ["m2"]


async def test_a_copy_of_a_message_that_is_none_is_a_conflict(spoilt: Spoilt) -> None:
    """Its sender is not told that it is stored. The neighbours of its batch are."""
    (anna,) = await register(spoilt.store, "anna")
    await send(spoilt.store, anna, message("m1"))
    spoilt.run("UPDATE OfflineMessage SET message = NULL")
    again = await send(spoilt.store, anna, message("m2", cid="cid-m1"), message("m3"))
    assert outcomes(again) == [Outcome.CONFLICT, Outcome.STORED]


async def test_a_token_that_is_none_is_left_out(spoilt: Spoilt) -> None:
    """Of those that a user can end, and nobody resumes by it; the others stay good."""
    store = spoilt.store
    (anna,) = await register(store, "anna")
    bad, good = token("a", anna), token("b", anna)
    for one in (bad, good):
        await store.tokens.add(one, sessions=9)
    spoilt.run("UPDATE Token SET begun_ms = -1 WHERE digest = 'a'")
    assert await store.tokens.of(anna, NOW) == [good]
    assert await store.tokens.find("a", NOW) is None
    assert await store.tokens.find("b", NOW) == (User(anna, "anna"), good)
    assert counted() == 2
