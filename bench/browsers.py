"""The page in two real browsers: from Enter in one to the message in the other, and first paints.

The browsers tell the times: that of the key's event, and that of the turn after the frame with the
message. Both come from the same clock of this machine.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

ONE, OTHER = "one", "other"
_PASSWORD = "correct horse"  # noqa: S105  # of a server that is gone with the benchmark
_PRESSED = """
addEventListener("keydown", (event) => {
  if (event.key === "Enter") window.pressed = performance.timeOrigin + event.timeStamp;
}, true);
"""
_AWAIT = """
(text) => {
  window.shown = new Promise((done) => {
    const watch = new MutationObserver(() => {
      if ([...document.querySelectorAll(".text")].at(-1)?.textContent !== text) return;
      watch.disconnect();
      // The page puts it there with a frame; this comes when that is painted.
      setTimeout(() => done(performance.timeOrigin + performance.now()));
    });
    watch.observe(document.querySelector(".messages"), { childList: true, subtree: true });
  });
}
"""
_PAINTED = """
() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? null
"""


def chromium() -> str | None:
    """The path of Chromium, if it is installed."""
    return shutil.which("chromium")


class Pair:
    """Two people, each in a browser process of their own, with their conversation open."""

    def __init__(self, address: str, one: Browser, other: Browser) -> None:
        self._address, self._browser = address, one
        self._one, self._other = _registered(one, address, ONE), _registered(other, address, OTHER)
        self._count = 0
        self._one.evaluate(_PRESSED)
        self._begin()

    def _begin(self) -> None:
        self._one.get_by_role("button", name="New", exact=True).click()
        self._one.get_by_label("Their name").fill(OTHER)
        self._one.get_by_role("button", name="Find", exact=True).click()
        self._write("hello")
        self._other.get_by_role("navigation").get_by_role("button", name=ONE).click()
        self._other.get_by_role("log").get_by_text("hello").wait_for()

    def message_ns(self) -> int:
        """Write a message in one browser; the time from Enter to its frame in the other."""
        self._count += 1
        text = f"message {self._count}"
        self._other.evaluate(_AWAIT, text)
        self._write(text)
        shown = self._other.evaluate("window.shown")
        return int((shown - self._one.evaluate("window.pressed")) * 1e6)

    def first_paint_ns(self) -> int:
        """The time until a new visitor who opens the page sees something."""
        context = self._browser.new_context()
        page = context.new_page()
        page.goto(self._address)
        while (painted := page.evaluate(_PAINTED)) is None:
            page.wait_for_timeout(10)
        context.close()
        return int(painted * 1e6)

    def _write(self, text: str) -> None:
        field = self._one.get_by_label("Write a message")
        field.fill(text)
        field.press("Enter")


@contextmanager
def pair(port: int) -> Iterator[Pair]:
    """Two people at the server's page, as long as the `with` block lasts."""
    path = chromium()
    with sync_playwright() as playwright:
        launch = playwright.chromium.launch
        browsers = [launch(executable_path=path, args=["--no-sandbox"]) for _ in range(2)]
        yield Pair(f"http://127.0.0.1:{port}/", *browsers)
        for browser in browsers:
            browser.close()


def _registered(browser: Browser, address: str, name: str) -> Page:
    page = browser.new_context(locale="en-GB").new_page()
    page.goto(address)
    page.get_by_role("button", name="New here? Register").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Password", exact=True).fill(_PASSWORD)
    page.get_by_label("Confirm password").fill(_PASSWORD)
    page.get_by_role("button", name="Register", exact=True).click()
    page.get_by_role("navigation").wait_for()
    return page
