"""Finding users and groups by what is typed, and offering completions."""

import pytest

from adapters.terminal.book import Book
from adapters.terminal.fullscreen.completion import completions
from chat_domain.model import Friend, Group, Membership, Role, User


@pytest.fixture
def book() -> Book:
    book = Book()
    book.friends = {
        15: Friend(15, "li si", online=True),
        16: Friend(16, "Wang", online=False),
    }
    book.groups = {3: Membership(Group(3, "night owls", "late"), Role.CREATOR)}
    book.meet(20, "somebody")
    return book


def test_people_are_found_by_id_or_name_in_any_case(book: Book) -> None:
    """The client finds friends and others who have written. An id need not be known."""
    assert book.user("15") == book.user("LI SI") == User(15, "li si")
    assert book.user("Somebody") == User(20, "somebody")
    assert book.user("99") == User(99, "user 99")
    assert book.user("nobody") is book.user("2147483648") is None


def test_groups_are_found_by_id_or_name(book: Book) -> None:
    """By name, only the user's own groups are found."""
    assert book.group("Night Owls") == book.group("3") == Group(3, "night owls", "late")
    assert book.group("hikers") is None
    assert book.group_name(7) == "group 7"


def test_others_than_friends_are_forgotten_in_time() -> None:
    """The first of 1,001 is forgotten."""
    book = Book()
    for number in range(1, 1_002):
        book.meet(number, f"n{number}")
    assert book.user("n1") is None
    assert book.user("n2") is not None


def test_presence_changes_a_friend(book: Book) -> None:
    """It adds nobody to the list of friends."""
    book.note_presence(16, "Wang", online=True)
    book.note_presence(99, "other", online=True)
    assert book.friends[16].online
    assert 99 not in book.friends


def offered(line: str, book: Book) -> list[str]:
    return [
        line[: len(line) + found.start_position] + found.text for found in completions(line, book)
    ]


@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("/fri", ["/friends"]),
        ("/me", ["/members "]),
        ("add", ["addfriend:", "addgroup:"]),
        ("/msg l", ['/msg "li si" ']),
        ('/msg "LI', ['/msg "li si" ']),
        ("/msg w", ["/msg Wang "]),
        ("/add li s", ["/add li si"]),
        ("/group n", ['/group "night owls" ']),
        ("/members night", ["/members night owls"]),
        ("/talk n", ["/talk night owls"]),
        ("/mute n", ["/mute night owls"]),
        ("/create n", []),
        ("/join n", []),
        ("/nonsense x", []),
        ("", []),
    ],
)
def test_completion(line: str, completed: list[str], book: Book) -> None:
    """Commands are offered at the beginning, and names where they belong, quoted if a text
    follows."""
    assert offered(line, book) == completed


def test_a_name_that_would_upset_the_terminal_is_not_offered(book: Book) -> None:
    """The user can still be reached by their id."""
    book.meet(21, "lx\u202e")
    assert offered("/add lx", book) == []
