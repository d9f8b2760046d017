"""Conversations between users in browsers, and with users of the C++ client."""

import time
from contextlib import ExitStack

import pytest
from playwright.sync_api import expect

from tests.integration.browser.conftest import Newcomer, WebServer
from tests.integration.browser.person import PASSWORD
from tests.integration.original_client.client import OriginalClient
from tests.integration.raw_client import RawClient

JOIN_GROUP = 1008
TYPING = 1044

# Pixels of the field that are out of sight.
TO_SCROLL = "field => field.scrollHeight - field.clientHeight"


def test_two_people_in_two_browsers_talk_and_see_how_far_their_messages_are(
    newcomer: Newcomer,
) -> None:
    ann, bob = newcomer().register("ann"), newcomer().register("bob")
    ann.find("bob")
    ann.write("hello bob", "are you there?")
    ann.sees_tick("delivered", "are you there?")
    expect(bob.row("ann").locator(".count")).to_have_text("2")
    expect(bob.page).to_have_title("(2) Chat")
    bob.open("ann")
    bob.sees("hello bob", "are you there?")
    ann.sees_tick("read", "are you there?")
    expect(bob.row("ann").locator(".count")).to_be_hidden()
    expect(bob.page).to_have_title("Chat")
    bob.write("yes")
    ann.sees("hello bob", "are you there?", "yes")


def test_who_sends_by_a_tap_goes_on_writing(newcomer: Newcomer) -> None:
    """The field keeps the focus, and with it a phone its keyboard."""
    ann = newcomer(has_touch=True, is_mobile=True).register("ann")
    ann.find("ann")
    ann.field.tap()
    for text in ("one", "two"):
        ann.page.keyboard.type(text)
        ann.page.get_by_role("button", name="Send", exact=True).tap()
        expect(ann.field).to_be_focused()
    ann.sees("one", "two")


def test_a_draft_that_is_seen_as_a_whole_has_nothing_to_scroll(newcomer: Newcomer) -> None:
    ann = newcomer().register("ann")
    ann.find("ann")
    for lines in (1, 2, 5):
        ann.field.fill("\n".join("line" for _ in range(lines)))
        assert ann.field.evaluate(TO_SCROLL) == 0
    ann.field.fill("word " * 25)
    before = ann.field.bounding_box()
    for width in (360, 1100):
        ann.page.set_viewport_size({"width": width, "height": 700})
        ann.page.wait_for_function("width => innerWidth === width", arg=width)
        ann.page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        assert ann.field.evaluate(TO_SCROLL) == 0
    assert ann.field.bounding_box() == before


def test_somebody_with_the_cpp_client_takes_part(newcomer: Newcomer, web: WebServer) -> None:
    ann = newcomer().register("ann")
    with OriginalClient(web.port) as old:
        number = old.register("carl", "secret")
        assert isinstance(number, int)
        old.login(number, "secret")
        ann.find("carl")
        ann.write("hello, old friend")
        chat = old.next_chat()
        assert (chat.sender_name, chat.text) == ("ann", "hello, old friend")
        old.chat(chat.sender_id, "hello, browser")
        ann.sees("hello, old friend", "hello, browser")


def test_a_group_is_made_joined_and_left_and_says_so_in_words(newcomer: Newcomer) -> None:
    ann, bob = newcomer().register("ann"), newcomer().register("bob")
    ann.create_group("gardeners")
    bob.join_group("gardeners")
    expect(ann.log).to_contain_text("bob joined")
    ann.write("who has tomatoes?")
    bob.sees("who has tomatoes?")
    bob.write("I do")
    ann.sees("who has tomatoes?", "I do")
    about = ann.open_about()
    expect(about.locator(".people li")).to_have_text(["annowner", "bob"])
    ann.page.keyboard.press("Escape")
    bob.open_about().get_by_role("button", name="Leave group").click()
    bob.dialog.last.get_by_role("button", name="Leave group").click()
    expect(ann.log).to_contain_text("bob left")
    expect(bob.page.get_by_text("You are no longer in this group.")).to_be_visible()
    expect(bob.field).to_be_disabled()


def test_a_group_is_renamed_by_its_creator_and_nobody_else_is_offered_that(
    newcomer: Newcomer,
) -> None:
    ann, bob = newcomer().register("ann"), newcomer().register("bob")
    ann.create_group("gardeners")
    bob.join_group("gardeners")
    theirs = bob.open_about()
    expect(theirs.locator(".people li")).to_have_count(2)
    expect(theirs.get_by_label("Group name")).to_be_hidden()
    bob.page.keyboard.press("Escape")
    about = ann.open_about()
    about.get_by_label("Group name").fill("growers")
    about.get_by_role("button", name="Rename").click()
    expect(about).to_have_count(0)
    expect(bob.log).to_contain_text("ann renamed the group to growers")
    expect(bob.row("growers")).to_be_visible()
    ann.open_about().get_by_role("button", name="Leave group").click()
    ann.dialog.last.get_by_role("button", name="Leave group").click()
    expect(bob.log).to_contain_text("bob is now the owner")
    expect(bob.open_about().get_by_label("Group name")).to_be_visible()


def test_who_has_made_a_group_is_told_how_others_come_into_it(newcomer: Newcomer) -> None:
    ann, bob = newcomer().register("ann"), newcomer().register("bob")
    ann.create_group("gardeners")
    expect(ann.open_about()).to_contain_text("ID 1. Others can join by this or by the name.")
    bob.join_group("1")
    expect(bob.log).to_contain_text("bob joined")


def test_what_a_group_is_for_can_be_read_by_its_members(newcomer: Newcomer) -> None:
    ann, bob = newcomer().register("ann"), newcomer().register("bob")
    ann.page.get_by_role("button", name="New", exact=True).click()
    ann.dialog.get_by_label("Group name", exact=True).fill("gardeners")
    ann.dialog.get_by_label("Description").fill("every Sunday, by the pump")
    ann.dialog.get_by_role("button", name="Create").click()
    expect(ann.field).to_be_visible()
    bob.join_group("gardeners")
    for one in (ann, bob):
        expect(one.open_about()).to_contain_text("every Sunday, by the pump")


def test_somebody_sees_that_the_other_is_typing(newcomer: Newcomer) -> None:
    ann, bob = newcomer().register("ann"), newcomer().register("bob")
    ann.find("bob")
    ann.write("hello")
    bob.open("ann")
    now = time.time()
    ann.page.clock.set_fixed_time(now)  # for there is not much time to look
    bob.field.press_sequentially("so")
    state = ann.page.get_by_role("region", name="Conversation").locator(".state")
    expect(state).to_have_text("bob is typing…")
    expect(ann.row("bob")).to_contain_text("bob is typing…")
    ann.page.clock.set_fixed_time(now + 7)
    expect(state).to_be_hidden()
    expect(ann.row("bob")).to_contain_text("You: hello")


def test_more_than_two_who_type_are_not_named(newcomer: Newcomer, web: WebServer) -> None:
    """Their names would leave no room for what they do."""
    ann = newcomer(viewport={"width": 360, "height": 640}).register("ann")
    ann.create_group("gardeners")
    ann.page.clock.set_fixed_time(time.time())
    state = ann.page.get_by_role("region", name="Conversation").locator(".state")
    shown = ["bob is typing…", "bob, cid are typing…", "Several people are typing…"]
    with ExitStack() as phones:
        for name, words in zip(("bob", "cid", "dan"), shown, strict=True):
            phone = phones.enter_context(RawClient(web.port))
            phone.register(name, PASSWORD)
            phone.login(PASSWORD)
            phone.ask({"msgid": JOIN_GROUP, "groupid": 1})
            phone.send({"msgid": TYPING, "groupid": 1})
            expect(state).to_have_text(words)


@pytest.mark.parametrize("how", ["isComposing", "keyCode"])
def test_enter_does_not_send_while_an_input_method_composes(newcomer: Newcomer, how: str) -> None:
    ann = newcomer().register("ann")
    ann.find("ann")
    ann.field.fill("ni hao")
    event = {"key": "Enter", "bubbles": True, "cancelable": True}
    event |= {"isComposing": True} if how == "isComposing" else {"keyCode": 229}
    ann.field.dispatch_event("keydown", event)
    expect(ann.field).to_have_value("ni hao")
    ann.field.press("Enter")
    ann.sees("ni hao")


def test_shift_and_enter_begin_a_new_line(newcomer: Newcomer) -> None:
    ann = newcomer().register("ann")
    ann.find("ann")
    ann.field.press_sequentially("one")
    ann.field.press("Shift+Enter")
    ann.field.press_sequentially("two")
    ann.field.press("Enter")
    ann.sees("one\ntwo")


def test_a_long_draft_takes_no_newest_message_out_of_sight(
    newcomer: Newcomer, web: WebServer
) -> None:
    writer, reader = web.register("ann"), web.register("bob")
    ann, bob = newcomer().log_in("ann"), newcomer().log_in("bob")
    ann.find("bob")
    web.write(writer, reader, *(f"message {number}" for number in range(20)))
    bob.open("ann")
    bob.page.get_by_role("button", name="Jump to latest").click()
    ann.sees_tick("read", "message 19")
    ann.field.fill("one\ntwo\nthree\nfour\nfive")
    expect(ann.texts.last).to_be_in_viewport(ratio=1)
    ann.field.press("Shift+Enter")
    ann.page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    expect(ann.texts.last).to_be_in_viewport(ratio=1)
    bob.write("an answer")
    expect(ann.texts.last).to_have_text("an answer")
    expect(ann.texts.last).to_be_in_viewport(ratio=1)
    bob.sees_tick("read", "an answer")


# A disk that is slow with drafts.
_SLOW = """
const { get } = IDBObjectStore.prototype;
const { set } = Object.getOwnPropertyDescriptor(IDBRequest.prototype, "onsuccess");
IDBObjectStore.prototype.get = function (key) {
  const request = get.call(this, key);
  const slow = (done) => set.call(request, () => setTimeout(done, 300));
  if (this.name === "drafts") Object.defineProperty(request, "onsuccess", { set: slow });
  return request;
};
"""


def test_what_is_typed_at_once_goes_behind_the_draft(newcomer: Newcomer, web: WebServer) -> None:
    """It does not replace the draft, however long the browser takes to read that."""
    web.register("bob")
    web.register("cid")
    ann = newcomer().register("ann")
    ann.page.evaluate(f"() => {{{_SLOW}}}")
    ann.find("bob")
    ann.write("hello")
    ann.field.fill("a long draft")
    ann.find("cid")
    ann.write("hello")
    ann.go_to("bob")
    ann.page.keyboard.type(", and on")
    expect(ann.field).to_have_value("a long draft, and on")
    ann.open("cid")
    ann.open("bob")
    expect(ann.field).to_have_value("a long draft, and on")


def test_an_emoji_is_chosen_and_sent(newcomer: Newcomer) -> None:
    ann = newcomer().register("ann")
    ann.find("ann")
    ann.field.press_sequentially("well ")
    ann.page.get_by_role("button", name="Emoji").click()
    ann.page.get_by_role("button", name="🎉").click()
    expect(ann.field).to_be_focused()
    ann.field.press("Enter")
    ann.sees("well 🎉")


def test_all_emoji_can_be_reached_on_a_low_screen(newcomer: Newcomer) -> None:
    """As on a phone on its side, or at 400 %."""
    ann = newcomer(viewport={"width": 320, "height": 256}).register("ann")
    ann.find("ann")
    ann.page.get_by_role("button", name="Emoji").click()
    emoji = ann.page.get_by_role("group", name="Emoji").get_by_role("button")
    expect(emoji.first).to_be_focused()
    expect(emoji.first).to_be_in_viewport(ratio=1)
    emoji.last.focus()
    expect(emoji.last).to_be_in_viewport(ratio=1)


def test_the_emoji_are_gone_when_one_goes_elsewhere(newcomer: Newcomer) -> None:
    ann = newcomer().register("ann")
    ann.find("ann")
    choice = ann.page.get_by_role("group", name="Emoji")
    button = ann.page.get_by_role("button", name="Emoji")
    for elsewhere in (button, ann.field, ann.log):
        button.click()
        expect(choice).to_be_visible()
        elsewhere.click()
        expect(choice).to_have_count(0)


def test_back_leads_from_a_conversation_to_the_list_before_it_leaves_the_page(
    newcomer: Newcomer,
) -> None:
    """Phones have a key or a gesture for that."""
    ann = newcomer(viewport={"width": 360, "height": 640}).register("ann")
    ann.create_group("walkers")
    for _ in range(2):
        ann.page.go_back()
        expect(ann.field).to_be_hidden()
        expect(ann.sidebar).to_be_visible()
        ann.open("walkers")
    ann.page.get_by_role("button", name="Back to conversations").click()
    expect(ann.sidebar).to_be_visible()
    ann.open("walkers")
    ann.open_about()
    ann.page.go_back()
    expect(ann.dialog).to_have_count(0)
    expect(ann.sidebar).to_be_visible()


def test_back_leaves_the_page_at_once_after_its_own_arrow_has_led_to_the_list(
    newcomer: Newcomer,
) -> None:
    ann = newcomer(viewport={"width": 360, "height": 640}).register("ann")
    ann.create_group("walkers")
    ann.page.get_by_role("button", name="Back to conversations").click()
    expect(ann.sidebar).to_be_visible()
    ann.page.wait_for_function("history.state === null")
    ann.page.go_back()
    expect(ann.page).to_have_url("about:blank")


def test_forward_and_a_reload_lead_to_the_conversation_that_was_open(newcomer: Newcomer) -> None:
    ann = newcomer(viewport={"width": 360, "height": 640}).register("ann", remember=True)
    ann.create_group("walkers")
    ann.page.go_back()
    expect(ann.sidebar).to_be_visible()
    ann.page.go_forward()
    expect(ann.field).to_be_visible()
    ann.page.reload()
    expect(ann.field).to_be_visible()
    ann.write("still here")
    ann.sees("still here")
    ann.page.go_back()
    expect(ann.sidebar).to_be_visible()
    expect(ann.field).to_be_hidden()
