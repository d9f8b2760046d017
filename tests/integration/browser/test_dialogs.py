"""Answers to dialogs that come late take no click away, and lead nobody elsewhere."""

from playwright.sync_api import Locator, expect

from tests.integration.browser.conftest import Newcomer
from tests.integration.browser.person import Person

FIND_USER, FRIENDS, GROUPS, MEMBERS, SESSIONS = (
    f'"msgid":{number},' for number in (1019, 1022, 1024, 1026, 1031)
)


def press_while_the_answer_comes(person: Person, button: Locator) -> None:
    """Press a mouse button on it, and let it go when the answer that was held is there."""
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    assert box
    person.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    person.page.mouse.down()
    person.release()


def test_members_that_come_while_one_clicks_in_their_groups_dialog_take_no_click_away(
    newcomer: Newcomer,
) -> None:
    ann = newcomer().register("ann")
    ann.create_group("gardeners")
    ann.hold(MEMBERS)
    mute = ann.open_about().get_by_role("button", name="Mute", exact=True)
    press_while_the_answer_comes(ann, mute)
    expect(ann.dialog).to_contain_text("owner")
    ann.page.mouse.up()
    expect(ann.dialog.get_by_role("button", name="Unmute")).to_be_visible()
    expect(ann.dialog).to_contain_text("owner")


def test_nothing_of_another_group_is_shown_to_who_leaves_one_elsewhere_meanwhile(
    newcomer: Newcomer,
) -> None:
    """A page of groups that begins with this one begins with the next one then."""
    ann = newcomer().register("ann")
    ann.create_group("gardeners")
    ann.create_group("hikers")
    ann.open("gardeners")
    ann.hold(GROUPS)
    ann.open_about()
    ann.asks()
    phone = newcomer().log_in("ann")
    phone.open("gardeners")
    phone.open_about()
    for _ in range(2):  # it asks whether that is meant
        phone.dialog.last.get_by_role("button", name="Leave group").click()
    expect(ann.log).to_contain_text("left")
    ann.release()
    expect(ann.dialog.get_by_role("button", name="Rename")).to_be_hidden()


def test_friends_that_come_while_one_clicks_in_a_users_dialog_take_no_click_away(
    newcomer: Newcomer,
) -> None:
    newcomer().register("bob")
    ann = newcomer().register("ann")
    ann.find("bob")
    ann.write("hello")
    ann.sees_tick("delivered", "hello")
    for name, instead in (("Add friend", "Remove friend"), ("Mute", "Unmute")):
        ann.hold(FRIENDS)
        press_while_the_answer_comes(ann, ann.open_about().get_by_role("button", name=name))
        ann.page.mouse.up()
        expect(ann.dialog.get_by_role("button", name=instead)).to_be_visible()
        ann.page.keyboard.press("Escape")


def test_friends_that_come_while_one_clicks_on_one_of_them_take_no_click_away(
    newcomer: Newcomer,
) -> None:
    newcomer().register("bob")
    ann = newcomer().register("ann")
    ann.find("bob")
    ann.open_about().get_by_role("button", name="Add friend").click()
    expect(ann.dialog.get_by_role("button", name="Remove friend")).to_be_visible()
    ann.page.keyboard.press("Escape")
    ann.find("ann")
    ann.hold(FRIENDS)
    ann.page.get_by_role("button", name="New", exact=True).click()
    press_while_the_answer_comes(ann, ann.dialog.get_by_role("button", name="bob", exact=True))
    ann.page.mouse.up()
    expect(ann.page.get_by_role("heading", name="bob")).to_be_visible()


def test_only_what_somebody_has_written_in_can_be_muted(newcomer: Newcomer) -> None:
    newcomer().register("bob")
    ann = newcomer().register("ann")
    ann.find("bob")
    mute = ann.open_about().get_by_role("button", name="Mute")
    expect(ann.dialog.get_by_role("button", name="Add friend")).to_be_visible()
    expect(mute).to_be_hidden()
    ann.page.keyboard.press("Escape")
    ann.write("hello")
    ann.sees_tick("delivered", "hello")
    ann.open_about()
    expect(mute).to_be_visible()


def test_devices_that_come_while_one_clicks_in_the_settings_take_no_click_away(
    newcomer: Newcomer,
) -> None:
    ann, phone = newcomer().register("ann"), newcomer().log_in("ann")
    ann.hold(SESSIONS)
    log_out = ann.open_settings().get_by_role("button", name="Log out")
    press_while_the_answer_comes(ann, log_out)
    expect(ann.dialog).to_contain_text("this device")
    ann.page.mouse.up()
    ann.is_asked_to_log_in()
    expect(phone.sidebar).to_be_visible()


def test_who_has_closed_a_dialog_is_not_taken_elsewhere_by_its_answer(newcomer: Newcomer) -> None:
    """Otherwise, what they type by then would go to the wrong user."""
    bob, cid = newcomer().register("bob"), newcomer().register("cid")
    ann = newcomer().register("ann")
    ann.find("bob")
    ann.hold(FIND_USER)
    ann.page.get_by_role("button", name="New", exact=True).click()
    ann.dialog.get_by_label("Their name").fill("cid")
    ann.dialog.get_by_role("button", name="Find", exact=True).click()
    ann.page.keyboard.press("Escape")
    expect(ann.dialog).to_have_count(0)
    ann.release()
    ann.write("one", "two")
    bob.open("ann")
    bob.sees("one", "two")
    expect(cid.row("ann")).to_have_count(0)


def test_a_long_name_that_is_cut_everywhere_else_is_whole_in_its_dialog(newcomer: Newcomer) -> None:
    ann = newcomer(viewport={"width": 360, "height": 640}).register("ann")
    ann.create_group("Everybody who has a garden beside the pump, part 2")
    title = ann.open_about().get_by_role("heading", name="Everybody")
    expect(title).to_be_visible()
    assert title.evaluate("(title) => title.scrollWidth <= title.clientWidth")
