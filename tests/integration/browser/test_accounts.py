"""Sessions, tabs, passwords and settings."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from tests.integration.browser.conftest import Newcomer, WebServer
from tests.integration.browser.person import PASSWORD, PATIENCE


def test_who_asks_for_it_stays_logged_in_and_who_does_not_stays_so_in_that_tab_alone(
    newcomer: Newcomer,
) -> None:
    ann, bob = newcomer().register("ann", remember=True), newcomer().register("bob")
    ann.page.reload()
    bob.page.reload()
    expect(ann.sidebar).to_be_visible()
    expect(bob.sidebar).to_be_visible()
    ann.page = ann.new_tab()
    bob.page = bob.new_tab()
    expect(ann.sidebar).to_be_visible()
    bob.is_asked_to_log_in()


_KEPT = """
new MutationObserver(() => {
  if (document.querySelector("nav")) {
    setTimeout(() => (window.kept ??= "chat.identity" in sessionStorage));
  }
}).observe(document, { childList: true, subtree: true });
"""


def test_who_sees_their_conversations_may_reload_the_page_at_once(newcomer: Newcomer) -> None:
    ann = newcomer()
    ann.page.evaluate(_KEPT)
    ann.register("ann")
    assert ann.page.evaluate("kept")
    ann.page.reload()
    expect(ann.sidebar).to_be_visible()


def test_two_tabs_of_one_user_agree(newcomer: Newcomer) -> None:
    ann, bob = newcomer().register("ann", remember=True), newcomer().register("bob")
    bob.find("ann")
    bob.write("hello")
    ann.open("bob")
    first, second = ann.page, ann.new_tab()
    ann.page = second
    ann.open("bob")
    ann.sees("hello")
    ann.write("from the second tab")
    ann.page = first
    ann.sees("hello", "from the second tab")
    ann.write("from the first tab")
    ann.page = second
    ann.sees("hello", "from the second tab", "from the first tab")
    bob.sees("hello", "from the second tab", "from the first tab")
    ann.open_settings().get_by_role("button", name="Log out").click()
    ann.is_asked_to_log_in()
    ann.page = first
    ann.is_asked_to_log_in()


def test_a_draft_that_one_tab_has_sent_is_not_put_back_by_another(newcomer: Newcomer) -> None:
    newcomer().register("bob")
    ann = newcomer().register("ann", remember=True)
    ann.find("ann")
    ann.write("hello")
    ann.sees_tick("sent", "hello")
    ann.field.fill("once")
    ann.keeps_draft("ann", "once")
    first, second = ann.page, ann.new_tab()
    ann.page = second
    ann.open("ann")
    expect(ann.field).to_have_value("once")
    ann.page = first
    ann.field.press("Enter")
    ann.page = second
    ann.sees("hello", "once")
    ann.find("bob")
    ann.page.reload()
    expect(ann.row("ann")).to_contain_text("once")
    expect(ann.row("ann")).not_to_contain_text("Draft")


def test_a_tab_comes_back_by_the_token_that_another_has_been_given(newcomer: Newcomer) -> None:
    """A tab with an older one would be taken for a thief, and the session would end for both."""
    ann = newcomer().register("ann", remember=True)
    first, second = ann.page, ann.new_tab()
    expect(second.get_by_role("navigation", name="Conversations")).to_be_visible()
    settings = ann.open_settings()
    settings.get_by_label("Current password").fill(PASSWORD)
    settings.get_by_label("New password").fill("battery staple")
    settings.get_by_role("button", name="Change", exact=True).click()
    expect(settings).to_contain_text("Password changed")
    ann.page.keyboard.press("Escape")
    ann.block_server()
    for ann.page in (first, second):
        ann.is_offline()
    ann.context.set_offline(False)
    for ann.page in (first, second):
        ann.comes_back()
        ann.find("ann")


def test_a_password_manager_is_told_whose_password_changes(newcomer: Newcomer) -> None:
    settings = newcomer().register("ann").open_settings()
    expect(settings.locator("form input[autocomplete=username]")).to_have_value("ann")


def test_tabs_of_two_users_do_not_take_each_other_over(newcomer: Newcomer) -> None:
    ann = newcomer()
    first, second = ann.page, ann.new_tab()  # both ask who is there
    ann.register("ann", remember=True)
    ann.page = second
    ann.register("bob")
    second.reload()
    expect(ann.sidebar.get_by_role("heading", name="bob")).to_be_visible()
    ann.open_settings().get_by_role("button", name="Log out").click()
    ann.is_asked_to_log_in()
    first.reload()
    ann.page = first
    expect(ann.sidebar.get_by_role("heading", name="ann")).to_be_visible()


def test_a_session_goes_on_and_keeps_what_it_needs_when_another_in_its_browser_logs_out(
    newcomer: Newcomer,
) -> None:
    """That deletes what the browser has kept of their user, and leaves nothing of it behind."""
    bob, ann = newcomer().register("bob"), newcomer().register("ann")
    here, ann.page = ann.page, ann.new_tab()
    ann.log_in("ann")
    there, ann.page = ann.page, here
    ann.find("bob")
    ann.write("hello")
    ann.sees_tick("delivered", "hello")
    here.reload()  # the list of conversations is kept when it comes
    ann.sees_tick("delivered", "hello")
    reachable = False
    here.route_web_socket(
        "**/chat", lambda link: link.connect_to_server() if reachable else link.close()
    )
    here.reload()
    ann.write("not sent yet")
    ann.field.fill("nor this")
    expect(ann.row("bob")).to_contain_text("not sent yet")
    ann.page.keyboard.press("Escape")
    expect(ann.row("bob")).to_be_visible()
    here.evaluate(_KEEPS_ANEW, PATIENCE)
    ann.page = there
    ann.open_settings().get_by_role("button", name="Log out", exact=True).click()
    ann.is_asked_to_log_in()
    ann.page = here
    here.evaluate(_KEEPS_ANEW, PATIENCE)
    reachable = True
    here.reload()
    ann.keeps_draft("bob", "nor this")
    ann.sees("hello", "not sent yet")
    bob.open("ann")
    bob.sees("hello", "not sent yet")
    bob.write("are you there")
    ann.sees("hello", "not sent yet", "are you there")
    expect(here.locator(".notice")).to_have_count(0)
    ann.open_settings().get_by_role("button", name="Log out", exact=True).click()
    ann.is_asked_to_log_in()
    here.evaluate(_KEEPS_NOTHING, PATIENCE)


# Playwright's `wait_for_function` does not wait for what a promise comes to.
_UNTIL = """
async (patience) => {
  const isSo = %s;
  const until = performance.now() + patience;
  while (!(await isSo())) {
    if (performance.now() > until) throw new Error("it is never so");
    await new Promise(requestAnimationFrame);
  }
}
"""
_KEEPS_NOTHING = _UNTIL % "async () => !(await indexedDB.databases()).length"
# This browser keeps a message to be sent and a draft, where they were not found before.
_KEEPS_ANEW = (
    _UNTIL
    % """
async () => {
  const [known] = await indexedDB.databases();
  if (!known) return false;
  const opening = indexedDB.open(known.name);
  opening.onupgradeneeded = () => opening.transaction.abort(); // it has been deleted by now
  await new Promise((done) => (opening.onsuccess = opening.onerror = done));
  if (opening.error) return false;
  const all = ["meta", "unsent", "drafts"];
  const transaction = opening.result.transaction(all, "readwrite");
  const [meta, unsent, drafts] = all.map((one) => transaction.objectStore(one));
  const counts = [meta.count("found"), unsent.count(), drafts.count()];
  let found = false;
  counts[2].onsuccess = () => {
    found = counts.map(({ result }) => result).join() === "0,1,1";
    if (found) meta.put(true, "found");
  };
  await new Promise((done) => (transaction.oncomplete = done));
  opening.result.close();
  return found;
}
"""
)


def test_a_session_that_is_ended_from_another_device_says_so_there(newcomer: Newcomer) -> None:
    desk = newcomer().register("ann", remember=True)
    phone = newcomer().log_in("ann")
    devices = desk.open_settings().locator(".people li")
    expect(devices).to_have_count(2)
    devices.filter(has_not_text="this device").get_by_role("button", name="End session").click()
    expect(devices).to_have_count(1)
    phone.is_asked_to_log_in()
    expect(phone.page.get_by_role("alert")).to_have_text(
        "This device has been logged out. Log in again."
    )


def test_what_was_typed_when_a_session_ended_is_there_after_the_next_login(
    newcomer: Newcomer,
) -> None:
    desk = newcomer().register("ann", remember=True)
    phone = newcomer().log_in("ann")
    phone.find("ann")
    phone.write("hello")
    phone.sees_tick("sent", "hello")
    phone.page.clock.install()
    phone.page.clock.pause_at(datetime.now(UTC) + timedelta(seconds=10))
    phone.field.press_sequentially("in the middle of a sen")
    devices = desk.open_settings().locator(".people li")
    devices.filter(has_not_text="this device").get_by_role("button", name="End session").click()
    phone.is_asked_to_log_in()
    phone.page.clock.resume()
    phone.log_in("ann")
    phone.open("ann")
    expect(phone.field).to_have_value("in the middle of a sen")


def test_who_logs_out_is_told_what_is_not_sent_yet(newcomer: Newcomer) -> None:
    """This browser keeps nothing of them after that."""
    ann = newcomer().register("ann")
    ann.find("ann")
    ann.write("before")
    ann.sees_tick("sent", "before")
    ann.block_server()
    ann.is_offline()
    ann.write("one", "two")
    ann.open_settings().get_by_role("button", name="Log out").click()
    sure = ann.page.get_by_role("dialog", name="Messages not sent yet will be lost (2)")
    sure.get_by_role("button", name="Close").click()
    ann.page.keyboard.press("Escape")
    ann.sees("before", "one", "two")
    ann.open_settings().get_by_role("button", name="Log out").click()
    sure.get_by_role("button", name="Log out").click()
    ann.is_asked_to_log_in()


def test_nothing_of_a_session_is_left_on_the_screen_when_it_has_ended(newcomer: Newcomer) -> None:
    desk, bob = newcomer().register("ann"), newcomer().register("bob")
    phone = newcomer().log_in("ann")
    bob.find("ann")
    bob.write("hello")
    expect(phone.page).to_have_title("(1) Chat")
    phone.open_settings()
    devices = desk.open_settings().locator(".people li")
    devices.filter(has_not_text="this device").get_by_role("button", name="End session").click()
    phone.is_asked_to_log_in()
    expect(phone.dialog).to_have_count(0)
    expect(phone.page).to_have_title("Chat")


def test_a_changed_password_ends_the_other_sessions_and_is_the_one_that_counts(
    newcomer: Newcomer,
) -> None:
    desk, phone = newcomer().register("ann", remember=True), newcomer().log_in("ann")
    settings = desk.open_settings()
    settings.get_by_label("Current password").fill("something else")
    settings.get_by_label("New password").fill("battery staple")
    settings.get_by_role("button", name="Change", exact=True).click()
    expect(settings.get_by_role("alert")).to_have_text("Wrong current password.")
    settings.get_by_label("Current password").fill(PASSWORD)
    settings.get_by_role("button", name="Change", exact=True).click()
    expect(settings).to_contain_text("Password changed")
    phone.is_asked_to_log_in()
    phone.log_in("ann", "battery staple")
    desk.page.reload()
    expect(desk.sidebar).to_be_visible()


def test_what_became_of_it_is_in_sight_in_a_dialog_that_is_longer_than_the_screen(
    newcomer: Newcomer,
) -> None:
    ann = newcomer(viewport={"width": 320, "height": 420}).register("ann")
    settings = ann.open_settings()
    for old, result in (("guessed", "Wrong current password."), (PASSWORD, "changed")):
        settings.get_by_label("Current password").fill(old)
        settings.get_by_label("New password").fill("battery staple")
        settings.get_by_role("button", name="Change", exact=True).click()
        expect(settings.get_by_text(result)).to_be_in_viewport(ratio=1)


def test_another_who_has_the_same_number_sees_and_says_nothing_of_who_had_it_before(
    newcomer: Newcomer, web: WebServer
) -> None:
    """As after the server has begun with a new database."""
    browser = newcomer().register("ann", remember=True)
    browser.find("ann")
    browser.write("a note to myself")
    browser.sees_tick("sent", "a note to myself")
    web.kill()
    browser.is_offline()
    browser.write("not sent yet")
    browser.sees_tick("not sent yet", "not sent yet")
    for suffix in ("", "-wal", "-shm"):
        web.path.with_name(web.path.name + suffix).unlink(missing_ok=True)
    web.start()
    browser.is_asked_to_log_in()
    browser.register("bob")
    expect(browser.sidebar.get_by_role("heading", name="bob")).to_be_visible()
    expect(browser.sidebar.get_by_role("listitem")).to_have_count(0)
    browser.find("bob")
    browser.write("hello")
    browser.sees("hello")


def test_a_wrong_password_and_a_name_that_is_taken_are_said_in_words(
    newcomer: Newcomer, web: WebServer
) -> None:
    web.register("ann")
    stranger = newcomer().page
    stranger.get_by_label("Name or ID").fill("ann")
    stranger.get_by_label("Password").fill("guessed")
    stranger.get_by_role("button", name="Log in", exact=True).click()
    expect(stranger.get_by_role("alert")).to_contain_text("Wrong name or password")
    stranger.get_by_role("button", name="New here? Register").click()
    for label in ("Password", "Confirm password"):
        stranger.get_by_label(label, exact=True).fill("guessed")
    stranger.get_by_role("button", name="Register", exact=True).click()
    expect(stranger.get_by_role("alert")).to_contain_text("This name is taken")
    expect(stranger.get_by_label("Name", exact=True)).to_be_focused()


def test_the_language_changes_at_once_and_is_kept(newcomer: Newcomer) -> None:
    ann = newcomer().register("ann", remember=True)
    ann.find("ann")
    ann.write("hello")
    ann.open_settings().get_by_label("Language").select_option("zh")
    expect(ann.page.get_by_role("dialog", name="设置")).to_be_visible()
    ann.page.keyboard.press("Escape")
    expect(ann.page.get_by_role("textbox", name="输入消息")).to_be_visible()
    expect(ann.page.locator("html")).to_have_attribute("lang", "zh")
    expect(ann.page.get_by_role("log")).to_contain_text("今天")
    ann.page.reload()
    expect(ann.page.get_by_role("navigation", name="会话")).to_be_visible()


def test_a_browser_that_prefers_chinese_is_spoken_to_in_chinese(newcomer: Newcomer) -> None:
    page = newcomer(locale="zh-CN").page
    expect(page.get_by_role("button", name="登录", exact=True)).to_be_visible()


def test_who_hides_what_they_have_read_is_not_told_of(newcomer: Newcomer) -> None:
    ann, bob = newcomer().register("ann"), newcomer().register("bob")
    phone = newcomer().log_in("ann")
    ann.open_settings().get_by_label("Don't send read receipts").check()
    ann.page.keyboard.press("Escape")
    bob.find("ann")
    bob.write("seen?")
    expect(phone.row("bob").locator(".count")).to_have_text("1")
    ann.open("bob")
    ann.sees("seen?")
    expect(phone.row("bob").locator(".count")).to_be_hidden()  # the server has the mark
    ann.write("an answer comes later than a mark would")
    bob.sees("seen?", "an answer comes later than a mark would")
    bob.sees_tick("delivered", "seen?")


def test_friends_are_added_shown_with_their_presence_and_removed(newcomer: Newcomer) -> None:
    ann, bob = newcomer().register("ann"), newcomer().register("bob")
    ann.find("bob")
    ann.open_about().get_by_role("button", name="Add friend").click()
    expect(ann.dialog.get_by_role("button", name="Remove friend")).to_be_visible()
    ann.page.keyboard.press("Escape")
    state = ann.page.get_by_role("region", name="Conversation").locator(".state")
    expect(state).to_have_text("online")
    with ann.offline():
        expect(state).to_be_hidden()
    expect(state).to_have_text("online")
    bob.page.close()
    expect(state).to_have_text("offline")


def test_a_friend_who_is_removed_on_one_device_is_so_on_another_that_shows_the_list(
    newcomer: Newcomer,
) -> None:
    newcomer().register("bob")
    phone, desk = newcomer().register("ann"), newcomer()
    phone.find("bob")
    phone.open_about().get_by_role("button", name="Add friend").click()
    expect(phone.dialog.get_by_role("button", name="Remove friend")).to_be_visible()
    desk.log_in("ann")
    desk.find("bob")
    expect(desk.page.get_by_text("online", exact=True).first).to_be_visible()
    phone.dialog.get_by_role("button", name="Remove friend").click()
    expect(phone.dialog.get_by_role("button", name="Add friend")).to_be_visible()
    desk.page.get_by_role("button", name="New", exact=True).click()
    expect(desk.dialog.get_by_text("No friends yet.")).to_be_visible()
    phone.dialog.get_by_role("button", name="Add friend").click()
    expect(phone.dialog.get_by_role("button", name="Remove friend")).to_be_visible()
    desk.page.keyboard.press("Escape")
    expect(desk.open_about().get_by_role("button", name="Remove friend")).to_be_visible()


def test_what_is_begun_on_one_device_has_its_name_on_another(newcomer: Newcomer) -> None:
    newcomer().register("bob").create_group("hikers")
    phone, desk = newcomer().register("ann"), newcomer().log_in("ann")
    phone.find("bob")
    phone.write("hello")
    expect(desk.row("bob")).to_contain_text("You: hello")
    phone.join_group("hikers")
    expect(desk.row("hikers")).to_contain_text("ann joined")


def test_the_settings_tell_the_users_id_by_which_the_original_clients_users_write_to_them(
    newcomer: Newcomer, web: WebServer
) -> None:
    web.register("bob")
    expect(newcomer().register("ann").open_settings()).to_contain_text("ID 2")
