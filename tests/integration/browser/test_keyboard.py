"""Everything can be done without a mouse."""

from playwright.sync_api import expect

from tests.integration.browser.conftest import Newcomer, WebServer


def test_control_k_goes_to_another_conversation_by_a_part_of_its_name(
    newcomer: Newcomer, web: WebServer
) -> None:
    """First are those that begin with it, then the most recent."""
    web.register("joanna")
    ann = newcomer().register("ann")
    ann.find("ann")
    ann.write("note")
    ann.sees_tick("sent", "note")
    ann.find("joanna")
    ann.write("hello")
    ann.sees_tick("sent", "hello")
    ann.page.keyboard.press("Control+k")
    expect(ann.dialog.get_by_role("combobox")).to_be_focused()
    ann.page.keyboard.type("ann")
    expect(ann.dialog.get_by_role("option")).to_have_text(["ann (you)", "joanna"])
    ann.page.keyboard.press("Enter")
    expect(ann.page.get_by_role("heading", name="ann (you)")).to_be_visible()
    expect(ann.field).to_be_focused()
    ann.page.keyboard.press("Control+k")
    ann.page.keyboard.press("Escape")
    expect(ann.dialog).to_have_count(0)
    expect(ann.field).to_be_focused()
    ann.page.keyboard.press("Control+k")
    ann.page.keyboard.press("ArrowDown")
    expect(ann.dialog.get_by_role("option", selected=True)).to_have_text("ann (you)")
    ann.page.keyboard.press("ArrowUp")
    ann.page.keyboard.press("Enter")
    expect(ann.page.get_by_role("heading", name="joanna")).to_be_visible()


def test_control_k_leads_to_whom_it_shows_though_somebody_writes_meanwhile(
    newcomer: Newcomer,
) -> None:
    """The user who has just written is first among the conversations, but not among the choices."""
    bob, cid = newcomer().register("bob"), newcomer().register("cid")
    ann = newcomer().register("ann")
    ann.find("cid")
    ann.write("hello")
    ann.find("bob")
    ann.write("hello")
    ann.sees_tick("delivered", "hello")
    ann.page.keyboard.press("Control+k")
    expect(ann.dialog.get_by_role("option", selected=True)).to_have_text("bob")
    cid.open("ann")
    cid.write("look here")
    expect(ann.row("cid")).to_contain_text("look here")
    composing = {"key": "Enter", "bubbles": True, "cancelable": True, "keyCode": 229}
    ann.dialog.get_by_role("combobox").dispatch_event("keydown", composing)
    expect(ann.dialog).to_be_visible()  # an input method uses that key
    ann.page.keyboard.press("Enter")
    ann.write("for bob")
    bob.open("ann")
    bob.sees("hello", "for bob")


def test_what_is_typed_after_a_dialog_is_in_the_field(newcomer: Newcomer, web: WebServer) -> None:
    """This holds wherever the dialog led, and if Escape closed it."""
    web.register("bob")
    ann = newcomer().register("ann")
    ann.page.get_by_role("button", name="New", exact=True).click()
    expect(ann.dialog.get_by_label("Their name")).to_be_focused()
    ann.page.keyboard.type("bob")
    ann.page.keyboard.press("Enter")
    expect(ann.page.get_by_role("heading", name="bob")).to_be_visible()
    expect(ann.dialog).to_have_count(0)
    expect(ann.field).to_be_focused()
    ann.page.keyboard.type("found")
    expect(ann.field).to_have_value("found")
    ann.page.keyboard.press("Enter")
    ann.sees("found")
    ann.create_group("walkers")
    ann.page.keyboard.press("Control+k")
    ann.page.keyboard.type("bob")
    ann.page.keyboard.press("Enter")
    expect(ann.page.get_by_role("heading", name="bob")).to_be_visible()
    expect(ann.dialog).to_have_count(0)
    ann.page.keyboard.type("switched")
    expect(ann.field).to_have_value("switched")
    ann.page.keyboard.press("Control+k")
    ann.page.keyboard.press("Escape")
    expect(ann.dialog).to_have_count(0)
    ann.page.keyboard.type(" and stayed")
    expect(ann.field).to_have_value("switched and stayed")


def test_what_is_typed_where_nobody_could_type_is_in_the_field(newcomer: Newcomer) -> None:
    """Keys that mean something there are exceptions: keys that scroll, with Control, or in a
    dialog."""
    ann = newcomer().register("ann")
    ann.find("ann")
    ann.write("hello")
    ann.sees_tick("sent", "hello")
    ann.log.click()
    expect(ann.log).to_be_focused()
    for key in ("Space", "PageDown", "End", "Control+b"):
        ann.page.keyboard.press(key)
    expect(ann.log).to_be_focused()
    ann.page.keyboard.type("Typed there")
    expect(ann.field).to_have_value("Typed there")
    ann.field.blur()
    ann.page.keyboard.type(", and nowhere")
    expect(ann.field).to_have_value("Typed there, and nowhere")
    ann.log.focus()
    ann.page.keyboard.press("Tab")
    expect(ann.log).not_to_be_focused()
    settings = ann.open_settings()
    ann.page.keyboard.type("xyz")
    settings.get_by_label("Current password").fill("secret")
    ann.page.keyboard.type("!")
    expect(settings.get_by_label("Current password")).to_have_value("secret!")
    expect(ann.field).to_have_value("Typed there, and nowhere")
    ann.page.keyboard.press("Escape")
    ann.log.focus()
    ann.page.keyboard.press("Escape")
    expect(ann.field).to_be_hidden()


def test_arrows_go_through_the_list_and_escape_leaves_the_conversation(
    newcomer: Newcomer, web: WebServer
) -> None:
    web.register("zebra")
    ann = newcomer().register("ann")
    for name in ("ann", "zebra"):
        ann.find(name)
        ann.write(f"hello {name}")
        expect(ann.log.locator(".waits")).to_have_count(0)
    heading = ann.page.get_by_role("region", name="Conversation").get_by_role("heading", level=2)
    ann.page.keyboard.press("Alt+ArrowDown")
    expect(heading).to_have_text("ann (you)")
    ann.page.keyboard.press("Alt+ArrowUp")
    expect(heading).to_have_text("zebra")
    ann.page.keyboard.press("Escape")
    expect(ann.field).to_be_hidden()
    expect(ann.row("zebra").get_by_role("button")).to_be_focused()
    ann.page.keyboard.press("ArrowDown")
    expect(ann.row("ann").get_by_role("button")).to_be_focused()
    ann.page.keyboard.press("Enter")
    expect(heading).to_have_text("ann (you)")


def test_a_key_that_is_held_at_the_end_of_the_list_reads_nothing(
    newcomer: Newcomer, web: WebServer
) -> None:
    """The open conversation stays as it is, and does not open again at what is still unread."""
    ann, bob = web.register("ann"), web.register("bob")
    web.write(bob, ann, *(f"news {number}" for number in range(60)))
    reader = newcomer().log_in("ann")
    reader.open("bob")
    first = reader.texts.first
    expect(first).to_be_in_viewport()
    for _ in range(6):
        reader.page.keyboard.press("Alt+ArrowUp")
    expect(first).to_be_in_viewport()


def test_the_focus_goes_with_a_conversation_that_comes_to_the_top(newcomer: Newcomer) -> None:
    """The focus stays on that conversation, and arrow keys go on through the list from there."""
    bob = newcomer().register("bob")
    ann = newcomer().register("ann")
    for name in ("bob", "ann"):
        ann.find(name)
        ann.write("hello")
        expect(ann.log.locator(".waits")).to_have_count(0)
    ann.page.keyboard.press("Escape")
    ann.page.keyboard.press("ArrowDown")
    expect(ann.row("bob").get_by_role("button")).to_be_focused()
    bob.open("ann")
    bob.write("up I go")
    expect(ann.sidebar.get_by_role("listitem").first).to_contain_text("up I go")
    expect(ann.row("bob").get_by_role("button")).to_be_focused()
    ann.page.keyboard.press("ArrowDown")
    expect(ann.row("ann").get_by_role("button")).to_be_focused()


def test_one_logs_in_with_the_keyboard_alone(newcomer: Newcomer, web: WebServer) -> None:
    web.register("ann")
    page = newcomer().page
    expect(page.get_by_label("Name or ID")).to_be_focused()
    page.keyboard.type("ann")
    page.keyboard.press("Tab")
    page.keyboard.type("correct horse")
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation", name="Conversations")).to_be_visible()
    expect(page.get_by_role("button", name="New", exact=True)).to_be_focused()
