"""How events and lists look as text."""

from datetime import datetime, timedelta, timezone

import pytest

from adapters.client import (
    Connected,
    Disconnected,
    GoingAway,
    Message,
    Position,
    Presence,
    Reconnected,
    Refused,
    Reset,
    ServerError,
    SessionEnded,
)
from adapters.client.events import Event, Notice
from adapters.terminal import render
from adapters.terminal.book import Book
from adapters.terminal.forms import FORMS
from adapters.terminal.render import Mark
from adapters.wire.answers import SessionRow
from chat_domain.model import Friend, Group, Member, Membership, Role, User

NOW = datetime(2026, 11, 20, 18, 4, 51, tzinfo=timezone(timedelta(hours=8)))
NOW_MS = int(NOW.timestamp() * 1000)
ESCAPE = "\x1b[2J"


@pytest.fixture
def book() -> Book:
    book = Book()
    book.groups = {3: Membership(Group(3, "hikers", ""), Role.NORMAL)}
    return book


def said(text: str = "hello", *, name: str = "li si", group: int = 0, ago_ms: int = 0) -> Message:
    return Message(1, "c", 15, name, text, NOW_MS - ago_ms, group_id=group)


def test_a_message_has_its_local_time_and_sender(book: Book) -> None:
    """The time is in the reader's time zone."""
    assert render.plain(render.message(said(), book, NOW)) == "18:04 li si: hello"


def test_a_group_message_names_the_group(book: Book) -> None:
    """If the client does not know the group, its id is shown."""
    assert "[hikers] li si: hello" in render.plain(render.message(said(group=3), book, NOW))
    assert "[group 4] li si: hello" in render.plain(render.message(said(group=4), book, NOW))


def test_another_day_has_a_date(book: Book) -> None:
    """A message that has waited for its user may be old."""
    line = render.message(said(ago_ms=86_400_000), book, NOW)
    assert render.plain(line) == "2026-11-19 18:04 li si: hello"


@pytest.mark.parametrize("time_ms", [-1, 0, 2**53 - 1])
def test_no_time_is_too_odd(time_ms: int) -> None:
    """A server with a broken clock does not end the client."""
    assert render.when(time_ms, NOW)


def test_a_sender_has_one_colour() -> None:
    """It is the same in each message, and usually differs from those of others."""
    styles = {render.message(said(name=name), Book(), NOW)[1][0] for name in ("a", "b")}
    assert styles == {"class:sender3"}


@pytest.mark.parametrize(
    ("mark", "remark", "shown"),
    [
        (Mark.ON_ITS_WAY, "on its way", "18:04 … to li: hi  (on its way)"),
        (Mark.LOGGED, "", "18:04 ✓ to li: hi"),
        (Mark.GOT, "and 2 before it", "18:04 ✓✓ to li: hi  (and 2 before it)"),
        (Mark.REFUSED, "full", "18:04 ✗ to li: hi  (full)"),
    ],
)
def test_ticks(mark: Mark, remark: str, shown: str) -> None:
    """One tick means in the log, two mean received by the recipient, and a cross means refused."""
    assert render.plain(render.sent("li", "hi", mark, "18:04", remark)) == shown


def test_a_deleted_text_is_called_so(book: Book) -> None:
    """It comes without a text."""
    assert render.plain(render.message(said(""), book, NOW)) == "18:04 li si: (deleted)"


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        (Presence(1, "li", online=True), "* li is online"),
        (Presence(1, "li", online=False), "* li is offline"),
        (Disconnected("reset", retrying=True), "* connection lost (reset), reconnecting"),
        (Disconnected("reset", retrying=False), "* connection lost (reset)"),
        (Reconnected(resumed=True), "* reconnected"),
        (GoingAway(5), "* the server is shutting down, reconnecting"),
        (Notice("noon\x1b[2J"), "*** noon␛[2J"),
        (
            Reset(Position(1, "e")),
            "* some messages are not shown: there are too many, or they were lost",
        ),
        (
            SessionEnded(Refused(4, "bad_token", "")),
            "error: you are no longer logged in (bad_token)",
        ),
        (ServerError(Refused(43, "bad_at", "no")), "error: no"),
    ],
)
def test_notices(event: Event, shown: str) -> None:
    """Each is one line."""
    line = render.event(event)
    assert line is not None
    assert render.plain(line) == shown


def test_the_first_connection_goes_without_saying() -> None:
    """Without a connection, no prompt would appear."""
    assert render.event(Connected()) is None


def test_nothing_of_others_reaches_the_terminal_unclean(book: Book) -> None:
    """No text, name, description or reason brings an escape character to the terminal."""
    friend = Friend(15, ESCAPE, online=True)
    membership = Membership(Group(3, ESCAPE, ESCAPE), Role.CREATOR)
    member = Member(15, ESCAPE, Role.NORMAL, online=True)
    book.groups[3] = membership
    refused = Refused(1, ESCAPE, ESCAPE)
    lines = [
        render.message(said(ESCAPE, name=ESCAPE, group=3), book, NOW),
        render.sent(ESCAPE, ESCAPE, Mark.REFUSED, "18:04", ESCAPE),
        render.note(ESCAPE),
        render.error(ESCAPE),
        render.person(friend),
        *render.welcome(User(1, ESCAPE)),
        *render.friends([friend]),
        *render.who(User(1, ESCAPE), [friend]),
        *render.groups([membership]),
        *render.groups_with_members([(membership, [member], True)]),
        *render.members(ESCAPE, [member]),
        *render.sessions([SessionRow(ESCAPE, ESCAPE, 0, 0, 0, current=True)]),
    ]
    notices: list[Event] = [
        Presence(1, ESCAPE, online=True),
        Disconnected(ESCAPE, retrying=True),
        SessionEnded(refused),
        ServerError(refused),
    ]
    for line in [*lines, *map(render.event, notices)]:
        assert line is not None
        assert "\x1b" not in render.plain(line)


def test_messages_without_an_answer_are_counted() -> None:
    assert [render.plain(render.not_acknowledged(count)) for count in (1, 2)] == [
        "error: 1 of your messages was not acknowledged",
        "error: 2 of your messages were not acknowledged",
    ]


def test_lists() -> None:
    """They have ids, names, states and roles, in columns that scripts can read."""
    friend = Friend(15, "li si", online=False)
    membership = Membership(Group(3, "hikers", "every Sunday"), Role.CREATOR)
    member = Member(13, "zhang san", Role.CREATOR, online=True)
    shown = [
        *render.friends([friend]),
        *render.groups_with_members([(membership, [member], False)]),
    ]
    assert list(map(render.plain, shown)) == [
        "--- friends ---",
        "    15 li si  offline",
        "--- groups ---",
        "     3 hikers  creator  every Sunday",
        "        13 zhang san  online  creator",
    ]


def test_help_names_every_command() -> None:
    """It lists the original client's commands and the others."""
    text = "\n".join(map(render.plain, render.help_lines(FORMS.values())))
    for usage in ("chat:friendid:message", "loginout", "/msg NAME TEXT", "/quit"):
        assert usage in text


@pytest.mark.parametrize(
    ("online", "line"),
    [
        (True, "    15 li si  online"),
        (False, "  nobody on your list is online"),
        (None, "  the server does not know who is online"),
    ],
)
def test_who_is_online_is_said_as_far_as_it_is_known(online: bool | None, line: str) -> None:
    """Those who are not online are left out."""
    rows = render.who(User(13, "zhang san"), [Friend(15, "li si", online)])
    assert list(map(render.plain, rows)) == ["* you are zhang san, id 13", line]
