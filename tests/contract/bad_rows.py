"""What a store makes of rows that no node has written. Needs a fixture `spoilt`.

Somebody has altered the tables so that their columns take anything, and has written into them.
"""

from collections.abc import Callable

import attrs
import pytest

from adapters.faults.incidents import INCIDENTS
from chat_domain.entries import Change, Entry, pair
from chat_domain.errors import CidConflict
from chat_domain.model import Member, Role, User
from chat_domain.ports.store import Store
from tests.contract.making import append, ids, join, make, register, say, text, unread, write
from tests.contract.tokens import NOW, token


@attrs.frozen
class Spoilt:
    """A store, and `ask`, which runs a statement on its tables behind its back."""

    store: Store
    ask: Callable[[str], object]

    def run(self, statement: str, *words: object) -> None:
        """Run a statement with these words in place of its braces, as they are."""
        self.ask(statement.format(*words))


@pytest.fixture(autouse=True)
def none_before() -> None:
    INCIDENTS.clear()


def counted() -> int:
    return INCIDENTS.malformed["database"]


async def test_a_name_that_is_none_is_shown_as_one(spoilt: Spoilt) -> None:
    """A missing name becomes "?", one that is too long is cut, and nobody is left out of a page."""
    store = spoilt.store
    anna, bert, carl = await register(store, "anna", "bert", "carl")
    spoilt.run("UPDATE User SET name = NULL WHERE id = {}", anna)
    spoilt.run("UPDATE User SET name = '{}' WHERE id = {}", "x" * 300, bert)
    expected = [User(anna, "?"), User(bert, "x" * 50), User(carl, "carl")]
    assert [account.user for account in await store.users.page(0, 3)] == expected
    assert await store.users.names([anna, bert, carl]) == {user.id: user.name for user in expected}
    account = await store.users.find(bert)
    assert account is not None
    assert account.user == expected[1]
    for friend in (anna, bert):
        await store.friends.add(carl, friend)
    assert await store.friends.page(carl, 0, 10) == expected[:2]
    assert counted() == 7


async def test_an_account_without_a_secret_lets_nobody_in(spoilt: Spoilt) -> None:
    """It counts as disabled: no password matches, not even an empty one."""
    (anna,) = await register(spoilt.store, "anna")
    spoilt.run("UPDATE User SET password = NULL WHERE id = {}", anna)
    for account in (
        await spoilt.store.users.find(anna),
        await spoilt.store.users.find("anna"),
    ):
        assert account is not None
        assert account.disabled
    assert counted() == 2


async def test_an_unknown_role_is_the_lesser_one(spoilt: Spoilt) -> None:
    """An unknown or empty role counts as NORMAL."""
    store = spoilt.store
    anna, bert = await register(store, "anna", "bert")
    group = await make(store, "hikers", anna, bert)
    spoilt.run("UPDATE Member SET role = 'emperor' WHERE userid = {}", anna)
    spoilt.run("UPDATE Member SET role = '' WHERE userid = {}", bert)
    assert await store.groups.members(group.id, 0, 10) == [
        Member(anna, "anna", Role.NORMAL),
        Member(bert, "bert", Role.NORMAL),
    ]
    assert [own.role for own in await store.groups.page_of(anna, 0, 10)] == [Role.NORMAL]
    assert counted() == 3


async def test_a_group_s_words_that_are_none_are_no_obstacle(spoilt: Spoilt) -> None:
    """Users can still list the group, find it and join it."""
    store = spoilt.store
    anna, bert = await register(store, "anna", "bert")
    group = await make(store, "hikers", anna)
    spoilt.run("UPDATE AllGroup SET groupname = NULL, groupdesc = NULL")
    (own,) = await store.groups.page_of(anna, 0, 10)
    (one,) = await store.groups.page(0, 10)
    for found in (own.group, one.group, await store.groups.find(group.id)):
        assert found is not None
        assert (found.name, found.description) == ("?", "")
    await join(store, group.id, bert)
    assert counted() == 6


async def test_members_that_are_no_users_are_left_out(spoilt: Spoilt) -> None:
    """A group's members do not include them, nor do those who list a user as a friend."""
    store = spoilt.store
    anna, bert = await register(store, "anna", "bert")
    group = await make(store, "hikers", anna)
    for number in (-5, 0):
        spoilt.run(
            "INSERT INTO Member (userid, conv, role, joined, since, `left`)"
            " VALUES ({}, {}, 'normal', 9, 8, {})",
            number,
            group.id,
            2**63 - 1,
        )
        spoilt.run("INSERT INTO Friend (userid, friendid) VALUES ({}, {})", number, bert)
    await store.friends.add(anna, bert)
    assert await ids(store, group.id) == [anna]
    assert await store.friends.listed_by(bert, 0, 1000) == [anna]


BAD = {
    "body": ("NULL", f"'{'x' * 140_000}'"),
    "senderid": ("NULL", "-5", "2147483648"),
    "conv": ("NULL", "0", "-1"),
    "kind": ("NULL", "3", "-1"),
    "time_ms": ("NULL", "-1", "253402300800000"),
    "re": ("NULL", "-1"),
    "cid": ("NULL", "''", f"'{'c' * 65}'"),
}


@pytest.mark.parametrize(
    ("column", "value"), [(column, value) for column, values in BAD.items() for value in values]
)
async def test_an_entry_that_is_none_is_passed_over(
    spoilt: Spoilt, column: str, value: str
) -> None:
    """The reading still says where it ends, so a follower goes on behind it."""
    store = spoilt.store
    anna, bert = await register(store, "anna", "bert")
    await say(store, bert, pair(anna, bert), *"abc")
    spoilt.run("UPDATE Entry SET {} = {} WHERE at = 2", column, value)
    log = store.log
    for reading in (await log.tail(0, 9), await log.tail(0, 3)):
        assert ([one.at for one in reading.entries], reading.upto) == ([1, 3], 3)
    reading = await log.tail(1, 1)
    assert ([one.at for one in reading.entries], reading.upto) == ([], 2)
    reading = await log.read(anna, 0, 9)
    assert ([one.at for one in reading.entries], reading.upto) == ([1, 3], 3)
    assert counted() >= 3


async def test_a_page_goes_on_behind_an_entry_that_is_none(spoilt: Spoilt) -> None:
    """A page with fewer entries than asked for would say that there are no more."""
    store = spoilt.store
    anna, bert = await register(store, "anna", "bert")
    conv = pair(anna, bert)
    await say(store, bert, conv, *"abcdef")
    spoilt.run("UPDATE Entry SET kind = 9 WHERE at IN (3, 4)")

    async def page(before: int | None, after: int, limit: int) -> list[int]:
        found = await store.log.page(anna, conv, before=before, after=after, limit=limit)
        return [one.at for one in found]

    assert await page(7, 0, 3) == [2, 5, 6]
    assert await page(None, 0, 3) == [1, 2, 5]
    assert await page(5, 2, 3) == []


async def test_a_page_passes_over_so_many_entries_that_are_none(
    spoilt: Spoilt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else whoever wrote them would have a node read them all for each page that is asked for."""
    monkeypatch.setattr("adapters.sql.entries.MOST_INVALID", 2)
    store = spoilt.store
    anna, bert = await register(store, "anna", "bert")
    conv = pair(anna, bert)
    await say(store, bert, conv, *"abcdef")
    spoilt.run("UPDATE Entry SET kind = 9 WHERE at IN (3, 4, 5)")

    async def page(before: int) -> list[int]:
        found = await store.log.page(anna, conv, before=before, after=0, limit=1)
        return [one.at for one in found]

    assert await page(5) == [2]
    assert await page(6) == []


NO_CHANGES = (
    "",
    "no JSON",
    "[]",
    "7",
    "{}",
    '{"what": 7}',
    '{"what": ""}',
    '{"what": "left", "user_id": "x"}',
    '{"what": "left", "user_id": -1}',
    '{"what": "left", "user_id": 2147483648}',
    '{"what": "renamed", "name": 5}',
    r'{"what": "renamed", "name": "\ud83d"}',
    r'{"what": "\ude00"}',
    '{"what": "created", "detail": []}',
    "[" * 100_000,
)


async def test_a_change_that_is_none_is_passed_over(spoilt: Spoilt) -> None:
    """A follower goes on behind it."""
    store = spoilt.store
    anna, bert = await register(store, "anna", "bert")
    group = await make(store, "hikers", anna, bert)
    for count, body in enumerate(NO_CHANGES, 1):
        spoilt.run("UPDATE Entry SET body = x'{}' WHERE at = 2", body.encode().hex())
        reading = await store.log.tail(0, 9)
        assert ([one.at for one in reading.entries], reading.upto) == ([1], 2), body
        assert counted() == count, body
    assert await ids(store, group.id) == [anna, bert]


async def test_what_a_later_version_says_of_a_change_is_no_obstacle(spoilt: Spoilt) -> None:
    """Unknown kinds of change and unknown facts are accepted."""
    (anna,) = await register(spoilt.store, "anna")
    await make(spoilt.store, "hikers", anna)
    body = '{"what": "waved", "at": [7], "detail": "x"}'
    spoilt.run("UPDATE Entry SET body = '{}'", body)
    (found,) = (await spoilt.store.log.tail(0, 9)).entries
    assert found.change == Change("waved", detail="x")
    assert counted() == 0


async def test_a_copy_of_an_entry_that_is_none_is_a_conflict(spoilt: Spoilt) -> None:
    """Its sender is not told that it is in the log. Its neighbours in the batch are admitted."""
    store = spoilt.store
    anna, bert = await register(store, "anna", "bert")
    first = text(bert, pair(anna, bert), cid="a")
    await write(store, first)
    spoilt.run("UPDATE Entry SET body = NULL")
    again = await append(store, text(bert, pair(anna, bert), cid="a"), text(bert, pair(anna, bert)))
    assert [type(result) for result in again] == [CidConflict, Entry]


async def test_a_membership_that_is_none_shows_nothing(spoilt: Spoilt) -> None:
    """It does not stand in the way of the user's other conversations."""
    store = spoilt.store
    anna, bert = await register(store, "anna", "bert")
    await make(store, "hikers", anna)
    await say(store, bert, pair(anna, bert), "hello")
    spoilt.run("UPDATE Member SET since = NULL WHERE conv = {} AND userid = {}", 1, anna)
    assert [one.at for one in (await store.log.read(anna, 0, 9)).entries] == [2]
    assert await unread(store, anna) == {pair(anna, bert): 1}
    assert counted() == 1
    assert [one.at for one in (await store.log.read(anna, 0, 1)).entries] == [2]


async def test_what_was_read_is_not_counted_as_unread(spoilt: Spoilt) -> None:
    """Only the reader's own mark counts, however it got there."""
    store = spoilt.store
    anna, bert = await register(store, "anna", "bert")
    said = await say(store, bert, pair(anna, bert), *"abc")
    spoilt.run("UPDATE Member SET `read` = {} WHERE userid = {}", said[1].at, anna)
    spoilt.run("UPDATE Member SET `read` = {} WHERE userid = {}", said[2].at, bert)
    assert await unread(store, anna) == {pair(anna, bert): 1}


async def test_a_mark_that_is_none_is_at_the_beginning(spoilt: Spoilt) -> None:
    """It counts as 0, so that everything is shown rather than nothing."""
    (anna,) = await register(spoilt.store, "anna")
    spoilt.run("UPDATE User SET got = NULL")
    assert (await spoilt.store.log.opening(anna)).got == 0


@pytest.mark.parametrize("column", ["begun_ms", "seen_ms"])
async def test_a_token_that_is_none_is_left_out(spoilt: Spoilt, column: str) -> None:
    """The user's list does not have it and nobody can resume with it; the others stay valid."""
    store = spoilt.store
    (anna,) = await register(store, "anna")
    bad, good = token("a", anna), token("b", anna)
    for one in (bad, good):
        await store.tokens.add(one, sessions=9)
    spoilt.run("UPDATE Token SET {} = -1 WHERE digest = 'a'", column)
    assert await store.tokens.of(anna, NOW) == [good]
    assert await store.tokens.find("a", NOW) is None
    assert await store.tokens.find("b", NOW) == (User(anna, "anna"), good)
    assert counted() == 2
