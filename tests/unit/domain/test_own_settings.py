"""What users have set, and how their devices and the nodes learn of it."""

import pytest

from chat_domain.entries import pair
from chat_domain.errors import NotMember
from chat_domain.model import Muting, Preferences
from chat_domain.notes import Note, SettingsChanged
from tests.unit.world import Terminal, World

HIDDEN = Preferences(hide_read=True)


def change(who: Terminal, **chosen: bool) -> Preferences:
    world = who.world
    return world.tasks.run(world.chat.settings.change(who.session, **chosen))


def mute(who: Terminal, conv: int, muted: bool | None) -> Muting:
    world = who.world
    return world.tasks.run(world.chat.settings.mute(who.session, conv, muted))


def test_what_was_chosen_holds_on_all_devices(world: World, ann: Terminal, bob: Terminal) -> None:
    """The user's other sessions are told, and later sessions find it."""
    phone = world.log_in(ann.user)
    assert change(ann) == Preferences()
    assert change(ann, hide_read=True) == HIDDEN
    assert change(phone) == HIDDEN
    assert phone.client.settings == [(HIDDEN, None)]
    assert ann.client.settings == bob.client.settings == []
    assert change(world.log_in(ann.user)) == HIDDEN


def test_a_conversation_is_muted_on_all_devices(world: World, ann: Terminal, bob: Terminal) -> None:
    """The other devices are told if that changes something."""
    group, phone = world.group(ann, bob), world.log_in(ann.user)
    bob.says(ann.user, "hello")
    change(ann, hide_typing=True)
    phone.client.settings.clear()
    asked = (
        (None, False),
        (False, False),
        (True, True),
        (True, True),
        (None, True),
        (False, False),
    )
    for conv in (group, pair(ann.user.id, bob.user.id)):
        for muted, expected in asked:
            assert mute(ann, conv, muted) == Muting(conv, expected)
        assert phone.client.settings == [
            (Preferences(hide_typing=True), Muting(conv, muted)) for muted in (True, False)
        ]
        phone.client.settings.clear()
    assert ann.client.settings == bob.client.settings == []


def test_what_one_was_never_in_is_not_muted(world: World, ann: Terminal, bob: Terminal) -> None:
    """A group is refused. For a user with whom there is no conversation yet, nothing is kept."""
    group, phone = world.group(bob), world.log_in(ann.user)
    for other in (group, 99):
        with pytest.raises(NotMember):
            mute(ann, other, muted=True)
    conv = pair(ann.user.id, bob.user.id)
    assert mute(ann, conv, muted=True) == Muting(conv, muted=False)
    assert phone.client.settings == []


def test_what_one_has_left_can_be_muted(world: World, ann: Terminal, bob: Terminal) -> None:
    """The group is still one of the user's conversations."""
    group = world.group(ann, bob)
    world.tasks.run(world.chat.groups.leave(bob.user, group))
    assert mute(bob, group, muted=True) == Muting(group, muted=True)


def test_what_was_chosen_on_another_node_holds(world: World, ann: Terminal) -> None:
    """This node uses it once the note has arrived, even if it remembers something else."""
    settings, user_id = world.chat.settings, ann.user.id
    assert world.tasks.run(settings.of(user_id)) == Preferences()
    world.tasks.run(world.store.settings.set(user_id, hide_read=True))
    muting = Muting(pair(user_id, 99), muted=True)
    world.chat.node.receive(SettingsChanged(user_id, HIDDEN, muting))
    assert world.tasks.run(settings.of(user_id)) == HIDDEN
    assert ann.client.settings == [(HIDDEN, muting)]


def test_what_was_changed_last_holds_in_whatever_order_it_is_heard_of(
    world: World, ann: Terminal
) -> None:
    """A node can hang between a change and its note, and on another node the user hides more
    meanwhile."""
    user_id = ann.user.id
    change(ann, hide_read=True)
    world.chat.node.receive(SettingsChanged(user_id, Preferences(), None))
    assert world.tasks.run(world.chat.settings.of(user_id)) == HIDDEN


def test_what_is_undone_elsewhere_at_the_same_moment_holds(
    world: World, ann: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node that has changed nothing, as far as it could see, tells the others all the same: they
    may have looked up what was changed in between."""
    told: list[Note] = []
    monkeypatch.setattr(world.chat.settings.broker, "broadcast", told.append)
    change(ann, hide_read=False)
    assert told == [SettingsChanged(ann.user.id, Preferences(), None)]
    change(ann)
    assert len(told) == 1


@pytest.mark.parametrize("lost", [False, True])
def test_a_note_is_newer_than_what_is_being_asked_for(
    world: World, ann: Terminal, *, lost: bool
) -> None:
    """The store may have answered a question with the older state. So is a note that may have been
    lost."""
    settings, user_id = world.chat.settings, ann.user.id
    asked = settings.settings.of

    class Slow:
        """The store; a change is made and heard of while it is being asked."""

        async def of(self, user_id: int) -> Preferences:
            found = await asked(user_id)
            await world.store.settings.set(user_id, hide_read=True)
            if lost:
                world.chat.node.notes_lost()
            else:
                world.chat.node.receive(SettingsChanged(user_id, HIDDEN, None))
            return found

    settings.settings = Slow()  # type: ignore[assignment]  # nothing else is asked
    assert world.tasks.run(settings.of(user_id)) == HIDDEN
    assert world.tasks.run(settings.of(user_id)) == HIDDEN


def test_while_a_node_is_not_receiving_the_store_is_asked(
    world: World, ann: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node asks each time, even if it remembers the user or has just been told something."""
    settings, user_id = world.chat.settings, ann.user.id
    world.tasks.run(settings.of(user_id))
    monkeypatch.setattr(settings.broker, "is_receiving", lambda: False)
    for hidden in (True, False, True):
        chosen = world.tasks.run(world.store.settings.set(user_id, hide_read=hidden))
        assert world.tasks.run(settings.of(user_id)) == chosen == Preferences(hide_read=hidden)


def test_where_notes_may_be_lost_the_store_is_asked_again(world: World, ann: Terminal) -> None:
    """What this node remembers may be out of date."""
    settings, user_id = world.chat.settings, ann.user.id
    world.tasks.run(settings.of(user_id))
    world.tasks.run(world.store.settings.set(user_id, hide_read=True))
    assert world.tasks.run(settings.of(user_id)) == Preferences()
    world.chat.node.notes_lost()
    assert world.tasks.run(settings.of(user_id)) == HIDDEN


def test_what_is_remembered_of_others_has_a_bound(
    world: World, ann: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many of them there are."""
    monkeypatch.setattr("chat_domain.people.settings.REMEMBERED", 3)
    settings = world.chat.settings
    for number in range(5):
        someone = world.log_in(world.register(f"user {number}")[0])
        change(someone, hide_read=True)
        assert world.tasks.run(settings.of(someone.user.id)) == HIDDEN
        assert 1 <= len(settings._cache) <= 3
