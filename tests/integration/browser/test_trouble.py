"""Servers that die, networks that are down, pages that are reloaded: nothing is lost."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from tests.integration.browser.conftest import Newcomer, WebServer
from tests.integration.browser.person import PASSWORD
from tests.integration.raw_client import RawClient

LOGOUT = 1002


def test_what_is_written_while_the_server_is_dead_is_sent_once_when_it_is_back(
    newcomer: Newcomer, web: WebServer
) -> None:
    ann, bob = newcomer().register("ann"), newcomer().register("bob")
    ann.find("bob")
    ann.write("before")
    bob.open("ann")
    bob.sees("before")
    ann.field.press_sequentially("half a sen")
    web.kill()
    ann.is_offline()
    bob.is_offline()
    ann.field.press_sequentially("tence")
    ann.field.press("Enter")
    ann.sees_tick("not sent yet", "half a sentence")
    ann.field.press_sequentially("a draft")
    web.start()
    ann.comes_back()
    bob.comes_back()
    ann.sees_tick("read", "half a sentence")
    bob.sees("before", "half a sentence")
    ann.sees("before", "half a sentence")
    expect(ann.field).to_have_value("a draft")


def test_who_logs_in_while_the_server_is_dead_is_told_so_and_may_do_it_again(
    newcomer: Newcomer, web: WebServer
) -> None:
    web.register("ann")
    away = newcomer().page
    expect(away.locator("link[rel=later]")).to_have_count(0)  # the whole page is loaded
    away.wait_for_load_state("networkidle")
    web.kill()
    away.get_by_label("Name or ID").fill("ann")
    away.get_by_label("Password").fill(PASSWORD)
    away.get_by_role("button", name="Log in", exact=True).click()
    expect(away.get_by_role("alert")).to_have_text("Can't reach the server. Try again in a moment.")
    web.start()
    away.get_by_role("button", name="Log in", exact=True).click()
    expect(away.get_by_role("navigation", name="Conversations")).to_be_visible()


def test_one_may_have_the_page_try_at_once(newcomer: Newcomer, web: WebServer) -> None:
    """Its clock stands still here, so that it does not try by itself first."""
    ann = newcomer().register("ann")
    ann.page.clock.install()
    ann.page.clock.pause_at(datetime.now(UTC) + timedelta(seconds=10))
    web.kill()
    ann.is_offline()
    web.start()
    ann.page.get_by_role("button", name="Retry now").click()
    expect(ann.page.get_by_text("No connection.")).to_be_hidden()


def test_unsent_messages_and_drafts_outlive_loading_the_page_anew(
    newcomer: Newcomer, web: WebServer
) -> None:
    ann, bob = newcomer().register("ann"), newcomer().register("bob")
    ann.find("bob")
    ann.write("before")
    ann.sees_tick("delivered", "before")
    ann.context.set_offline(True)
    web.kill()
    ann.write("one", "two")
    ann.field.press_sequentially("three, half")
    ann.sees_tick("not sent yet", "two")
    ann.keeps_draft("bob", "three, half")
    bob.is_offline()
    ann.context.set_offline(False)
    web.start()
    bob.comes_back()
    ann.page.reload()
    ann.open("bob")
    ann.sees("before", "one", "two")
    ann.sees_tick("delivered", "two")
    expect(ann.field).to_have_value("three, half")
    bob.open("ann")
    bob.sees("before", "one", "two")


def test_who_types_without_a_pause_loses_no_more_than_the_last_moment_when_the_page_dies(
    newcomer: Newcomer,
) -> None:
    ann = newcomer().register("ann", remember=True)
    ann.find("ann")
    ann.write("hello")
    ann.sees_tick("sent", "hello")
    ann.page.clock.install()
    ann.page.clock.pause_at(datetime.now(UTC) + timedelta(seconds=10))
    for part in ("one ", "two ", "three"):
        ann.field.press_sequentially(part)
        ann.page.clock.run_for(200)
    ann.page.reload()
    ann.page.clock.resume()
    ann.open("ann")
    expect(ann.field).to_have_value("one two ")


def test_who_was_offline_reads_what_was_said_meanwhile(newcomer: Newcomer, web: WebServer) -> None:
    reader, writer = web.register("ann"), web.register("bob")
    ann = newcomer().log_in("ann", remember=True)
    ann.find("bob")
    ann.write("I am off")
    ann.sees_tick("sent", "I am off")
    ann.page.goto("about:blank")
    said = [f"news {number}" for number in range(70)]  # more than one page of history
    web.write(writer, reader, *said)
    ann.page.goto(ann.address)
    expect(ann.row("bob").locator(".count")).to_have_text("70")
    ann.open("bob")
    expect(ann.log.get_by_text("New messages")).to_be_in_viewport()
    expect(ann.texts.first).to_have_text("I am off")
    ann.log.press("End")
    ann.sees("I am off", *said)


def test_what_another_device_got_meanwhile_is_shown_to_who_was_offline(
    newcomer: Newcomer, web: WebServer
) -> None:
    """Even if nothing had been pushed to the page yet, from which it would know its position."""
    ann, bob = newcomer().register("ann"), web.register("bob")
    ann.find("bob")
    ann.write("before")
    ann.sees_tick("sent", "before")
    with ann.offline(), RawClient(web.port) as phone:
        phone.id = 1
        phone.login(PASSWORD)
        web.write(bob, 1, "meanwhile")
        while phone.next_chat()["msg"] != "meanwhile":
            pass
        phone.ask({"msgid": LOGOUT})
    ann.sees("before", "meanwhile")


def test_what_came_meanwhile_is_below_a_line_for_who_was_offline(newcomer: Newcomer) -> None:
    """They have not read it all because it has come. The line does not go where more comes."""
    ann, bob = newcomer().register("ann"), newcomer().register("bob")
    ann.reads(bob, "before")
    with ann.offline():
        bob.write(*(f"meanwhile {number}" for number in range(70)))
        bob.sees_tick("sent", "meanwhile 69")
    expect(ann.texts.last).to_have_text("meanwhile 69")
    expect(ann.log.get_by_text("New messages")).to_be_in_viewport()
    expect(ann.log.locator(".unread + .message .text")).to_have_text("meanwhile 0")
    expect(ann.texts.last).not_to_be_in_viewport()
    bob.sees_tick("delivered", "meanwhile 69")
    ann.page.get_by_role("button", name="Jump to latest").click()
    bob.sees_tick("read", "meanwhile 69")
    bob.write("and another")
    expect(ann.texts.last).to_have_text("and another")
    expect(ann.texts.last).to_be_in_viewport()
    expect(ann.log.locator(".unread + .message .text")).to_have_text("meanwhile 0")


def test_who_has_seen_what_came_meanwhile_still_sees_its_end_above_their_keyboard(
    newcomer: Newcomer, web: WebServer
) -> None:
    ann = newcomer(viewport={"width": 390, "height": 700}).register("ann")
    bob = newcomer().register("bob")
    ann.reads(bob, "before")
    with ann.offline():
        bob.write(*(f"meanwhile {number}" for number in range(9)))
        bob.sees_tick("sent", "meanwhile 8")
    bob.sees_tick("read", "meanwhile 8")
    ann.page.set_viewport_size({"width": 390, "height": 400})
    expect(ann.texts.last).to_be_in_viewport()
    web.write(web.register("cid"), 1, "hello, too")
    expect(ann.page).to_have_title("(1) Chat")  # it is drawn again
    expect(ann.texts.last).to_be_in_viewport(timeout=1)


def test_what_members_of_a_group_read_meanwhile_is_ticked_for_who_was_offline(
    newcomer: Newcomer,
) -> None:
    """In what was open, and in what is opened again. The server does not tell it twice."""
    ann, bob = newcomer().register("ann"), newcomer().register("bob")
    groups = ("gardeners", "hikers")
    for group in groups:
        ann.create_group(group)
        bob.join_group(group)
        bob.page.keyboard.press("Escape")
        ann.write(f"hello {group}")
        ann.sees_tick("sent", f"hello {group}")
    phone = newcomer().log_in("bob")
    for group in groups:
        expect(phone.row(group).locator(".count")).to_have_text("1")
    with ann.offline():
        for group in groups:
            bob.open(group)
            expect(phone.row(group).locator(".count")).to_be_hidden()
    ann.sees_tick("read", "hello hikers")
    ann.open("gardeners")
    ann.sees_tick("read", "hello gardeners")


def test_what_the_server_says_to_all_is_shown_until_it_is_closed(
    newcomer: Newcomer, web: WebServer
) -> None:
    ann = newcomer().register("ann")
    ann.find("ann")
    web.stop()
    expect(ann.page.get_by_text("The server is restarting")).to_be_visible()
    ann.page.get_by_role("button", name="Close").click()
    expect(ann.page.get_by_text("The server is restarting")).to_have_count(0)


def test_who_is_connected_again_is_not_told_that_the_server_restarts(
    newcomer: Newcomer, web: WebServer
) -> None:
    ann = newcomer().register("ann")
    web.stop()
    expect(ann.page.get_by_text("The server is restarting")).to_be_visible()
    web.start()
    ann.comes_back()
    expect(ann.page.get_by_text("The server is restarting")).to_have_count(0)


# Nothing can be stored any more. `failed` is called after the page has heard so.
_FULL = """
() => {
  const { put } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.put = function (...what) {
    const request = put.apply(this, what);
    Object.defineProperty(this.transaction, "error", { value: new DOMException("full") });
    this.transaction.addEventListener("abort", () => setTimeout(window.failed));
    this.transaction.abort();
    return request;
  };
}
"""


def test_what_is_said_already_is_not_said_again_below_it(
    newcomer: Newcomer, web: WebServer
) -> None:
    ann = newcomer().register("ann")
    bob = web.register("bob")
    ann.page.evaluate(_FULL)
    for text in ("hello", "are you there?", "I wait", "and wait"):
        ann.page.evaluate("window.failure = new Promise((done) => (window.failed = done)), null")
        web.write(bob, 1, text)
        ann.page.evaluate("failure.then(() => {})")
    expect(ann.page.get_by_text("This browser is out of space")).to_have_count(1)


_DENIED = """
Object.defineProperty(window, "%s", { get() { throw new DOMException("no", "SecurityError"); } });
"""


def test_a_browser_that_keeps_nothing_for_the_page_is_said_to_do_so(newcomer: Newcomer) -> None:
    """This is not taken for a server that is down, and the page is not left blank."""
    why = "This browser is out of space"
    somebody = newcomer().register("ann")
    somebody.page.add_init_script(_DENIED % "indexedDB")
    somebody.page.reload()
    expect(somebody.page.get_by_role("alert")).to_contain_text(why)
    other = newcomer()
    for kind in ("indexedDB", "localStorage", "sessionStorage"):
        other.page.add_init_script(_DENIED % kind)
    other.page.reload()
    expect(other.page.get_by_role("alert")).to_contain_text(why)
    other.page.get_by_label("Name or ID").fill("ann")
    other.page.get_by_label("Password", exact=True).fill(PASSWORD)
    other.page.get_by_role("button", name="Log in", exact=True).click()
    expect(other.page.get_by_role("alert")).to_contain_text(why)
    other.page.get_by_label("Language").select_option("zh")
    expect(other.page.get_by_role("button", name="登录", exact=True)).to_be_visible()
