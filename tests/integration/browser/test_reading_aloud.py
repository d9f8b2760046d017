"""What a screen reader makes of the page: landmarks, names, who said what and when, and news."""

from playwright.sync_api import Locator, expect

from tests.integration.browser.conftest import Newcomer, WebServer
from tests.integration.browser.person import Person

LOGIN = r"""
- main:
  - /children: equal
  - heading "Chat" [level=1]
  - text: Name or ID
  - textbox "Name or ID"
  - text: Password
  - textbox "Password"
  - checkbox "Stay logged in on this device"
  - text: Stay logged in on this device
  - button "Log in"
  - button "New here? Register"
  - text: Language
  - combobox "Language":
    - option "English" [selected]
    - option "中文"
"""
CHATS = r"""
- main:
  - heading "Chat" [level=1]
  - navigation "Conversations":
    - heading "ann" [level=2]
    - button "New"
    - button "Settings"
    - list:
      - /children: equal
      - listitem:
        - button /^gardeners muted \d\d:\d\d bob. I have tomatoes 1 unread$/
      - listitem:
        - button /^bob online \d\d:\d\d You. \<3 https.+$/
  - 'region "Conversation: bob"':
    - heading "bob" [level=2]
    - paragraph: online
    - button "About this conversation"
    - log "Messages":
      - list:
        - /children: equal
        - listitem: No earlier messages
        - listitem: Today
        - listitem: New messages
        - listitem:
          - /children: equal
          - text: bob
          - paragraph: hello
          - time: /^\d\d:\d\d$/
        - listitem:
          - /children: equal
          - text: bob
          - paragraph: are you there?
          - time: /^\d\d:\d\d$/
        - listitem:
          - /children: equal
          - text: You
          - paragraph:
            - text: <3
            - link "https://example.org"
          - time: /^\d\d:\d\d$/
          - text: read
    - button "Emoji"
    - textbox "Write a message"
    - button "Send"
"""
ABOUT = r"""
- dialog "gardeners":
  - heading "gardeners" [level=2]
  - button "Close"
  - button "Unmute"
  - paragraph: /ID \d+/
  - button "Leave group"
  - heading "Members (2)" [level=3]
  - list:
    - listitem:
      - img "online"
      - button "bob"
      - text: owner
    - listitem:
      - img "online"
      - button "ann"
"""
SWITCHER = r"""
- dialog "Switch to…":
  - combobox "Switch to…" [expanded]
  - listbox "Conversations":
    - /children: equal
    - option "gardeners" [selected]
    - option "bob"
"""


def test_landmarks_fields_conversations_and_messages_have_their_names(newcomer: Newcomer) -> None:
    ann, bob = newcomer(), newcomer().register("bob")
    _reads(ann.page.locator("body"), LOGIN)
    ann.register("ann")
    bob.find("ann")
    bob.write("hello", "are you there?")
    bob.create_group("gardeners")
    ann.join_group("gardeners")
    ann.open_about().get_by_role("button", name="Mute").click()
    expect(ann.dialog).to_contain_text("Unmute")
    _reads(ann.dialog, ABOUT)
    ann.page.keyboard.press("Escape")
    ann.open("bob")
    ann.open_about().get_by_role("button", name="Add friend").click()
    ann.page.keyboard.press("Escape")
    bob.open("ann")
    ann.write("<3 https://example.org")
    ann.sees_tick("read", "<3")
    bob.open("gardeners")
    bob.write("I have tomatoes")
    _reads(ann.page.locator("body"), CHATS)
    ann.page.keyboard.press("Control+k")
    _reads(ann.dialog, SWITCHER)


def test_what_comes_is_said_aloud_and_what_was_there_or_is_ones_own_is_not(
    newcomer: Newcomer, web: WebServer
) -> None:
    reader, writer = web.register("ann"), web.register("bob")
    ann, phone = newcomer().log_in("ann"), newcomer().log_in("ann")
    news = [f"news {number}" for number in range(70)]  # more than one page of history
    web.write(writer, reader, *news)
    expect(ann.row("bob").locator(".count")).to_have_text("70")
    ann.page.reload()
    ann.open("bob")
    expect(ann.log.get_by_text("New messages")).to_be_in_viewport()  # where it opens
    ann.log.press("End")
    expect(ann.texts.last).to_have_text("news 69")
    ann.log.press("Home")
    expect(ann.texts.first).to_have_text("news 0")
    phone.open("bob")
    phone.write("I have read it")
    phone.sees_tick("sent", "I have read it")
    expect(ann.row("bob").locator(".count")).to_be_hidden()  # the server has told her so
    web.write(writer, reader, "at last")
    ann.sees(*news, "I have read it", "at last")
    expect(ann.log).to_have_attribute("aria-live", "off")
    expect(_said(ann)).to_have_text(["bob: at last"])


def test_what_came_while_the_page_was_closed_is_not_said_aloud_when_it_comes_back(
    newcomer: Newcomer, web: WebServer
) -> None:
    reader, writer = web.register("ann"), web.register("bob")
    ann = newcomer().log_in("ann")
    web.write(writer, reader, "hello")
    ann.open("bob")
    ann.sees("hello")
    ann.page.goto("about:blank")
    web.write(writer, reader, "are you there?", "call me")
    ann.page.go_back()  # which opens the conversation before there is a connection
    ann.sees("hello", "are you there?", "call me")
    expect(ann.row("bob").locator(".count")).to_be_hidden()  # she has read it: all is loaded
    web.write(writer, reader, "at last")
    ann.sees("hello", "are you there?", "call me", "at last")
    expect(_said(ann)).to_have_text(["bob: at last"])


def test_a_lost_connection_is_said_once_and_not_counted_aloud(newcomer: Newcomer) -> None:
    ann = newcomer().register("ann")
    ann.block_server()
    ann.is_offline()
    _reads(
        ann.page.get_by_role("status").filter(has_text="No connection"), "- status: No connection."
    )


def _said(person: Person) -> Locator:
    """What the conversation's live region has announced."""
    return person.page.get_by_role("region", name="Conversation").locator("[aria-live=polite] p")


def _reads(locator: Locator, tree: str) -> None:
    expect(locator).to_match_aria_snapshot(tree)
