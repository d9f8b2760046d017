"""Switching between conversations."""

import pytest

from adapters.client import With
from adapters.terminal.fullscreen import desk as bounds
from adapters.terminal.fullscreen.desk import Desk
from adapters.terminal.fullscreen.window import Window
from tests.unit.terminal.things import text


def desk_of(*names: str) -> Desk:
    desk = Desk()
    for number, name in enumerate(names, 1):
        desk.window(With(number), name)
    return desk


def test_conversations_have_the_numbers_in_which_they_came() -> None:
    """Zero is the client's own window."""
    desk = desk_of("li", "wu")
    names = []
    for number in (2, 1, 0, 7):
        desk.show_number(number)
        names.append(desk.current.name)
    assert names == ["wu", "li", "chat", "chat"]


def test_behind_the_last_comes_the_first() -> None:
    """Before the first comes the last."""
    desk = desk_of("li", "wu")
    desk.step(-1)
    assert desk.current.name == "wu"
    desk.step(1)
    assert desk.current.name == "chat"


def test_the_next_unread_is_one_that_names_the_user() -> None:
    """The others follow, beginning at the current one."""
    desk = desk_of("li", "wu", "he")
    for number, mentions in ((1, False), (2, False), (3, True)):
        window = desk.window(With(number), "")
        window.heard(text(number, mentions=mentions), seen=False)
    order = []
    while desk.next_unread():
        order.append(desk.current.name)
        desk.current.read_up_to(9)
    assert order == ["he", "li", "wu"]
    assert desk.current.name == "wu", "where there is none, one stays"


def test_the_line_goes_when_one_goes() -> None:
    """It is drawn again before what has arrived meanwhile."""
    desk = desk_of("li")
    li = desk.window(With(1), "")
    li.heard(text(5), seen=False)
    desk.show_number(1)
    assert li.line == 0
    li.read_up_to(5)
    desk.show_number(0)
    assert li.line is None


def test_drafts_can_stay_with_their_conversations() -> None:
    """A callback is told of each switch, including the one when all conversations are closed."""
    desk, changes = desk_of("li"), []

    def switched(before: Window, now: Window) -> None:
        changes.append((before.name, now.name))

    desk.switched = switched
    desk.show_number(1)
    desk.show_number(1)
    desk.empty()
    assert changes == [("chat", "li"), ("li", "chat")]
    assert len(desk.windows) == 1


def test_conversations_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest one without unread messages that was not looked at is dropped."""
    monkeypatch.setattr(bounds, "MOST_WINDOWS", 3)
    desk = desk_of("li", "wu", "he")
    desk.window(With(1), "").heard(text(5), seen=False)
    desk.show_number(2)
    desk.window(With(4), "new")
    assert [window.name for window in desk.windows] == ["chat", "li", "wu", "new"]


def test_what_is_here_of_them_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The conversation that was looked at longest ago drops what can be fetched again."""
    monkeypatch.setattr(bounds, "MOST_LOADED", 2)
    desk = desk_of("li", "wu", "he")
    for number in (1, 2, 3):
        window = desk.window(With(number), "")
        window.add(text(number))
        window.loaded = True
        desk.show_number(number)
    assert [(one.loaded, len(one.items)) for one in desk.windows[1:]] == [
        (False, 0),
        (True, 1),
        (True, 1),
    ]
