"""Where new messages begin, and which of them count as read."""

import json
from datetime import UTC, datetime, timedelta

from playwright.sync_api import WebSocketRoute, expect

from tests.integration.browser.conftest import Newcomer, WebServer

LOGIN_ACK = 1001


def test_a_conversation_opens_where_what_is_new_begins_and_is_read_when_its_end_is_seen(
    newcomer: Newcomer, web: WebServer
) -> None:
    reader, writer = web.register("ann"), web.register("bob")
    ann, bob = newcomer().log_in("ann"), newcomer().log_in("bob")
    bob.find("ann")
    web.write(writer, reader, *(f"news {number}" for number in range(40)))
    expect(ann.row("bob").locator(".count")).to_have_text("40")
    ann.open("bob")
    expect(ann.texts.last).to_have_text("news 39")
    expect(ann.log.get_by_text("New messages")).to_be_in_viewport()
    expect(ann.texts.first).to_be_in_viewport()
    expect(ann.texts.last).not_to_be_in_viewport()
    bob.sees_tick("read", "news 0")
    bob.sees_tick("delivered", "news 39")
    left = int(ann.row("bob").locator(".count").inner_text())
    assert 0 < left < 40  # what she has seen is read, and nothing else
    ann.page.get_by_role("button", name="Jump to latest").click()
    expect(ann.texts.last).to_be_in_viewport()
    expect(ann.row("bob").locator(".count")).to_be_hidden()
    bob.sees_tick("read", "news 39")


def test_positions_that_begin_anew_leave_all_on_the_screen(
    newcomer: Newcomer,
) -> None:
    """This happens after a database came back without its last commits."""
    ann, bob = newcomer().register("ann", remember=True), newcomer().register("bob")
    bob.find("ann")
    bob.write("hello")
    expect(ann.row("bob")).to_contain_text("hello")
    links: list[WebSocketRoute] = []

    def connect(link: WebSocketRoute) -> None:
        server = link.connect_to_server()
        server.on_message(
            lambda text: link.send(in_another_epoch(str(text)) if links[1:] else text)
        )
        links.append(link)

    ann.page.route_web_socket("**/chat", connect)
    ann.page.reload()
    ann.open("bob")
    ann.sees("hello")
    bob.sees_tick("read", "hello")  # so all that she has asked for is there
    links[0].close(code=1001)
    bob.write("again")
    ann.sees("hello", "again")
    expect(ann.row("bob")).to_contain_text("again")


def in_another_epoch(text: str) -> str:
    """What the server says once positions have begun anew."""
    frame = json.loads(text)
    if frame["msgid"] == LOGIN_ACK:
        frame |= {"reset": True, "head": 1, "epoch": "another"}
    return json.dumps(frame)


def test_what_was_read_is_read_though_the_page_is_left_at_once(newcomer: Newcomer) -> None:
    ann, bob = newcomer().register("ann", remember=True), newcomer().register("bob")
    bob.find("ann")
    bob.write("one")
    expect(ann.row("bob").locator(".count")).to_have_text("1")
    ann.page.clock.install()
    ann.page.clock.pause_at(datetime.now(UTC) + timedelta(seconds=10))
    ann.open("bob")
    expect(ann.log.get_by_text("No earlier messages")).to_be_visible()  # the server has answered
    ann.page.clock.run_for(500)
    expect(ann.row("bob").locator(".count")).to_be_hidden()
    bob.sees_tick("delivered", "one")
    ann.page.close()
    bob.sees_tick("read", "one")
