"""A user in front of the page, in a browser of their own."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

PATIENCE = 60_000  # ms until something that has to appear counts as missing
PASSWORD = "correct horse"
# What a browser reports by itself if no server is there.
_NO_SERVER = re.compile(r"WebSocket connection to .* failed|net::ERR_|Failed to load resource")

# Tells the page that the network is back until the page is connected. A test that pressed a button
# for that might find that the page has come back by itself, and that the button is gone.
_RETURN = """
async (patience) => {
  const line = document.querySelector(".banner.offline");
  const until = performance.now() + patience;
  while (!line.hidden) {
    if (performance.now() > until) throw new Error("the page does not come back");
    dispatchEvent(new Event("online"));
    await new Promise(requestAnimationFrame);
  }
}
"""

# The page's next request that has this part is held: `asked` becomes what sends it, and waits for
# its answer.
_HOLD = """
([part, patience]) => {
  const { send } = WebSocket.prototype;
  window.asked = new Promise((held, failed) => {
    setTimeout(() => failed(new Error(`the page does not ask for ${part}`)), patience);
    WebSocket.prototype.send = function (text) {
      if (!text.includes(part)) return send.call(this, text);
      WebSocket.prototype.send = send;
      const { seq } = JSON.parse(text);
      held(() => new Promise((done) => {
        const hear = ({ data }) => JSON.parse(data).seq === seq && setTimeout(done);
        this.addEventListener("message", hear);
        this.send(text);
      }));
    };
  });
}
"""

expect.set_options(timeout=PATIENCE)


class Person:
    """What a user does with the page, in the words that it shows in English."""

    def __init__(self, browser: Browser, address: str, **options: Any) -> None:
        self.name = ""
        self.complaints: list[str] = []  # errors of scripts, of the policy, dialogs
        settings = {"locale": "en-GB", "viewport": {"width": 1100, "height": 700}, **options}
        self.context = browser.new_context(**settings)
        self.context.set_default_timeout(PATIENCE)
        self.address = address
        self.page = self.new_tab()

    def leave(self) -> None:
        """Close the browser, and fail if it has reported errors of the page."""
        self.context.close()
        assert not self.complaints, self.complaints

    def new_tab(self) -> Page:
        page = self.context.new_page()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        page.goto(self.address)
        return page

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not _NO_SERVER.search(message.text):
            self.complaints.append(message.text)

    # -- coming and going --

    def register(self, name: str, *, remember: bool = False) -> "Person":
        self.name = name
        self.page.get_by_role("button", name="New here? Register").click()
        self.page.get_by_label("Name", exact=True).fill(name)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.get_by_label("Confirm password").fill(PASSWORD)
        self._enter("Register", remember=remember)
        return self

    def log_in(self, name: str, password: str = PASSWORD, *, remember: bool = False) -> "Person":
        self.name = name
        self.page.get_by_label("Name or ID").fill(name)
        self.page.get_by_label("Password", exact=True).fill(password)
        self._enter("Log in", remember=remember)
        return self

    def _enter(self, button: str, *, remember: bool) -> None:
        if remember:
            self.page.get_by_label("Stay logged in").check()
        self.page.get_by_role("button", name=button, exact=True).click()
        expect(self.sidebar).to_be_visible()

    def is_asked_to_log_in(self) -> None:
        expect(self.page.get_by_label("Name or ID")).to_be_visible()

    # -- what is on the screen --

    @property
    def sidebar(self) -> Locator:
        return self.page.get_by_role("navigation", name="Conversations")

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log", name="Messages")

    @property
    def field(self) -> Locator:
        return self.page.get_by_label("Write a message")

    @property
    def texts(self) -> Locator:
        return self.log.locator(".text")

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    def row(self, name: str) -> Locator:
        """A conversation in the list."""
        named = self.page.locator(".name", has_text=name)
        return self.sidebar.get_by_role("listitem").filter(has=named)

    def sees(self, *texts: str) -> None:
        """Check that the open conversation has exactly these messages, in this order."""
        expect(self.texts).to_have_text(list(texts))

    def sees_tick(self, tick: str, text: str) -> None:
        """Check the state of an own message: "sent", "delivered" or "read"."""
        message = self.log.get_by_role("listitem").filter(has_text=text)
        expect(message.locator(".tick .aside")).to_have_text(tick)

    # -- what one does --

    def find(self, name: str) -> None:
        """Begin a conversation with a user by their name."""
        self._new("Their name", name, "Find")

    def create_group(self, name: str) -> None:
        self._new("Group name", name, "Create")

    def join_group(self, name: str) -> None:
        self._new("Group name or ID", name, "Join")

    def _new(self, field: str, text: str, button: str) -> None:
        self.page.get_by_role("button", name="New", exact=True).click()
        self.dialog.get_by_label(field, exact=True).fill(text)
        self.dialog.get_by_role("button", name=button, exact=True).click()
        expect(self.dialog).to_have_count(0)
        expect(self.field).to_be_visible()

    def open(self, name: str) -> None:
        self.go_to(name)
        expect(
            self.page.get_by_role("region", name="Conversation").get_by_role("heading", name=name)
        ).to_be_visible()

    def go_to(self, name: str) -> None:
        """Go there by keyboard: a test clicks so soon after rows have moved that the page takes it
        for a click on what was there before."""
        self.row(name).get_by_role("button").press("Enter")

    def open_settings(self) -> Locator:
        self.page.get_by_role("button", name="Settings", exact=True).click()
        return self.dialog

    def open_about(self) -> Locator:
        self.page.get_by_role("region", name="Conversation").get_by_role(
            "button", name="About this conversation"
        ).click()
        return self.dialog

    def write(self, *texts: str) -> None:
        for text in texts:
            self.field.fill(text)
            self.field.press("Enter")

    def reads(self, writer: "Person", text: str) -> None:
        """Be told something by another user in a new conversation, open it and read it."""
        writer.find(self.name)
        writer.write(text)
        self.open(writer.name)
        writer.sees_tick("read", text)

    @contextmanager
    def offline(self) -> Iterator[None]:
        """Be without a connection, and know it, during the `with` block."""
        self.block_server()
        self.is_offline()
        yield
        self.context.set_offline(False)
        self.comes_back()

    def block_server(self) -> None:
        """Let the browser lose its network."""
        self.context.set_offline(True)

    def is_offline(self) -> None:
        """Wait until the page has noticed that it has no connection."""
        expect(self.page.get_by_text("No connection. Retrying in")).to_be_visible()

    def comes_back(self) -> None:
        """Wait until the offline page is connected to the server, which is back."""
        self.page.evaluate(_RETURN, PATIENCE)

    def hold(self, part: str) -> None:
        """Let the page's next request that has this part leave it only when it is released."""
        self.page.evaluate(_HOLD, [part, PATIENCE])

    def asks(self) -> None:
        """Wait until there is the request that is held."""
        self.page.evaluate("asked.then(() => {})")

    def release(self) -> None:
        """Wait until the request that is held is answered."""
        self.page.evaluate("asked.then((send) => send())")

    def keeps_draft(self, name: str, text: str) -> None:
        """Wait until a draft to somebody is stored where it outlives the page."""
        self.open(name)
        expect(self.field).to_have_value(text)
