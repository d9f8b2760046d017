"""The list of conversations, the bar, and the lines around a conversation."""

import pytest

from adapters.client import InGroup, With
from adapters.terminal.book import Book
from adapters.terminal.fullscreen.cells import line_width
from adapters.terminal.fullscreen.listing import bar, prompt, sidebar, status, title
from adapters.terminal.fullscreen.remarks import about, state_of
from adapters.terminal.fullscreen.window import Window
from adapters.terminal.fullscreen.window_manager import WindowManager
from adapters.terminal.ports import Partner
from chat_domain.model import Friend, Group, Membership, Role, User
from tests.unit.terminal.things import shown, text


@pytest.fixture
def manager() -> WindowManager:
    manager = WindowManager()
    for number, name in enumerate(("li si", "a name that is far too long", "wu\x1b"), 1):
        manager.window(With(number), name)
    manager.window(With(2), "").unread = 12
    manager.window(With(3), "").on_message(text(5, mentions=True))
    return manager


def test_each_conversation_has_a_row(manager: WindowManager) -> None:
    """The row has its number, and how much is unread."""
    rows = sidebar(manager, 20, 10)
    assert shown(rows) == [
        "  0 chat",
        "  1 li si",
        "  2 a name that… 12",
        "  3 wu␛           1",
    ]
    assert all(line_width(row) == 20 for row in rows)
    assert rows[0][0][0] == "class:chosen"
    assert rows[3][0][0] == "class:mention"


def test_a_list_that_is_too_long_says_what_is_beyond() -> None:
    """The current conversation is always in it."""
    manager = WindowManager()
    for number in range(1, 40):
        manager.window(With(number), f"n{number}")
    manager.window(With(2), "").unread = manager.window(With(39), "").unread = 1
    manager.show_number(20)
    rows = shown(sidebar(manager, 20, 7))
    assert rows[0] == "▲ 1 unread"
    assert rows[-1] == "▼ 1 unread"
    assert " 20 n20" in rows


def test_the_bar_names_the_current_one_and_what_is_unread(manager: WindowManager) -> None:
    """Conversations that name the user come first."""
    manager.show_number(1)
    (row,) = shown([bar(manager, 40)])
    assert row.split()[:3] == ["1", "li", "si"]
    assert row.index("wu␛(1)") < row.index("a name")
    assert line_width(bar(manager, 40)) == line_width(bar(manager, 12)) + 28 == 40


def test_a_thousand_are_counted() -> None:
    """Larger numbers are not shown."""
    manager = WindowManager()
    manager.window(With(1), "li").unread = 1_000
    assert shown(sidebar(manager, 20, 5))[1].endswith("999+")


def test_what_is_said_above_a_conversation() -> None:
    """For a user, it is their presence, as long as that is known; for a group, its description."""
    book = Book()
    book.friends = {15: Friend(15, "li", online=True)}
    book.groups = {3: Membership(Group(3, "hikers", "Sundays\x07"), Role.NORMAL)}

    def said(window: Window, *, connected: bool = True) -> list[str]:
        return about(window, book, connected=connected)

    assert said(Window(With(15), "li")) == ["online"]
    assert said(Window(With(15), "li", muted=True), connected=False) == ["muted"]
    book.friends[15] = Friend(15, "li", online=None)
    assert said(Window(With(15), "li")) == []
    assert said(Window(With(16), "wu")) == []
    assert said(Window(InGroup(3), "hikers", muted=True)) == ["group", "Sundays␇", "muted"]
    assert said(Window(InGroup(4), "owls", left=True)) == ["group", "you have left"]
    assert line_width(title(Window(With(15), "li"), ["online"], 5)) == 5


def test_what_is_said_below_it() -> None:
    """It shows the connection, waiting lines, whether a page is loading, and who is typing."""
    window = Window(With(15), "li")
    assert state_of(window, 0.0, connected=True, waiting=0) == []
    window.fetching = True
    assert state_of(window, 0.0, connected=False, waiting=2) == [
        "no connection, reconnecting",
        "2 lines waiting",
        "loading",
    ]
    window.fetching = False
    window.trouble = "there is no connection"
    assert state_of(window, 0.0, connected=False, waiting=0) == ["no connection, reconnecting"]
    assert state_of(window, 0.0, connected=True, waiting=0) == ["there is no connection"]
    window.trouble = ""
    assert state_of(window, 0.0, connected=True, waiting=1) == ["1 line waiting"]
    for number in range(5):
        window.types(number, f"n{number}\x1b", 0.0)
    assert state_of(window, 1.0, connected=True, waiting=0) == [
        "n0␛, n1␛, n2␛ and others are typing"
    ]
    assert shown([status(["a", "b"], 10)]) == [" a · b"]


@pytest.mark.parametrize(
    ("partner", "columns", "said"),
    [
        (None, 80, "zhang san> "),
        (User(15, "li si"), 80, "zhang san to li si> "),
        (User(15, "li si"), 40, "to li si> "),
        (Group(3, "night owls", ""), 40, "to [night owl…> "),
        (User(15, "li si"), 20, "to li…> "),
    ],
)
def test_the_prompt_says_to_whom_even_without_room(
    partner: Partner | None, columns: int, said: str
) -> None:
    """The user's own name is left out first."""
    assert prompt(User(13, "zhang san"), partner, columns) == said
