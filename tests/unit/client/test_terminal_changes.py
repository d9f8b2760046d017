"""What the line client says about changes, and what it learns from them."""

import pytest

from adapters.client import Changed
from adapters.terminal.book import Book
from adapters.terminal.changes import learn, sentence_about
from chat_domain.model import Friend, Group, Membership, Role

ME, LI, WU = 13, 15, 16


@pytest.fixture
def book() -> Book:
    book = Book()
    book.friends = {LI: Friend(LI, "li", online=True), WU: Friend(WU, "wu", online=True)}
    book.groups = {3: Membership(Group(3, "hikers", ""), Role.NORMAL)}
    return book


def change(what: str, who: int = LI, whom: int = 0, name: str = "", group: int = 3) -> Changed:
    sender = {ME: "zhang", LI: "li", 0: ""}[who]
    return Changed(1, "c", who, sender, 7, what, group, whom, name, own=who == ME)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (change("created", ME, name="larks", group=4), "you have made group larks"),
        (change("joined"), "li has joined group hikers"),
        (change("joined", ME, group=4), "you have joined group 4"),
        (change("left"), "li has left group hikers"),
        (change("left", whom=WU), "li has left group hikers; wu is its creator now"),
        (change("left", whom=ME), "li has left group hikers; you are its creator now"),
        (change("removed", whom=WU), "li has removed wu from group hikers"),
        (change("removed", 0, whom=ME), "the operator has removed you from group hikers"),
        (change("renamed", name="owls"), "li has renamed group hikers to owls"),
        (change("ended", 0), "the operator has ended group hikers"),
        (change("device_ended"), None),
        (change("of a later version"), None),
    ],
)
def test_a_change_is_told_in_one_sentence(book: Book, changed: Changed, sentence: str) -> None:
    """Changes that are of no interest or not understood are not told."""
    assert sentence_about(changed, book, ME) == sentence


@pytest.mark.parametrize(
    ("changed", "name", "role"),
    [
        (change("renamed", name="owls"), "owls", Role.NORMAL),
        (change("left", whom=ME), "hikers", Role.CREATOR),
        (change("left", whom=WU), "hikers", Role.NORMAL),
        (change("left"), "hikers", Role.NORMAL),
        (change("removed", whom=WU), "hikers", Role.NORMAL),
        (change("joined", ME), "hikers", Role.NORMAL),
        (change("ended", group=4), "hikers", Role.NORMAL),
    ],
)
def test_a_group_of_the_user_s_stays_known(
    book: Book, changed: Changed, name: str, role: Role
) -> None:
    """The client knows its present name and the user's present role."""
    assert learn(changed, book, ME)
    assert book.groups == {3: Membership(Group(3, name, ""), role)}


@pytest.mark.parametrize(
    "changed", [change("left", ME), change("removed", whom=ME), change("ended")]
)
def test_a_group_that_the_user_is_not_in_any_more_is_forgotten(
    book: Book, changed: Changed
) -> None:
    """The user may have left, another member may have removed them, or the group may have ended."""
    assert learn(changed, book, ME)
    assert book.groups == {}


def test_a_group_made_with_another_device_is_known(book: Book) -> None:
    """The change has everything that the client needs."""
    assert learn(change("created", ME, name="larks", group=4), book, ME)
    assert book.groups[4] == Membership(Group(4, "larks", ""), Role.CREATOR)


def test_of_a_group_joined_with_another_device_one_has_to_ask(book: Book) -> None:
    """The change does not say what the group is called."""
    assert not learn(change("joined", ME, group=4), book, ME)
