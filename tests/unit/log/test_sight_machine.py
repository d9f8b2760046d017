"""All ways to an entry agree on who may see it: being pushed it, live or late, on each device;
pages of a conversation; the list of conversations; what an export has.

The model keeps all entries, and who was in what from where to where (see `log_machine`).
"""

import attrs
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chat_domain.entries import Entry, is_group, pair
from chat_domain.errors import ChatError, NotMember
from chat_domain.model import Account
from tests.contract.log_machine import Model
from tests.unit.world import Terminal, World

NAMES = ("Ann", "Bob", "Cid")
MOST_DEVICES = 3  # of a user
MOST_GROUPS = 3
who = st.integers(0, len(NAMES) - 1)
which = st.integers(0, MOST_DEVICES - 1)
groups = st.integers(0, MOST_GROUPS - 1)
places = st.none() | st.integers(0, 15)


@attrs.define
class Device:
    """pushed: the positions of what it was shown. place: all up to it was, or was its own."""

    terminal: Terminal
    place: int
    pushed: list[int] = attrs.field(factory=list)
    choked: bool = False


class SightMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.users = self.world.register(*NAMES)
        self.model = Model()
        self.devices: list[list[Device]] = [[] for _ in NAMES]
        self.groups: list[int] = []
        for user in range(len(NAMES)):
            self.come(user, None)

    # -- what happens ----------------------------------------------------------------------------

    def happened(self, writer: Device | None = None) -> None:
        """The log may have grown: what is new is shown to all devices that read."""
        for entry in self.world.entries()[len(self.model.entries) :]:
            self.model.take(entry)
            for user, devices in enumerate(self.devices):
                for device in devices:
                    if not device.choked:
                        self.expect(user, device, entry, device is writer)

    def expect(self, user: int, device: Device, entry: Entry, own: bool) -> None:
        if self.model.sees(self.id(user), entry) and not own:
            device.pushed.append(entry.at)
        device.place = entry.at

    def id(self, user: int) -> int:
        return self.users[user].id

    def conv(self, user: int, other: int) -> int:
        """Of somebody with another, or with a group where that is below 0."""
        if other >= 0:
            return pair(self.id(user), self.id(other))
        place = -other - 1
        return self.groups[place] if place < len(self.groups) else 99

    @rule(user=who, since=places)
    def come(self, user: int, since: int | None) -> None:
        """With another device, which was here before, or was not."""
        if len(self.devices[user]) == MOST_DEVICES:
            return
        head = len(self.model.entries)
        since = head if since is None else min(since, head)
        terminal = self.world.log_in(self.users[user], since=since)
        pushed = [at for at, _, _ in self.model.seen(self.id(user), since)]
        self.devices[user].append(Device(terminal, head, pushed))

    @rule(user=who, number=which)
    def go(self, user: int, number: int) -> None:
        if number < len(self.devices[user]):
            self.devices[user].pop(number).terminal.leaves()

    @rule(user=who, number=which)
    def choke(self, user: int, number: int) -> None:
        if number < len(self.devices[user]):
            device = self.devices[user][number]
            device.terminal.chokes()
            device.choked = True

    @rule(user=who, number=which)
    def read_on(self, user: int, number: int) -> None:
        if number < len(self.devices[user]):
            device = self.devices[user][number]
            device.terminal.takes_more()
            if device.choked:
                late = self.model.seen(self.id(user), device.place)
                device.pushed += [at for at, _, _ in late]
                device.place, device.choked = len(self.model.entries), False

    @rule(user=who, number=which, other=who)
    def say(self, user: int, number: int, other: int) -> None:
        if number < len(self.devices[user]):
            device = self.devices[user][number]
            device.terminal.says(self.users[other], "hello")
            self.happened(device)

    @rule(user=who, number=which, place=groups)
    def say_to_group(self, user: int, number: int, place: int) -> None:
        if number < len(self.devices[user]):
            device = self.devices[user][number]
            device.terminal.says_to_group(self.conv(user, -place - 1), "hello all")
            self.happened(device)

    @precondition(lambda self: len(self.groups) < MOST_GROUPS)
    @rule(user=who)
    def create(self, user: int) -> None:
        name = f"group {len(self.groups)}"
        made = self.world.chat.groups.create(self.users[user], name, "")
        self.groups.append(self.world.tasks.run(made)[1].id)
        self.happened()

    @rule(user=who, place=groups)
    def join(self, user: int, place: int) -> None:
        self.change("join", self.users[user], self.conv(user, -place - 1))

    @rule(user=who, place=groups)
    def leave(self, user: int, place: int) -> None:
        self.change("leave", self.users[user], self.conv(user, -place - 1))

    @rule(user=who, place=groups)
    def remove(self, user: int, place: int) -> None:
        self.change("remove", self.users[0], self.conv(user, -place - 1), self.id(user))

    @rule(place=groups)
    def end(self, place: int) -> None:
        self.change("end", self.users[0], self.conv(0, -place - 1))

    def change(self, what: str, *arguments: object) -> None:
        """Nothing happens where it may not be done."""

        async def change() -> None:
            try:
                await getattr(self.world.chat.groups, what)(*arguments)
            except ChatError:
                pass

        self.world.tasks.run(change())
        self.happened()

    @rule(place=groups, whole=st.booleans())
    def show_history(self, place: int, *, whole: bool) -> None:
        conv = self.conv(0, -place - 1)
        if self.world.tasks.run(self.world.store.groups.show_history(conv, whole=whole)):
            (self.model.whole.add if whole else self.model.whole.discard)(conv)

    # -- what is seen ----------------------------------------------------------------------------

    @invariant()
    def each_device_was_pushed_what_its_user_may_see(self) -> None:
        """Once, in order; what it has written while it was live it was told by the answer."""
        for user, devices in enumerate(self.devices):
            for device in devices:
                assert device.terminal.client.positions == device.pushed, (
                    NAMES[user],
                    device.place,
                )

    @rule(
        user=who,
        other=st.integers(-MOST_GROUPS, len(NAMES) - 1),
        before=places,
        after=places,
        limit=st.integers(1, 5),
    )
    def ask_for_history(
        self, user: int, other: int, before: int | None, after: int | None, limit: int
    ) -> None:
        if before is not None:
            after = None
        conv, user_id = self.conv(user, other), self.id(user)
        seen = self.model.page(user_id, conv, None, 0, 1000)
        try:
            asked = self.world.chat.history.part(user_id, conv, before, after, limit)
            part = self.world.tasks.run(asked)
        except NotMember:
            assert is_group(conv) and (user_id, conv) not in self.model.stretches
            return
        assert not is_group(conv) or (user_id, conv) in self.model.stretches
        found = [(entry.at, entry.conv, entry.kind) for entry in part.entries]
        if after is not None:
            above = [one for one in seen if one[0] > after]
            assert (found, part.more) == (above[:limit], len(above) > limit)
        else:
            below = [one for one in seen if before is None or one[0] < before]
            assert (found, part.more) == (below[-limit:], len(below) > limit)

    @rule(user=who, limit=st.integers(1, 3))
    def ask_for_conversations(self, user: int, limit: int) -> None:
        """All of them, a page at a time."""
        found, before = [], None
        while True:
            asked = self.world.chat.history.conversations(self.id(user), before, limit)
            page = self.world.tasks.run(asked)
            found += [(one.conv, one.last.at, one.unread, one.left) for one in page.items]
            if page.next is None:
                break
            before = page.next
        assert found == self.model.conversations(self.id(user))

    @rule(user=who)
    def export(self, user: int) -> None:
        account = Account(self.users[user], "")
        exported = self.world.tasks.run(self.world.chat.overview.export(account))
        found = [(entry.at, entry.conv, entry.kind) for entry in exported.entries]
        assert found == self.model.seen(self.id(user), 0)


TestSight = SightMachine.TestCase
TestSight.settings = settings(max_examples=60, stateful_step_count=50, deadline=None)
