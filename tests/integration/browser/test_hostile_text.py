"""What people write is text, whatever it looks like."""

from playwright.sync_api import expect

from tests.integration.browser.conftest import Newcomer

PHONE = {"width": 360, "height": 640}
MARKUP = "<img src=x onerror=alert(1)>"
HOSTILE = {
    "markup": f"{MARKUP}<script>alert(2)</script><style>*{{display:none}}</style>&amp;",
    "link": "javascript:alert(3) data:text/html,<script>alert(4)</script>",
    "quotes": "\"' onmouseover=alert(5) x='",
    "bidi": "\u202egnp.exe \u2066isolated\u2069 \u200e\u200f",
    "long": "w" * 1500,
    "stacked": "z" + "\u0335\u0321\u0489" * 200,
    "scripts": "你好 مرحبا שלום हिन्दी ไทย 👨‍👩‍👧‍👦 𝔘",
}


def test_a_message_is_shown_as_it_was_written(newcomer: Newcomer) -> None:
    ann = newcomer().register("ann")
    ann.find("ann")
    for kind, text in HOSTILE.items():
        ann.write(text)
        ann.sees_tick("sent", text[:8])
        assert (kind, ann.texts.last.text_content()) == (kind, text)
        alive = ann.page.evaluate("document.querySelectorAll('img, script:not([src])').length")
        assert (kind, alive) == (kind, 0)
        width = ann.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert width <= 0, f"{kind}: it makes the page wider than the window"


def test_names_full_of_markup_are_names(newcomer: Newcomer) -> None:
    ann = newcomer().register(MARKUP)
    bob = newcomer().register("bob")
    bob.find(MARKUP)
    bob.create_group("<h1>group</h1>")
    ann.join_group("<h1>group</h1>")
    ann.write("hello")
    bob.sees("hello")
    expect(bob.log).to_contain_text(f"{MARKUP} joined")
    expect(bob.row("<h1>group</h1>")).to_contain_text(f"{MARKUP}: hello")
    expect(bob.page.get_by_role("heading", name="<h1>group</h1>")).to_be_visible()
    expect(bob.open_about()).to_contain_text(MARKUP)
    assert bob.page.locator("img").count() == 0


def test_the_longest_names_fit_where_they_are_shown(newcomer: Newcomer) -> None:
    ann, wide = newcomer(viewport=PHONE).register("ann"), newcomer().register("W" * 50)
    ann.create_group("gardeners")
    wide.join_group("gardeners")
    wide.write("hello")
    ann.sees("hello")
    for part in (".author", ".line.change"):
        fits = ann.log.locator(part).last.evaluate("(one) => one.scrollWidth <= one.clientWidth")
        assert fits, part
    dots = ann.open_about().locator(".dot")
    expect(dots).to_have_count(2)
    first, last = (dots.nth(place).bounding_box() for place in (0, 1))
    assert first
    assert last
    assert first["width"] == last["width"]
    ann.dialog.get_by_role("button", name=wide.name).click()
    ann.open_about().get_by_role("button", name="Add friend").click()
    expect(ann.dialog.get_by_role("button", name="Remove friend")).to_be_visible()
    ann.page.keyboard.press("Escape")
    ann.page.get_by_role("button", name="Back to conversations").click()
    ann.page.get_by_role("button", name="New", exact=True).click()
    expect(ann.dialog.get_by_role("button", name=wide.name)).to_be_visible()
    assert ann.dialog.evaluate("(one) => one.scrollWidth <= one.clientWidth")


def test_links_of_the_web_can_be_followed_and_nothing_else(newcomer: Newcomer) -> None:
    ann = newcomer().register("ann")
    ann.find("ann")
    ann.write("https://example.org/a?b=c, and javascript:alert(1) or http://me@example.org/")
    links = ann.texts.last.get_by_role("link")
    expect(links).to_have_text(["https://example.org/a?b=c"])
    expect(links).to_have_attribute("rel", "noopener noreferrer nofollow")
    expect(links).to_have_attribute("target", "_blank")
