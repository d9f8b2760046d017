"""All ways to an entry agree on who may see it: pushes, live or late, to each device; pages of a
conversation; the list of conversations; an export.

The model keeps all entries, and who was in what from where to where (see `log_machine`).
"""

from contextlib import suppress

import attrs
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chat_domain.entries import FOREVER, Change, ChangeKind, Entry, is_group, pair
from chat_domain.errors import ChatError, NotMember
from chat_domain.model import User
from tests.contract.log_machine import Model
from tests.tries import tries
from tests.unit.world import Terminal, World

NAMES = ("Ann", "Bob", "Cid")
MOST_DEVICES = 6
MOST_GROUPS = 3
who = st.integers(0, len(NAMES) - 1)
places = st.integers(0, 5)  # among the groups or devices that there are, counted round
positions = st.none() | st.integers(0, 15)


@attrs.define
class Device:
    """pushed: the positions of what it was shown. place: up to there, everything was shown or its
    own."""

    user_id: int
    terminal: Terminal
    place: int
    pushed: list[int]
    choked: bool = False


class VisibilityMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.users = self.world.register(*NAMES)
        self.model = Model()
        self.devices: list[Device] = []
        self.groups: list[int] = []

    @initialize(whole=st.booleans())
    def begin(self, *, whole: bool) -> None:
        """Begin with one device for each user, and a group of two of them."""
        for user in range(len(NAMES)):
            self.come(user, None)
        self.create(0)
        self.show_history(0, whole=whole)
        self.move("join", 1, 0)

    # -- what happens ----------------------------------------------------------------------------

    def happened(self, writer: Device | None = None) -> None:
        """Show what is new in the log to all devices that read."""
        for entry in self.world.entries()[len(self.model.entries) :]:
            self.model.take(entry)
            for device in self.devices:
                if not device.choked:
                    self._show(device, entry, own=device is writer)

    def _show(self, device: Device, entry: Entry, *, own: bool) -> None:
        if self.model.sees(device.user_id, entry) and not own:
            device.pushed.append(entry.at)
        device.place = entry.at

    def device(self, place: int) -> Device:
        return self.devices[place % len(self.devices)]

    def group(self, place: int) -> int:
        return self.groups[place % len(self.groups)]

    @precondition(lambda self: len(self.devices) < MOST_DEVICES)
    @rule(user=who, since=positions)
    def come(self, user: int, since: int | None) -> None:
        """Log in another device, which was here before or is new."""
        head = len(self.model.entries)
        since = head if since is None else min(since, head)
        terminal = self.world.log_in(self.users[user], since=since)
        pushed = [at for at, _, _ in self.model.seen(terminal.user.id, since)]
        self.devices.append(Device(terminal.user.id, terminal, head, pushed))

    @precondition(lambda self: len(self.devices) > 1)
    @rule(place=places)
    def go(self, place: int) -> None:
        device = self.device(place)
        device.terminal.leaves()
        self.devices.remove(device)

    @rule(place=places)
    def choke(self, place: int) -> None:
        device = self.device(place)
        device.terminal.chokes()
        device.choked = True

    @rule(place=places)
    def read_on(self, place: int) -> None:
        device = self.device(place)
        device.terminal.takes_more()
        if device.choked:
            late = self.model.seen(device.user_id, device.place)
            device.pushed += [at for at, _, _ in late]
            device.place, device.choked = len(self.model.entries), False

    @rule(place=places, other=who)
    def say(self, place: int, other: int) -> None:
        device = self.device(place)
        device.terminal.says(self.users[other], "hello")
        self.happened(device)

    @rule(place=places, group=places)
    def say_to_group(self, place: int, group: int) -> None:
        """A user who is not in the group is refused."""
        device = self.device(place)
        device.terminal.says_to_group(self.group(group), "hello all")
        self.happened(device)

    @precondition(lambda self: len(self.groups) < MOST_GROUPS)
    @rule(user=who)
    def create(self, user: int) -> None:
        name = f"group {len(self.groups)}"
        made = self.world.chat.groups.create(self.users[user], name, "")
        self.groups.append(self.world.tasks.run(made)[1].id)
        self.happened()

    @rule(what=st.sampled_from([ChangeKind.JOINED, ChangeKind.LEFT]), user=who, group=places)
    def move(self, what: ChangeKind, user: int, group: int) -> None:
        self._change(self.users[user], group, Change(what))

    @rule(user=who, group=places)
    def remove(self, user: int, group: int) -> None:
        removed = Change(ChangeKind.REMOVED, user_id=self.users[user].id)
        self._change(self.users[0], group, removed)

    @rule(group=places)
    def end(self, group: int) -> None:
        self._change(self.users[0], group, Change(ChangeKind.ENDED))

    def _change(self, by: User, group: int, change: Change) -> None:
        """Make a change; if it cannot be made, nothing happens."""

        async def carry_out() -> None:
            with suppress(ChatError):
                await self.world.chat.groups.change(by, self.group(group), change)

        self.world.tasks.run(carry_out())
        self.happened()

    @rule(group=places, whole=st.booleans())
    def show_history(self, group: int, *, whole: bool) -> None:
        conv = self.group(group)
        if self.world.tasks.run(self.world.store.groups.show_history(conv, whole=whole)):
            (self.model.whole.add if whole else self.model.whole.discard)(conv)

    # -- what is seen ----------------------------------------------------------------------------

    @invariant()
    def each_device_was_pushed_what_its_user_may_see(self) -> None:
        """Each entry comes once, in order. What it wrote while it was live came as the answer."""
        for device in self.devices:
            assert device.terminal.client.positions == device.pushed, device.user_id

    @invariant()
    def each_session_is_pushed_by_the_visibility_that_the_log_has(self) -> None:
        """This holds for its groups, above the position at which they last changed."""
        for device in self.devices:
            session = device.terminal.session
            for conv in self.groups:
                asked = self.world.store.log.visibility(device.user_id, conv)
                visibility = self.world.tasks.run(asked)
                for at in range(session.groups_changed_at + 1, len(self.model.entries) + 2):
                    shown = visibility is not None and visibility.shows(at)
                    assert (conv in session.groups) == shown

    @rule(user=who, before=positions, after=positions, limit=st.integers(1, 5))
    def look(self, user: int, before: int | None, after: int | None, limit: int) -> None:
        """Ask for everything that can be asked for."""
        user_id = self.users[user].id
        with_people = [pair(user_id, other.id) for other in self.users]
        for conv in (*with_people, *self.groups, 99):
            self._ask_for_part(user_id, conv, before, None, limit)
            self._ask_for_part(user_id, conv, None, after, limit)
        self._ask_for_conversations(user_id, limit)
        exported = self.world.tasks.run(self.world.chat.overview.entries(user_id, 0, FOREVER))
        found = [(entry.at, entry.conv, entry.kind) for entry in exported.entries]
        assert found == self.model.seen(user_id, 0)

    def _ask_for_part(
        self, user_id: int, conv: int, before: int | None, after: int | None, limit: int
    ) -> None:
        seen = self.model.page(user_id, conv, None, 0, 1000)
        never_in = is_group(conv) and (user_id, conv) not in self.model.stretches
        try:
            asked = self.world.chat.history.part(user_id, conv, before, after, limit)
            part = self.world.tasks.run(asked)
        except NotMember:
            assert never_in
            return
        assert not never_in
        found = [(entry.at, entry.conv, entry.kind) for entry in part.entries]
        if after is not None:
            above = [one for one in seen if one[0] > after]
            assert (found, part.more) == (above[:limit], len(above) > limit)
        else:
            below = [one for one in seen if before is None or one[0] < before]
            assert (found, part.more) == (below[-limit:], len(below) > limit)

    def _ask_for_conversations(self, user_id: int, limit: int) -> None:
        """Ask for all of them, page by page."""
        found, before = [], None
        while True:
            asked = self.world.chat.history.conversations(user_id, before, limit)
            page = self.world.tasks.run(asked)
            found += [(one.conv, one.last.at, one.unread, one.left) for one in page.items]
            before = page.next
            if before is None:
                break
        assert found == self.model.conversations(user_id)

    def teardown(self) -> None:
        """Let everybody look at everything in the end."""
        if not self.groups:
            return
        for place in range(len(self.devices)):
            self.read_on(place)
        self.each_device_was_pushed_what_its_user_may_see()
        for user in range(len(NAMES)):
            self.look(user, None, 0, 2)


TestVisibility = VisibilityMachine.TestCase
TestVisibility.settings = settings(max_examples=tries(20), stateful_step_count=30, deadline=None)
