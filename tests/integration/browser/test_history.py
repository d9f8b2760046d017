"""Thousands of messages: what is seen stays where it is, and the page stays small."""

from playwright.sync_api import expect

from tests.integration.browser.conftest import Newcomer, WebServer
from tests.integration.browser.person import PASSWORD, Person
from tests.integration.raw_client import RawClient

COUNT = 2000
SHOWN_AT_MOST = 260  # elements: 240 messages, and the lines between them

# Scroll until something is seen. At each step the message that is seen first has to be where the
# step has brought it, and to stay there for two frames, whatever is loaded meanwhile.
SCROLL = """
async ([step, goal]) => {
  const box = document.querySelector(".messages");
  const frame = () => new Promise(requestAnimationFrame);
  const place = (element) => element.getBoundingClientRect().top;
  const inSight = (element) => {
    const { top, bottom } = element.getBoundingClientRect();
    const { top: upper, bottom: lower } = box.getBoundingClientRect();
    return bottom > upper && top < lower;
  };
  const found = { jumps: [], most: 0, slowest: 0, steps: 0 };
  const watch = new PerformanceObserver((list) => {
    for (const one of list.getEntries()) found.slowest = Math.max(found.slowest, one.duration);
  });
  watch.observe({ type: "longtask" });
  const seen = () => [...box.querySelectorAll("li")].filter(inSight);
  while (!seen().some((one) => one.textContent.includes(goal))) {
    if ((found.steps += 1) > 3000) throw new Error(`${goal} is never seen`);
    const first = seen().find((one) => one.classList.contains("message"));
    const [before, from] = [place(first), box.scrollTop];
    box.scrollBy(0, step);
    const wanted = before + from - box.scrollTop;
    for (let count = 0; count < 2; count += 1) {
      await frame();
      const off = first.isConnected ? Math.abs(place(first) - wanted) : Infinity;
      if (off > 1) found.jumps.push([first.textContent, off]);
    }
    found.most = Math.max(found.most, box.querySelectorAll("li").length);
  }
  watch.disconnect();
  return found;
}
"""

# The position in the log of the message that is seen first.
FIRST_SEEN = """
() => {
  const upper = document.querySelector(".messages").getBoundingClientRect().top;
  const isSeen = (one) => one.getBoundingClientRect().bottom > upper;
  return [...document.querySelectorAll(".message")].find(isSeen).dataset.at;
}
"""


def _with_history(newcomer: Newcomer, web: WebServer, count: int) -> Person:
    """Somebody who has a conversation of that many messages with herself open."""
    with RawClient(web.port) as writer:
        writer.register("ann", PASSWORD)
        writer.login(PASSWORD)
        for first in range(0, count, 100):
            _write(writer, range(first, first + 100))
    ann = newcomer().log_in("ann")
    ann.open("ann")
    expect(ann.texts.last).to_have_text(f"message {count - 1}")
    return ann


def test_history_is_scrolled_to_its_beginning_and_back_without_a_jump(
    newcomer: Newcomer, web: WebServer
) -> None:
    ann = _with_history(newcomer, web, COUNT)
    up = ann.page.evaluate(SCROLL, [-700, "This is the beginning."])
    expect(ann.texts.first).to_have_text("message 0")
    down = ann.page.evaluate(SCROLL, [700, f"message {COUNT - 1}"])
    for way in (up, down):
        print(f"{way['steps']} steps, longest task {way['slowest']} ms")  # noqa: T201  # to be read
        assert way["jumps"] == []
        assert way["most"] <= SHOWN_AT_MOST


def test_what_comes_while_somebody_reads_above_does_not_move_what_they_read(
    newcomer: Newcomer, web: WebServer
) -> None:
    ann = _with_history(newcomer, web, 300)
    ann.log.evaluate("box => box.scrollBy(0, -1500)")
    to_end = ann.page.get_by_role("button", name="To the newest")
    expect(to_end).to_be_visible()
    read = ann.page.evaluate(FIRST_SEEN)
    message = ann.log.locator(f"[data-at='{read}']")
    before = message.bounding_box()
    with RawClient(web.port) as writer:
        writer.id = 1
        writer.login(PASSWORD)
        writer.ask({"msgid": 1005, "toid": 1, "msg": "news"})
    expect(ann.row("ann")).to_contain_text("news")
    assert message.bounding_box() == before
    to_end.click()
    expect(ann.texts.last).to_have_text("news")
    expect(ann.texts.last).to_be_in_viewport()
    expect(to_end).to_be_hidden()


def _write(writer: RawClient, numbers: range) -> None:
    seq = 10_000
    for number in numbers:
        frame = {"msgid": 1005, "toid": writer.id, "msg": f"message {number}"}
        writer.send({**frame, "seq": seq + number})
    for _ in numbers:
        assert writer.find(lambda frame: frame.get("seq", 0) >= seq)["msgid"] == 1010
