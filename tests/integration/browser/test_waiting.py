"""While an answer is on its way, the page says nothing that the answer may show to be wrong."""

from playwright.sync_api import expect

from tests.integration.browser.conftest import Newcomer, WebServer
from tests.integration.browser.person import PASSWORD

LOGIN, FRIENDS, CONVERSATIONS, HISTORY = (
    f'"msgid":{number}' for number in (1000, 1022, 1039, 1041)
)


def test_a_login_is_seen_to_be_under_way(newcomer: Newcomer, web: WebServer) -> None:
    web.register("ann")
    ann = newcomer()
    ann.hold(LOGIN)
    form = ann.page.locator("form")
    expect(form).to_have_css("opacity", "1")
    ann.page.get_by_label("Name or ID").fill("ann")
    ann.page.get_by_label("Password", exact=True).fill(PASSWORD)
    ann.page.keyboard.press("Enter")
    ann.asks()
    expect(form).to_have_css("opacity", "0.5")


def test_nobody_is_said_to_have_no_conversations_before_the_server_has_listed_them(
    newcomer: Newcomer, web: WebServer
) -> None:
    web.register("ann")
    ann = newcomer()
    ann.hold(CONVERSATIONS)
    ann.log_in("ann")
    ann.asks()
    expect(ann.page.get_by_text("No conversations yet")).to_be_hidden()
    ann.release()
    expect(ann.page.get_by_text("No conversations yet")).to_be_visible()


def test_nobody_is_said_to_have_no_friends_before_the_server_has_listed_them(
    newcomer: Newcomer, web: WebServer
) -> None:
    web.register("ann")
    ann = newcomer()
    ann.hold(FRIENDS)
    ann.log_in("ann")
    ann.page.get_by_role("button", name="New", exact=True).click()
    ann.asks()
    expect(ann.page.get_by_text("No friends yet")).to_be_hidden()
    ann.release()
    expect(ann.page.get_by_text("No friends yet")).to_be_visible()


def test_a_conversation_that_is_not_there_yet_is_told_from_one_without_messages(
    newcomer: Newcomer, web: WebServer
) -> None:
    web.register("bob")
    ann = newcomer().register("ann")
    ann.hold(HISTORY)
    ann.find("bob")
    ann.asks()
    expect(ann.log).to_have_text("…")
    ann.release()
    expect(ann.log).to_contain_text("No earlier messages")
    expect(ann.log).not_to_contain_text("…")
