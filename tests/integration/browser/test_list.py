"""The list of conversations: a click there hits what the user aimed at."""

import time

import pytest
from playwright.sync_api import Locator, expect

from tests.integration.browser.conftest import Newcomer, WebServer
from tests.integration.browser.person import Person

PHONE = {"viewport": {"width": 390, "height": 700}, "has_touch": True, "is_mobile": True}


@pytest.fixture
def bob(newcomer: Newcomer) -> Person:
    return newcomer().register("bob")


def with_cid_above_bob(ann: Person, newcomer: Newcomer) -> Person:
    """Let ann have cid above bob, and stop her page's clock once her rows, and her mouse, have not
    moved for long enough."""
    newcomer().register("cid")
    ann.register("ann")
    for name in ("bob", "cid"):
        ann.find(name)
        ann.write("hello")
        ann.sees_tick("delivered", "hello")
        ann.page.keyboard.press("Escape")
    expect(first(ann)).to_contain_text("cid")
    later(ann, 5.0)
    return ann


def later(person: Person, seconds: float) -> None:
    """Set the page's clock to so many seconds after the real one. With 60 s, the page would take
    its connection for broken."""
    person.page.clock.set_fixed_time(time.time() + seconds)


def first(person: Person) -> Locator:
    return person.sidebar.get_by_role("listitem").first


def middle(row: Locator) -> tuple[float, float]:
    box = row.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_rows_do_not_move_under_a_mouse_that_is_about_to_click(
    newcomer: Newcomer, bob: Person
) -> None:
    ann = with_cid_above_bob(newcomer(), newcomer)
    ann.page.mouse.move(*middle(ann.row("cid")))
    bob.open("ann")
    bob.write("up I go")
    expect(ann.row("bob")).to_contain_text("up I go")
    ann.page.mouse.down()
    ann.page.mouse.up()
    expect(ann.page.get_by_role("heading", name="cid")).to_be_visible()
    later(ann, 10.0)
    expect(first(ann)).to_contain_text("up I go")


def test_who_taps_before_they_can_have_seen_rows_move_opens_what_was_there(
    newcomer: Newcomer, bob: Person
) -> None:
    ann = with_cid_above_bob(newcomer(**PHONE), newcomer)
    above, below = middle(ann.row("cid")), middle(ann.row("bob"))
    bob.open("ann")
    bob.write("up I go")
    expect(first(ann)).to_contain_text("up I go")
    ann.page.touchscreen.tap(*above)
    expect(ann.page.get_by_role("heading", name="cid")).to_be_visible()
    ann.page.get_by_role("button", name="Back to conversations").tap()
    ann.page.touchscreen.tap(*below)
    expect(ann.page.get_by_role("heading", name="bob")).to_be_visible()
    ann.page.get_by_role("button", name="Back to conversations").tap()
    later(ann, 10.0)
    ann.page.touchscreen.tap(*above)
    expect(ann.page.get_by_role("heading", name="bob")).to_be_visible()


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desk", "phone"])
def test_rows_stay_where_they_are_when_the_connection_goes(
    newcomer: Newcomer, options: dict[str, object]
) -> None:
    ann = newcomer(**options).register("ann")
    ann.find("ann")
    ann.write("note")
    ann.sees_tick("sent", "note")
    ann.page.keyboard.press("Escape")
    before = middle(ann.row("ann"))
    ann.block_server()
    ann.is_offline()
    assert middle(ann.row("ann")) == before
    assert ann.page.evaluate("document.documentElement.scrollHeight - innerHeight") == 0


def test_what_was_not_listed_yet_comes_with_all_that_is_unread_in_it(
    web: WebServer, newcomer: Newcomer
) -> None:
    """It is behind the newest hundred, which the page has listed, when another message comes."""
    ann, bob = web.register("ann"), web.register("bob")
    web.write(bob, ann, "one", "two")
    earlier = newcomer().log_in("ann")
    expect(earlier.row("bob").locator(".count")).to_have_text("2")
    for number in range(100):
        web.write(ann, web.register(f"friend {number}"), "hi")
    later = newcomer().log_in("ann")
    expect(later.row("friend 0")).to_have_count(1)
    expect(later.row("bob")).to_have_count(0)
    web.write(bob, ann, "three")
    expect(later.row("bob").locator(".count")).to_have_text("3")
