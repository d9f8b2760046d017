"""Users who look elsewhere are notified of new messages, if they want that."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.integration.browser.conftest import Newcomer, launched
from tests.integration.browser.person import Person

# Every notification that the browser shows, as well.
RECORD = """
window.shown = [];
window.Notification = class extends Notification {
  constructor(title, options) {
    super(title, options);
    shown.push(this);
  }
};
"""
# Some phones have notifications, but do not let pages make them.
REFUSE = """
window.Notification = class extends Notification {
  constructor() {
    throw new TypeError("Illegal constructor");
  }
};
"""


# As a page of which nothing is seen. Playwright's are all visible.
HIDE = 'Object.defineProperty(document, "visibilityState", {value: "hidden", configurable: true})'
# A browser lets the timers of a page that was hidden for minutes wait for up to another minute.
DRAW_NOTHING = """
() => {
  const { setTimeout } = window;
  window.setTimeout = (act, delay) => delay ? setTimeout(act, delay) : 1;
}
"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser with windows, one of which has the focus: the headless shell does not let pages
    notify."""
    with launched("chromium") as browser:
        yield browser


def test_a_notification_says_who_writes_what_while_one_looks_elsewhere(newcomer: Newcomer) -> None:
    """There is none for muted conversations, the user's own messages, or what the user sees."""
    ann, bob, cid = _who_wants_to_know(newcomer), newcomer(), newcomer()
    phone = newcomer().log_in("ann")
    bob.register("bob")
    cid.register("cid")
    cid.find("ann")
    cid.write("first of all")
    ann.open("cid")
    ann.open_about().get_by_role("button", name="Mute").click()
    expect(ann.dialog.get_by_role("button", name="Unmute")).to_be_visible()
    ann.page.keyboard.press("Escape")
    ann.create_group("gardeners")
    bob.join_group("gardeners")
    bob.write("seen")
    ann.sees("seen")
    _look_elsewhere(ann)
    cid.write("muted")
    expect(ann.row("cid").locator(".count")).to_have_text("1")
    phone.find("bob")
    phone.write("an own one")
    expect(ann.row("bob")).to_contain_text("an own one")
    phone.page.close()  # it would read what comes there
    bob.write("who has tomatoes?")
    bob.open("ann")
    bob.write("hello ann")
    expect(ann.page).to_have_title("(2) Chat")
    assert _shown(ann) == [["bob · gardeners", "who has tomatoes?"], ["bob", "hello ann"]]
    ann.page.evaluate("shown[1].dispatchEvent(new Event('click'))")
    ann.sees("an own one", "hello ann")


def test_who_does_not_want_it_any_more_is_not_notified(newcomer: Newcomer) -> None:
    ann, bob = _who_wants_to_know(newcomer), newcomer().register("bob")
    ann.open_settings().get_by_label("Notifications").uncheck()
    ann.page.keyboard.press("Escape")
    _look_elsewhere(ann)
    bob.find("ann")
    bob.write("hello")
    expect(ann.page).to_have_title("(1) Chat")
    assert _shown(ann) == []


def test_where_the_browser_does_not_allow_it_that_is_said_and_nothing_is_ticked(
    newcomer: Newcomer,
) -> None:
    settings = newcomer().register("ann").open_settings()
    settings.get_by_label("Notifications").click()
    expect(settings.get_by_role("alert")).to_have_text("This browser does not allow notifications.")
    expect(settings.get_by_label("Notifications")).not_to_be_checked()


def test_a_browser_that_fails_to_notify_shows_what_comes(newcomer: Newcomer) -> None:
    ann, bob = _who_wants_to_know(newcomer, REFUSE), newcomer().register("bob")
    _look_elsewhere(ann)
    bob.find("ann")
    bob.write("one", "two")
    expect(ann.page).to_have_title("(2) Chat")
    ann.open("bob")
    ann.sees("one", "two")


def test_what_comes_while_one_looks_elsewhere_is_below_a_line_in_what_is_open(
    newcomer: Newcomer,
) -> None:
    ann, bob = newcomer().register("ann"), newcomer().register("bob")
    ann.reads(bob, "seen")
    line = ann.log.get_by_text("New messages")
    expect(line).to_be_in_viewport()
    ann.page.keyboard.press("Escape")
    ann.open("bob")
    expect(line).to_be_hidden()
    _look_elsewhere(ann)
    bob.write("one", "two")
    expect(ann.row("bob").locator(".count")).to_have_text("2")
    ann.page.bring_to_front()
    bob.sees_tick("read", "two")
    expect(ann.log.locator(".unread + .message .text")).to_have_text("one")


def test_who_returns_to_more_than_fits_is_where_it_begins_and_has_not_read_the_rest(
    newcomer: Newcomer,
) -> None:
    ann, bob = newcomer().register("ann"), newcomer().register("bob")
    ann.reads(bob, "seen")
    _look_elsewhere(ann)
    ann.page.evaluate(HIDE)
    news = [f"news {number}" for number in range(40)]
    bob.write(*news)
    expect(ann.row("bob").locator(".count")).to_have_text("40")
    ann.page.bring_to_front()
    ann.page.evaluate("delete document.visibilityState")
    bob.sees_tick("read", "news 0")
    expect(ann.log.get_by_text("New messages")).to_be_in_viewport()
    expect(ann.log.locator(".unread + .message .text")).to_have_text("news 0")
    expect(ann.texts.last).not_to_be_in_viewport()
    bob.sees_tick("delivered", "news 39")
    ann.log.press("End")
    bob.sees_tick("read", "news 39")
    bob.write("and another")
    expect(ann.texts.last).to_have_text("and another")
    expect(ann.texts.last).to_be_in_viewport()


def test_who_returns_before_what_came_is_drawn_has_not_read_it(newcomer: Newcomer) -> None:
    ann, bob = newcomer().register("ann"), newcomer().register("bob")
    ann.reads(bob, "seen")
    _look_elsewhere(ann)
    ann.page.evaluate(HIDE)
    ann.page.evaluate(DRAW_NOTHING)
    bob.write(*(f"news {number}" for number in range(40)))
    bob.sees_tick("delivered", "news 39")
    ann.page.evaluate("delete document.visibilityState")
    ann.page.bring_to_front()
    bob.sees_tick("read", "news 0")
    expect(ann.log.get_by_text("New messages")).to_be_in_viewport()
    bob.sees_tick("delivered", "news 39")


def test_who_has_the_page_beside_another_window_sees_what_comes(newcomer: Newcomer) -> None:
    ann, bob = newcomer().register("ann"), newcomer().register("bob")
    ann.reads(bob, "seen")
    _look_elsewhere(ann)
    bob.write(*(f"news {number}" for number in range(40)))
    expect(ann.texts.last).to_have_text("news 39")
    expect(ann.texts.last).to_be_in_viewport()
    expect(ann.row("bob").locator(".count")).to_have_text("40")


def _who_wants_to_know(newcomer: Newcomer, script: str = RECORD) -> Person:
    """A user with that script in their browser, who wants to be notified."""
    ann = newcomer(permissions=["notifications"])
    ann.context.add_init_script(script)
    ann.page.reload()
    ann.register("ann")
    ann.open_settings().get_by_label("Notifications").check()
    ann.page.keyboard.press("Escape")
    return ann


def _look_elsewhere(person: Person) -> None:
    """Bring another tab of this browser to the front, with the focus."""
    # Otherwise, Playwright lets each page believe that it has the focus.
    session = person.context.new_cdp_session(person.page)
    session.send("Emulation.setFocusEmulationEnabled", {"enabled": False})
    person.context.new_page().bring_to_front()
    assert not person.page.evaluate("document.hasFocus()")


def _shown(person: Person) -> list[list[str]]:
    shown: list[list[str]] = person.page.evaluate("shown.map((one) => [one.title, one.body])")
    return shown
