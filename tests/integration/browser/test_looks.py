"""Every screen, large and small, light and dark: what axe-core finds in it, and pictures of it,
which go where CHAT_SCREENSHOTS says.
"""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, ViewportSize, expect

from tests.integration.browser.conftest import Newcomer
from tests.integration.browser.person import Person

Theme = Literal["light", "dark"]

# The last is the size in which a test goes on to the next screen.
SIZES: dict[str, ViewportSize] = {
    "phone": {"width": 360, "height": 640},
    "desktop": {"width": 1100, "height": 700},
}
THEMES: Sequence[Theme] = ("dark", "light")

# Themes differ only in colours: whatever does not depend on these is the same in all of them.
AxeOptions = dict[str, list[str]]
ALL_RULES: AxeOptions = {"resultTypes": ["violations"]}
RULES_OF_COLOURS = ALL_RULES | {"runOnly": ["color-contrast", "link-in-text-block"]}


class Gallery:
    """Looks at a page, screen after screen, at each in all these sizes and themes."""

    def __init__(
        self,
        page: Page,
        folder: Path | None,
        sizes: Iterable[str] = SIZES,
        themes: Sequence[Theme] = THEMES,
    ) -> None:
        self.found: list[str] = []
        self._page = page
        self._folder = folder
        self._sizes, self._themes = sizes, themes

    def look(self, screen: str) -> None:
        for size in self._sizes:
            self._page.set_viewport_size(SIZES[size])
            for theme in self._themes:
                self._page.emulate_media(color_scheme=theme)
                options = ALL_RULES if theme == self._themes[0] else RULES_OF_COLOURS
                self._look_once(f"{screen}-{size}-{theme}", options)

    def _look_once(self, screen: str, options: AxeOptions) -> None:
        if self._folder:
            self._page.screenshot(path=self._folder / f"{screen}.png")
        there = self._page.evaluate("'axe' in window")  # half a megabyte
        results = Axe("null" if there else AXE_SCRIPT).run(self._page, options=options)
        for one in results.response["violations"]:
            targets = ", ".join(str(node["target"]) for node in one["nodes"][:3])
            self.found.append(f"{screen}: {one['id']}: {one['help']}: {targets}")
        width = self._page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if width > 0:
            self.found.append(f"{screen}: it is {width} pixels too wide")


@pytest.fixture
def folder() -> Path | None:
    """The folder for pictures, if they are wanted."""
    if not (wanted := os.environ.get("CHAT_SCREENSHOTS")):
        return None
    place = Path(wanted)
    place.mkdir(parents=True, exist_ok=True)
    return place


def test_every_screen_has_nothing_that_axe_finds_and_fits(
    newcomer: Newcomer, folder: Path | None
) -> None:
    bruno, zoe = newcomer().register("Bruno Keller"), newcomer().register("Zoë")
    bruno.create_group("Allotment garden")
    zoe.join_group("Allotment garden")
    ann = newcomer()
    gallery = Gallery(ann.page, folder)
    gallery.look("login")
    ann.register("Ann-Sophie Müller")
    gallery.look("empty")
    ann.join_group("Allotment garden")
    ann.write("Hello everybody! I have the plot beside the pump.")
    bruno.write("Welcome! Then you have the best water of us all.", "Do you need tomato plants?")
    zoe.write("I have eleven of them left over. Come by on Saturday.")
    expect(ann.texts.last).to_contain_text("Come by on Saturday.")
    ann.write("Gladly, thank you both!")
    ann.sees_tick("read", "Gladly, thank you both!")
    gallery.look("group")
    ann.open_about()
    expect(ann.dialog.locator(".people li")).to_have_count(3)
    gallery.look("about")
    ann.page.keyboard.press("Escape")
    _back(ann)
    ann.find("Bruno Keller")
    ann.write("Is the water on again?", "The list: https://example.org/water")
    ann.sees_tick("delivered", "The list")
    gallery.look("conversation")
    ann.page.get_by_role("button", name="Emoji").click()
    gallery.look("emoji")
    ann.page.keyboard.press("Escape")
    ann.page.keyboard.press("Control+k")
    gallery.look("switcher")
    ann.page.keyboard.press("Escape")
    _back(ann)
    gallery.look("list")
    ann.page.get_by_role("button", name="New", exact=True).click()
    gallery.look("people")
    ann.page.keyboard.press("Escape")
    expect(ann.open_settings().locator(".people li")).to_contain_text("this device")
    gallery.look("settings")
    assert gallery.found == []


def test_without_a_connection_it_looks_right_too(newcomer: Newcomer, folder: Path | None) -> None:
    ann = newcomer(viewport=SIZES["phone"]).register("ann")
    ann.find("ann")
    ann.block_server()
    ann.write("Can you read this?")
    ann.sees_tick("not sent yet", "Can you read this?")
    expect(ann.page.get_by_role("button", name="Retry now")).to_be_visible()
    gallery = Gallery(ann.page, folder, ["phone"], ["light"])
    gallery.look("offline")
    assert gallery.found == []


def test_what_is_open_written_online_or_muted_is_seen_without_colours(newcomer: Newcomer) -> None:
    """Forced colours, as of Windows' contrast themes, paint all grounds alike."""
    bob, ann = newcomer().register("bob"), newcomer(forced_colors="active").register("ann")
    bob.find("ann")
    bob.write("hello")
    ann.open("bob")
    ann.write("hello yourself")
    ann.open_about().get_by_role("button", name="Add friend").click()
    ann.page.keyboard.press("Escape")
    ann.sees_tick("read", "hello yourself")
    assert _style(ann.row("bob").get_by_role("button"), "borderTopStyle") == "solid"
    assert _style(ann.log.locator(".message").first, "borderTopStyle") == "solid"
    tick = ann.log.locator(".tick")
    assert _style(tick, "color") != _style(tick.locator(".."), "color")
    expect(ann.row("bob").locator(".face")).to_have_class("face online")
    ground = "getComputedStyle(face, '::after').backgroundColor"
    assert ann.row("bob").locator(".face").evaluate(f"(face) => {ground}") == "rgb(42, 157, 91)"
    mark = "(time) => getComputedStyle(time, '::before').content"
    assert ann.row("bob").locator("time").evaluate(mark) == "none"
    ann.open_about().get_by_role("button", name="Mute").click()
    ann.page.keyboard.press("Escape")
    expect(ann.row("bob")).to_contain_text("muted")
    assert "🔕" in ann.row("bob").locator("time").evaluate(mark)


def _style(locator: Locator, name: str) -> str:
    return str(locator.evaluate("(element, name) => getComputedStyle(element)[name]", name))


@pytest.mark.parametrize("theme", THEMES)
def test_what_an_empty_field_is_for_is_as_legible_as_other_small_print(
    newcomer: Newcomer, theme: Theme
) -> None:
    """axe-core does not look at placeholders."""
    ann = newcomer(color_scheme=theme).register("ann")
    ann.create_group("gardeners")
    hint = ann.field.evaluate("(field) => getComputedStyle(field, '::placeholder').color")
    assert hint == _style(ann.page.locator(".state"), "color")


def test_nothing_moves_when_the_header_of_a_conversation_says_more(newcomer: Newcomer) -> None:
    for width in SIZES.values():
        ann = newcomer(viewport=width).register(f"ann {width['width']}")
        ann.find(ann.name)
        before = ann.log.bounding_box()
        _back(ann)
        ann.create_group(f"hikers {width['width']}")
        expect(ann.page.get_by_text("Group", exact=True)).to_be_visible()
        assert ann.log.bounding_box() == before


def test_on_a_phone_there_is_the_list_or_a_conversation(newcomer: Newcomer) -> None:
    ann = newcomer(viewport=SIZES["phone"], has_touch=True, is_mobile=True).register("ann")
    ann.find("ann")
    expect(ann.sidebar).to_be_hidden()
    ann.write("note")
    ann.sees("note")
    ann.page.get_by_role("button", name="Back to conversations").tap()
    expect(ann.sidebar).to_be_visible()
    expect(ann.field).to_be_hidden()
    ann.row("ann").tap()
    ann.sees("note")
    for name in ("Emoji", "Send"):
        box = ann.page.get_by_role("button", name=name).bounding_box()
        assert box, name
        assert box["x"] >= 0, name
        assert box["x"] + box["width"] <= SIZES["phone"]["width"], name


def _back(ann: Person) -> None:
    if ann.field.is_visible():
        ann.page.keyboard.press("Escape")
