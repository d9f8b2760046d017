"""Thousands of messages: what the user sees stays in place, and the page stays small."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from playwright.sync_api import expect

from tests.integration.browser.conftest import Newcomer, WebServer
from tests.integration.browser.person import Person

ANN, BOB = 1, 2  # their ids
COUNT = 3_000  # more than twice what the page has in memory
UNREAD_ABOVE_400 = 300  # of 1,000: bob wrote every other three
SHOWN_AT_MOST = 260  # elements: 240 messages, and the lines between them

# The log has one message of two users. This adds more, every two minutes, without a hole in the
# positions; some are long.
FILL = """
WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < :count - 1)
INSERT INTO Entry (at, conv, kind, senderid, cid, time_ms, body)
SELECT at + n, conv, kind, (n / 3 % 2) + 1, printf('%013d-%08x', time_ms, n),
       time_ms + n * 120000,
       printf('message %d', n) || substr(:filler, 1, (n % 7 = 0) * (n % 3) * 400)
FROM number JOIN Entry ON Entry.at = 1
"""
FILLER = " and so on" * 80

STEP = 1400  # pixels: more than two screens
# Scroll until something is seen. At each step, the first visible message has to end where the step
# has brought it, and to stay there for two frames, whatever is loaded meanwhile.
SCROLL = """
async ([step, goal]) => {
  const box = document.querySelector(".messages");
  const frame = () => new Promise(requestAnimationFrame);
  const place = (element) => element.getBoundingClientRect().bottom;
  const inSight = (element) => {
    const { top, bottom } = element.getBoundingClientRect();
    const { top: upper, bottom: lower } = box.getBoundingClientRect();
    return bottom > upper && top < lower;
  };
  const found = { jumps: [], holes: [], most: 0 };
  const reached = new Set();
  let steps = 0;
  const seen = () => [...box.querySelectorAll("li")].filter(inSight);
  while (!seen().some((one) => one.textContent.includes(goal))) {
    if ((steps += 1) > 3000) throw new Error(`${goal} is never seen`);
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
    const there = [...box.querySelectorAll(".message")].map((one) => Number(one.dataset.at));
    found.holes.push(...there.filter((at, place) => place && at !== there[place - 1] + 1));
    there.forEach((at) => reached.add(at));
  }
  return { ...found, reached: reached.size };
}
"""

# The position in the log of the first visible message.
FIRST_SEEN = """
() => {
  const upper = document.querySelector(".messages").getBoundingClientRect().top;
  const isSeen = (one) => one.getBoundingClientRect().bottom > upper;
  return [...document.querySelectorAll(".message")].find(isSeen).dataset.at;
}
"""


def _with_history(newcomer: Newcomer, web: WebServer, count: int) -> Person:
    """Ann, whose open conversation with bob has so many messages, all read."""
    ann = _who_has_read(newcomer, web, count, count)
    ann.open("bob")
    expect(ann.texts.last).to_have_text(f"message {count - 1}")
    return ann


def _who_has_read(newcomer: Newcomer, web: WebServer, read: int, count: int) -> Person:
    """Ann, whose conversation with bob has `count` messages, of which she has read `read`."""
    for name in ("ann", "bob"):
        web.register(name)
    web.write(BOB, ANN, "message 0")
    web.stop()
    _fill(web.path, count, read)
    web.start()
    return newcomer().log_in("ann")


def test_history_is_scrolled_to_its_beginning_and_back_without_a_jump(
    newcomer: Newcomer, web: WebServer
) -> None:
    ann = _with_history(newcomer, web, COUNT)
    up = ann.page.evaluate(SCROLL, [-STEP, "No earlier messages"])
    expect(ann.texts.first).to_have_text("message 0")
    down = ann.page.evaluate(SCROLL, [STEP, f"message {COUNT - 1}"])
    for way in (up, down):
        assert way["jumps"] == []
        assert way["holes"] == []
        assert way["reached"] == COUNT
        assert way["most"] <= SHOWN_AT_MOST


def test_what_comes_while_somebody_reads_above_does_not_move_what_they_read(
    newcomer: Newcomer, web: WebServer
) -> None:
    ann = _with_history(newcomer, web, 300)
    ann.log.evaluate("box => box.scrollBy(0, -1500)")
    to_end = ann.page.get_by_role("button", name="Jump to latest")
    expect(to_end).to_be_visible()
    read = ann.page.evaluate(FIRST_SEEN)
    message = ann.log.locator(f"[data-at='{read}']")
    before = message.bounding_box()
    web.write(BOB, ANN, "news")
    expect(ann.row("bob")).to_contain_text("news")
    assert message.bounding_box() == before
    to_end.click()
    expect(ann.texts.last).to_have_text("news")
    expect(ann.texts.last).to_be_in_viewport()
    expect(to_end).to_be_hidden()


def test_what_comes_at_once_replaces_nothing_that_somebody_reads_above(
    newcomer: Newcomer, web: WebServer
) -> None:
    """The page has 1,200 messages in memory."""
    ann = _with_history(newcomer, web, 1_190)
    ann.page.evaluate(SCROLL, [-STEP, "No earlier messages"])
    ann.page.evaluate(SCROLL, [STEP / 4, "message 97"])
    read = ann.page.evaluate(FIRST_SEEN)
    web.stop()
    ann.is_offline()
    ann.context.set_offline(True)
    web.start()
    web.write(BOB, ANN, *(f"news {number}" for number in range(200)))
    ann.context.set_offline(False)
    expect(ann.row("bob")).to_contain_text("news 199")
    assert ann.page.evaluate(FIRST_SEEN) == read
    down = ann.page.evaluate(SCROLL, [STEP, "news 199"])
    assert down["jumps"] == []
    assert down["holes"] == []


def test_who_turns_their_phone_goes_on_reading_where_they_were(
    newcomer: Newcomer, web: WebServer
) -> None:
    """Each message has another height then."""
    reader, writer = web.register("ann"), web.register("bob")
    web.write(writer, reader, *(f"{n} " + "words " * (n % 9 * 10) for n in range(50)))
    phone = newcomer(viewport={"width": 390, "height": 700}).log_in("ann")
    phone.open("bob")
    phone.page.get_by_role("button", name="Jump to latest").click()
    expect(phone.texts.last).to_be_in_viewport()
    phone.log.evaluate("box => box.scrollBy(0, -1500)")
    expect(phone.texts.last).not_to_be_in_viewport()
    phone.page.evaluate("new Promise(requestAnimationFrame)")
    read = phone.page.evaluate(FIRST_SEEN)
    for width, height in ((700, 390), (390, 700)):
        phone.page.set_viewport_size({"width": width, "height": height})
        expect(phone.log.locator(f"[data-at='{read}']")).to_be_in_viewport()
        phone.page.evaluate("new Promise(requestAnimationFrame)")
        assert phone.page.evaluate(FIRST_SEEN) == read


def test_who_turns_their_phone_before_they_scroll_is_where_it_was_opened(
    newcomer: Newcomer, web: WebServer
) -> None:
    reader, writer = web.register("ann"), web.register("bob")
    texts = [f"{n} " + "words " * (n % 9 * 10) for n in range(40)]
    phone = newcomer(viewport={"width": 390, "height": 700}).log_in("ann")
    web.write(writer, reader, *texts)
    phone.open("bob")
    phone.page.get_by_role("button", name="Jump to latest").click()
    expect(phone.row("bob").locator(".count")).to_be_hidden()
    phone.page.get_by_role("button", name="Back").click()
    web.write(writer, reader, *texts)
    expect(phone.row("bob").locator(".count")).to_have_text("40")
    phone.open("bob")
    expect(phone.log.get_by_text("New messages")).to_be_in_viewport()
    phone.page.evaluate("new Promise(requestAnimationFrame)")
    read = phone.page.evaluate(FIRST_SEEN)
    phone.page.set_viewport_size({"width": 700, "height": 390})
    expect(phone.log.locator(f"[data-at='{read}']")).to_be_in_viewport()
    phone.page.evaluate("new Promise(requestAnimationFrame)")
    assert phone.page.evaluate(FIRST_SEEN) == read


def test_a_conversation_with_hundreds_of_news_opens_where_they_begin(
    newcomer: Newcomer, web: WebServer
) -> None:
    ann = _who_has_read(newcomer, web, 4_000, 5_000)
    ann.open("bob")
    expect(ann.log.get_by_text("New messages")).to_be_in_viewport()
    expect(ann.texts.filter(has_text=re.compile("^message 3999( |$)"))).to_have_count(1)
    down = ann.page.evaluate(SCROLL, [STEP, "message 4999"])
    expect(ann.row("bob").locator(".count")).to_be_hidden()
    up = ann.page.evaluate(SCROLL, [-STEP, "message 37"])  # a step may pass over a single one
    for way in (down, up):
        assert way["jumps"] == []
        assert way["holes"] == []
        assert way["most"] <= SHOWN_AT_MOST
    assert down["reached"] > 1_000


def test_who_writes_before_the_place_where_news_begin_is_loaded_is_at_the_end(
    newcomer: Newcomer, web: WebServer
) -> None:
    ann = _who_has_read(newcomer, web, 400, 1_000)
    ann.hold('"after"')
    ann.open("bob")
    ann.asks()
    ann.write("I have read it")
    ann.sees_tick("sent", "I have read it")
    ann.release()
    expect(ann.texts.nth(-2)).to_have_text(re.compile("^message 999( |$)"))
    expect(ann.texts.last).to_be_in_viewport()
    expect(ann.row("bob").locator(".count")).to_be_hidden()


def test_what_was_seen_of_hundreds_of_news_is_read_and_the_rest_begins_the_next_time(
    newcomer: Newcomer, web: WebServer
) -> None:
    ann = _who_has_read(newcomer, web, 400, 1_000)
    count = ann.row("bob").locator(".count")
    expect(count).to_have_text(str(UNREAD_ABOVE_400))
    ann.open("bob")
    expect(ann.log.get_by_text("New messages")).to_be_in_viewport()
    ann.page.evaluate(SCROLL, [STEP / 4, "message 600"])
    to_end = ann.page.get_by_role("button", name="Jump to latest")
    left = int(count.inner_text())
    assert UNREAD_ABOVE_400 / 2 < left < UNREAD_ABOVE_400
    expect(to_end).to_have_text(f"↓{left}")
    ann.page.keyboard.press("Escape")
    ann.open("bob")
    expect(ann.log.get_by_text("New messages")).to_be_in_viewport()
    seen = ann.page.evaluate(FIRST_SEEN)
    assert 550 < int(seen) < 620
    to_end.click()
    expect(ann.texts.last).to_have_text("message 999")
    expect(ann.texts.last).to_be_in_viewport()
    expect(to_end).to_be_hidden()
    expect(count).to_be_hidden()


def test_a_page_that_is_reloaded_shows_again_where_what_is_new_begins(
    newcomer: Newcomer, web: WebServer
) -> None:
    ann = _who_has_read(newcomer, web, 400, 1_000)
    ann.open("bob")
    expect(ann.log.get_by_text("New messages")).to_be_in_viewport()
    ann.page.evaluate(SCROLL, [STEP / 4, "message 600"])
    ann.find("ann")  # so it was told what she has read when she is shown this one again
    ann.open("bob")
    ann.page.reload()
    expect(ann.log.get_by_text("New messages")).to_be_in_viewport()
    assert 550 < int(ann.page.evaluate(FIRST_SEEN)) < 620


# Note the first visible message of each frame that has any.
_NOTE = """
window.noted = new Set();
requestAnimationFrame(function note() {
  const box = document.querySelector(".messages");
  const upper = box?.getBoundingClientRect().top;
  const isSeen = (one) => one.getBoundingClientRect().bottom > upper;
  const first = [...document.querySelectorAll(".message")].find(isSeen);
  if (first) noted.add(Number(first.dataset.at));
  requestAnimationFrame(note);
});
"""


def test_a_reloaded_page_with_hundreds_of_news_does_not_show_their_end_first(
    newcomer: Newcomer, web: WebServer
) -> None:
    """It has kept the end. Without a connection it shows that."""
    ann, bob = _who_has_read(newcomer, web, 400, 1_000), newcomer().log_in("bob")
    ann.open("bob")
    expect(ann.log.get_by_text("New messages")).to_be_in_viewport()
    web.write(BOB, ANN, "last news")
    bob.open("ann")
    bob.page.get_by_role("button", name="Jump to latest").click()
    bob.sees_tick("delivered", "last news")  # so ann's page has kept all that is before it
    ann.page.add_init_script(_NOTE)
    ann.page.reload()
    expect(ann.log.get_by_text("New messages")).to_be_in_viewport()
    noted = ann.page.evaluate("[...noted]")
    assert max(noted) - min(noted) < 5, noted
    ann.page.route_web_socket("**/chat", lambda link: link.close())
    ann.page.reload()
    expect(ann.texts.last).to_have_text("last news")


# A browser that says only when it is asked to that it has kept no messages.
_LATE = """
IDBObjectStore.prototype.openCursor = () => {
  const request = { result: null };
  window.read = () => request.onsuccess();
  return request;
};
"""


def test_a_reloaded_page_opens_a_conversation_once_however_late_it_has_read_what_it_has_kept(
    newcomer: Newcomer, web: WebServer
) -> None:
    """Otherwise it would go on to what it has not shown yet."""
    ann = _who_has_read(newcomer, web, 900, 1_000)
    ann.open("bob")
    expect(ann.log.get_by_text("New messages")).to_be_in_viewport()
    ann.page.add_init_script(_LATE)
    ann.page.reload()
    expect(ann.log.get_by_text("New messages")).to_be_in_viewport()
    seen = ann.page.evaluate(FIRST_SEEN)
    ann.page.evaluate("read()")
    expect(ann.open_settings()).to_contain_text("this device")  # which is answered later
    assert ann.page.evaluate(FIRST_SEEN) == seen


def test_who_writes_among_hundreds_of_news_sees_it_even_without_a_connection(
    newcomer: Newcomer, web: WebServer
) -> None:
    ann = _who_has_read(newcomer, web, 400, 1_000)
    ann.open("bob")
    expect(ann.log.get_by_text("New messages")).to_be_in_viewport()
    ann.block_server()
    ann.is_offline()
    ann.write("I read on later")
    expect(ann.texts.last).to_have_text("I read on later")
    expect(ann.texts.last).to_be_in_viewport()


def _fill(path: Path, count: int, read: int) -> None:
    """Let a log with one message have `count`, of which ann has read `read`. The server does not
    run meanwhile."""
    with closing(sqlite3.connect(path)) as database, database:
        age = "UPDATE Entry SET time_ms = time_ms - :count * 120000 WHERE at = 1"
        database.execute(age, {"count": count})
        database.execute(FILL, {"count": count, "filler": FILLER})
        database.execute("UPDATE Log SET head = ?", (count,))
        database.execute("UPDATE Member SET read = ? WHERE userid = ?", (read, ANN))


def test_a_window_that_is_higher_than_what_opens_in_it_shows_what_follows_that(
    newcomer: Newcomer, web: WebServer
) -> None:
    """It has nothing to scroll, which otherwise loads more."""
    said = [f"news {number}" for number in range(100)]
    web.write(web.register("bob"), web.register("ann"), *said)
    ann = newcomer(viewport={"width": 800, "height": 4200}).log_in("ann")
    ann.open("bob")
    ann.sees(*said)


def test_who_is_at_the_top_of_what_is_loaded_sees_more_as_soon_as_there_is_a_connection(
    newcomer: Newcomer, web: WebServer
) -> None:
    """There is nothing to scroll, which otherwise loads more."""
    ann = _with_history(newcomer, web, 300)
    web.write(BOB, ANN, "news")
    expect(ann.texts.last).to_have_text("news")  # so the device was sent all that is before it
    with ann.offline():
        ann.log.evaluate("box => box.scrollTo(0, 0)")
        expect(ann.texts.first).to_be_in_viewport()
        first = ann.texts.first.inner_text()
    expect(ann.texts.first).not_to_have_text(first)


def test_what_is_asked_for_of_one_conversation_keeps_nothing_back_of_the_next(
    newcomer: Newcomer, web: WebServer
) -> None:
    """The window is higher than a page of history, so the next needs two."""
    ann_id, texts = web.register("ann"), [f"text {number}" for number in range(100)]
    for name in ("bob", "cid"):
        web.write(ann_id, web.register(name), *texts)
    ann = newcomer(viewport={"width": 800, "height": 4200}).log_in("ann")
    ann.hold('"before"')
    ann.open("bob")
    ann.asks()
    ann.open("cid")
    ann.sees(*texts[40:])
    ann.release()
    ann.sees(*texts)
