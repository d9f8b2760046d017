"""Switching between conversations."""

import pytest

from adapters.client import With
from adapters.terminal.fullscreen import window_manager as bounds
from adapters.terminal.fullscreen.window import Window
from adapters.terminal.fullscreen.window_manager import WindowManager
from tests.unit.terminal.things import text


def manager_of(*names: str) -> WindowManager:
    manager = WindowManager()
    for number, name in enumerate(names, 1):
        manager.window(With(number), name)
    return manager


def test_conversations_have_the_numbers_in_which_they_came() -> None:
    """Zero is the client's own window."""
    manager = manager_of("li", "wu")
    names = []
    for number in (2, 1, 0, 7):
        manager.show_number(number)
        names.append(manager.current.name)
    assert names == ["wu", "li", "chat", "chat"]


def test_behind_the_last_comes_the_first() -> None:
    """Before the first comes the last."""
    manager = manager_of("li", "wu")
    manager.step(-1)
    assert manager.current.name == "wu"
    manager.step(1)
    assert manager.current.name == "chat"


def test_the_next_unread_is_one_that_names_the_user() -> None:
    """The others follow, beginning at the current one."""
    manager = manager_of("li", "wu", "he")
    for number, mentions in ((1, False), (2, False), (3, True)):
        window = manager.window(With(number), "")
        window.on_message(text(number, mentions=mentions))
    order = []
    while manager.next_unread():
        order.append(manager.current.name)
        manager.current.read_up_to(9)
    assert order == ["he", "li", "wu"]
    assert manager.current.name == "wu", "where there is none, one stays"


def test_the_rule_goes_when_the_user_leaves_the_window() -> None:
    """It is drawn again before what has arrived meanwhile."""
    manager = manager_of("li")
    li = manager.window(With(1), "")
    li.on_message(text(5))
    manager.show_number(1)
    assert li.rule_at == 0
    li.read_up_to(5)
    manager.show_number(0)
    assert li.rule_at is None


def test_drafts_can_stay_with_their_conversations() -> None:
    """A callback is told of each switch, including the one when all conversations are closed."""
    manager, changes = manager_of("li"), []

    def switched(before: Window, now: Window) -> None:
        changes.append((before.name, now.name))

    manager.switched = switched
    manager.show_number(1)
    manager.show_number(1)
    manager.close_all()
    assert changes == [("chat", "li"), ("li", "chat")]
    assert len(manager.windows) == 1


@pytest.mark.parametrize(("user_id", "draft"), [(13, "half of"), (14, "")])
def test_drafts_come_back_with_their_user(user_id: int, draft: str) -> None:
    """Another user who logs in does not see them, not even if the conversation has begun to show
    before the login is complete."""
    manager = WindowManager()
    manager.on_login(13)
    manager.window(With(1), "li").draft = "half of"
    manager.close_all()
    manager.window(With(1), "li")
    manager.on_login(user_id)
    assert manager.window(With(1), "li").draft == draft
    manager.on_login(13)
    assert manager.window(With(1), "li").draft == draft


def test_conversations_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest one without unread messages that was not looked at is dropped."""
    monkeypatch.setattr(bounds, "MOST_WINDOWS", 3)
    manager = manager_of("li", "wu", "he")
    manager.window(With(1), "").on_message(text(5))
    manager.show_number(2)
    manager.window(With(4), "new")
    assert [window.name for window in manager.windows] == ["chat", "li", "wu", "new"]


def test_what_is_here_of_them_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The conversation that was looked at longest ago drops what can be fetched again."""
    monkeypatch.setattr(bounds, "MOST_LOADED", 2)
    manager = manager_of("li", "wu", "he")
    for number in (1, 2, 3):
        window = manager.window(With(number), "")
        window.add(text(number))
        window.loaded = True
        manager.show_number(number)
    assert [(one.loaded, len(one.items)) for one in manager.windows[1:]] == [
        (False, 0),
        (True, 1),
        (True, 1),
    ]
