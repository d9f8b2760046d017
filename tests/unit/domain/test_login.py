"""How sessions begin and end."""

from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest

from chat_domain.entries import TEXT, Batch, Entry, EntryRef, Opening, pair
from chat_domain.errors import AlreadyOnline, TooManyConnections, TryAgain
from chat_domain.log.sessions import MOST_OF_A_USER
from chat_domain.model import Claim, User
from chat_domain.people import login
from tests.unit.fakes import RecordingClient, finished
from tests.unit.world import Terminal, World


@pytest.fixture
def bob(world: World) -> User:
    return world.register("Bob")[0]


class TestDevices:
    def test_several_devices_are_there_at_once(
        self, world: World, ann: Terminal, bob: User
    ) -> None:
        """Each of them is shown everything."""
        first, second = world.log_in(bob), world.log_in(bob)
        ann.says(bob, "hello")
        assert first.client.texts == second.client.texts == ["hello"]
        assert first.client.notices == []

    def test_a_device_that_says_where_it_is_gets_what_follows(
        self, world: World, ann: Terminal, bob: User
    ) -> None:
        """This includes its user's own messages, and nothing comes twice."""
        for number in range(3):
            ann.says(bob, str(number))
        other = world.log_in(bob)
        other.says(ann.user, "mine")
        other.takes_over()
        again = world.log_in(bob, since=2)
        assert again.client.texts == ["2", "mine"]
        assert not again.was_reset

    def test_one_that_has_taken_over_all_of_it_before_writes_no_mark(
        self, world: World, ann: Terminal, bob: User
    ) -> None:
        """This is the usual case for a device that comes back."""
        ann.says(bob, "old")
        world.log_in(bob).takes_over()
        world.passes(2.0)
        world.log_in(bob, since=1)
        assert not len(world.chat.marks)
        ann.says(bob, "new")
        world.log_in(bob, since=2)
        assert len(world.chat.marks)

    def test_the_writers_of_what_one_has_received_before_are_told(
        self, world: World, ann: Terminal, bob: User
    ) -> None:
        """It did not report it on its earlier connection. Of what was said in a group nobody is
        told, even if its number is the user's id."""
        world.group(ann, name="another")
        device = world.log_in(bob)
        group = world.group(ann, device)
        assert group == bob.id
        ann.says(bob, "to you")
        at = ann.client.answers[-1].at
        ann.says_to_group(group, "to all")
        device.says(ann.user, "mine")
        device = device.comes_again(since=world.chat.follower.applied)
        world.passes(0.5)
        assert (ann.client.marks, device.client.marks) == ([(bob.id, at)], [])

    def test_one_from_another_epoch_is_reset_even_if_it_has_missed_nothing(
        self, world: World, ann: Terminal, bob: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """However much others have written: its positions mean nothing."""
        monkeypatch.setattr(login, "MISSED_AT_MOST", 0)
        ann.says(world.register("Cid")[0], "hello")
        assert world.log_in(bob, since=0, epoch="another").was_reset

    def test_one_that_does_not_gets_what_no_device_has_taken_over(
        self, world: World, ann: Terminal, bob: User
    ) -> None:
        """A mailbox would hold the same."""
        ann.says(bob, "old")
        first = world.log_in(bob)
        first.takes_over()
        ann.says(bob, "new")
        assert world.log_in(bob).client.texts == ["new"]

    def test_a_mark_that_is_not_written_yet_counts(
        self, world: World, ann: Terminal, bob: User
    ) -> None:
        """The store lags behind by up to a second."""
        ann.says(bob, "old")
        world.log_in(bob).takes_over()
        assert world.waiting_for(bob) == ["old"]
        assert world.log_in(bob).client.texts == []

    def test_who_has_missed_too_much_is_reset(
        self, world: World, ann: Terminal, bob: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Messages between other users do not count as missed."""
        monkeypatch.setattr(login, "MISSED_AT_MOST", 3)
        for number in range(9):
            ann.says(ann.user, f"not for Bob {number}")
        for number in range(3):
            ann.says(bob, str(number))
        assert world.log_in(bob, since=0).client.texts == ["0", "1", "2"]
        ann.says(bob, "one more")
        device = world.log_in(bob, since=0)
        assert device.was_reset
        assert device.client.texts == []

    def test_nothing_is_shown_before_the_client_is_ready(
        self, world: World, ann: Terminal, bob: User
    ) -> None:
        """The client would not know what to do with it."""
        client = RecordingClient()
        start = world.tasks.run(world.chat.logins.begin_device(bob, client, "phone"))
        ann.says(bob, "hello")
        world.chat.offline.catch_up(start.session)  # as the clock does
        world.tasks.drain()
        assert client.texts == []
        world.chat.logins.ready(start.session)
        world.tasks.drain()
        assert client.texts == ["hello"]

    def test_a_user_has_so_many_sessions_at_most(self, world: World, bob: User) -> None:
        """Each session costs a copy of every message."""
        for _ in range(MOST_OF_A_USER):
            world.log_in(bob)
        with pytest.raises(TooManyConnections):
            world.tasks.run(world.chat.logins.begin_device(bob, RecordingClient(), "one more"))

    def test_a_store_that_does_not_answer_lets_nobody_in(self, world: World, bob: User) -> None:
        """The node leaves no session behind."""
        world.log.failing = True
        with pytest.raises(TryAgain):
            world.tasks.run(world.chat.logins.begin_device(bob, RecordingClient(), "phone"))
        assert len(world.chat.sessions) == 0


class TestVersion1:
    def test_a_second_login_is_refused(self, world: World, bob: User) -> None:
        """The first session is not affected. Once it has ended, the next login succeeds."""
        first = world.log_in_version1(bob)
        with pytest.raises(AlreadyOnline):
            world.log_in_version1(bob)
        assert first.client.notices == []
        first.leaves()
        assert world.log_in_version1(bob).is_live

    def test_devices_neither_keep_it_out_nor_are_kept_out(self, world: World, bob: User) -> None:
        """Devices do not use the slot of version 1."""
        world.log_in(bob)
        world.log_in_version1(bob)
        assert world.log_in(bob).is_live

    def test_a_setting_lets_a_second_login_replace_the_first(self) -> None:
        """The first session is told that it was replaced."""
        world = World(second_login_replaces=True)
        ann, (bob,) = world.newcomer("Ann"), world.register("Bob")
        first = world.log_in_version1(bob)
        second = world.log_in_version1(bob)
        assert first.client.notices == ["replaced"]
        first.leaves()
        ann.says(bob, "hello")
        assert second.client.texts == ["hello"]

    def test_what_no_device_has_taken_over_is_shown(
        self, world: World, ann: Terminal, bob: User
    ) -> None:
        """Some of it comes before the answer to the login, so that the answer can contain it."""
        for number in range(3):
            ann.says(bob, str(number))
        device = world.log_in(bob)
        device.takes_over(1)
        client = RecordingClient()
        world.tasks.run(world.chat.logins.begin_version1(bob, client))
        assert client.texts == ["1", "2"]

    def test_who_leaves_is_shown_nothing_more(self, world: World, ann: Terminal, bob: User) -> None:
        """While their own words are still on their way into the log."""
        first = world.log_in_version1(bob)
        first.says(ann.user, "the first is looked at")
        world.log.slow_writes = True
        ann.says(bob, "too late")
        first.says(ann.user, "last words")
        world.tasks.start(world.chat.logins.end(first.session))
        world.settle()
        assert first.client.texts == []
        assert ann.client.texts == ["the first is looked at", "last words"]

    def test_its_mark_is_written_before_its_slot_is_given_up(
        self, world: World, ann: Terminal, bob: User
    ) -> None:
        """The user's next login may be on another node, which reads the mark."""
        first = world.log_in_version1(bob)
        ann.says(bob, "hello")
        first.takes_over()
        first.leaves()
        assert world.waiting_for(bob) == []
        assert world.tasks.run(world.slots.own("alone")) == []

    def test_nobody_begins_without_a_lease(self, world: World, bob: User) -> None:
        """Another node may give the slot away. Devices do not need a slot."""
        world.chat.node.suspend()
        with pytest.raises(TryAgain):
            world.log_in_version1(bob)
        assert world.log_in(bob).is_live
        world.tasks.run(world.chat.node.resume())
        assert world.log_in_version1(bob).is_live

    def test_a_lease_that_has_run_out_counts_again_once_the_node_has_resumed(
        self, world: World, bob: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The answer to the renewal that finds it gone may be lost; the next finds one."""
        world.passes(0.5)
        first = world.log_in_version1(bob)
        with monkeypatch.context() as patch:
            patch.setattr(world.chat.node.slots.lease, "held", lambda: False)
            world.passes(0.5)
        with pytest.raises(TryAgain):
            world.log_in_version1(bob)
        world.tasks.run(world.chat.node.resume())
        with pytest.raises(AlreadyOnline):
            world.log_in_version1(bob)
        first.leaves()
        assert world.log_in_version1(bob).is_live

    def test_a_slot_that_cannot_be_given_up_now_is_given_up_later(
        self, world: World, bob: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The user can then log in again."""

        async def unavailable(_claim: Claim) -> None:
            raise TryAgain

        first = world.log_in_version1(bob)
        with monkeypatch.context() as patch:
            patch.setattr(world.chat.node.slots.slots, "release", unavailable)
            first.leaves()
        with pytest.raises(AlreadyOnline):
            world.log_in_version1(bob)
        world.passes(0.5)
        assert world.log_in_version1(bob).is_live

    def test_a_login_that_fails_gives_its_slot_back(self, world: World, bob: User) -> None:
        """Otherwise the user could not log in until the node ends."""
        world.log.failing = True
        with pytest.raises(TryAgain):
            world.log_in_version1(bob)
        world.log.failing = False
        assert world.log_in_version1(bob).is_live

    def test_a_claim_that_no_session_has_is_given_up(self, world: World, bob: User) -> None:
        """The node releases it when a second audit finds it too, for a login may be under way at
        the first."""
        world.tasks.run(world.slots.claim(Claim(bob.id, "orphaned", "alone")))
        for _ in range(2):
            world.tasks.run(world.chat.node.audit())
            world.passes(1.0)
        assert world.log_in_version1(bob).is_live

    def test_a_session_whose_slot_another_has_is_ended(self, world: World, bob: User) -> None:
        """The note about the lost slot did not arrive."""
        first = world.log_in_version1(bob)
        assert first.session.claim is not None
        world.tasks.run(world.slots.release(first.session.claim))
        world.tasks.run(world.slots.claim(Claim(bob.id, "other", "elsewhere")))
        world.tasks.run(world.chat.node.audit())
        assert first.client.notices == ["replaced"]


def ending(world: World, ann: Terminal, bob: User) -> Terminal:
    """A client of version 1 whose session ends while its last messages are being written. The end
    waits for them."""
    first = world.log_in_version1(bob)
    first.says(ann.user, "the first is looked at")
    world.log.slow_writes = True
    first.says(ann.user, "good")
    first.says(ann.user, "bye")
    world.tasks.start(world.chat.logins.end(first.session))
    world.tasks.drain()
    return first


class TestEnds:
    def test_many_that_end_at_once_take_turns(
        self, world: World, ann: Terminal, bob: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A network may go down, and each of the users be in a thousand groups."""
        monkeypatch.setattr(login, "ENDED_AT_ONCE", 2)
        devices = [world.log_in(bob) for _ in range(6)]
        world.group(ann, devices[0])
        for device in devices:
            world.tasks.start(world.chat.logins.end(device.session))
        kept = [world.chat.sessions.memberships]
        while world.tasks.turn():
            kept.append(world.chat.sessions.memberships)
        assert kept[0] == 7
        assert kept[-1] == 1
        assert max(before - after for before, after in pairwise(kept)) == 2

    def test_what_was_written_is_in_the_log_when_a_session_has_ended(
        self, world: World, ann: Terminal, bob: User
    ) -> None:
        """A client of version 1 does not wait for the answers."""
        ending(world, ann, bob)
        assert len(world.chat.sessions) == 2
        world.settle()
        assert len(world.chat.sessions) == 1
        assert ann.client.texts[-2:] == ["good", "bye"]

    def test_a_slot_is_kept_until_what_was_written_is_in_the_log(
        self, world: World, ann: Terminal, bob: User
    ) -> None:
        """It is kept even if the node has lost its lease and claims its slots again meanwhile."""
        first = ending(world, ann, bob)
        world.chat.node.suspend()
        world.tasks.run(world.chat.node.resume())
        world.passes(1.0)
        assert world.tasks.run(world.slots.own("alone")) == [first.session.claim]
        world.settle()
        assert world.tasks.run(world.slots.own("alone")) == []

    def test_an_end_is_idempotent(self, world: World, bob: User) -> None:
        """A second end does not affect the session that has begun since."""
        first = world.log_in_version1(bob)
        first.leaves()
        second = world.log_in_version1(bob)
        first.leaves()
        assert world.chat.sessions.of(bob.id) == (second.session,)
        with pytest.raises(AlreadyOnline):
            world.log_in_version1(bob)

    def test_presence_is_of_all_sessions(self, world: World, bob: User) -> None:
        """A user is online until their last session ends."""
        first, second = world.log_in(bob), world.log_in_version1(bob)
        first.leaves()
        assert set(world.tasks.run(world.presence.where([bob.id]))) == {bob.id}
        second.leaves()
        assert set(world.tasks.run(world.presence.where([bob.id]))) == set()


def test_a_session_sits_down_where_the_node_is(
    world: World, ann: Terminal, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session makes up for what was applied while its groups were being read."""
    group = world.group(ann)
    world.log.slow_reads = True
    client = RecordingClient()
    begun = []

    async def begin() -> None:
        begun.append(await world.chat.logins.begin_device(bob, client, "phone"))

    world.tasks.start(begin())
    world.tasks.drain()
    read = world.log.reading.popleft()
    world.log.slow_reads = False
    opening = finished(world.log.inner.opening(bob.id))
    world.tasks.run(_join(world, bob, group))
    monkeypatch.setattr(world.log.inner, "opening", _answering(opening))
    read()  # what was read before the join
    world.tasks.drain()
    session = begun[0].session
    assert session.groups == {group}
    ann.says_to_group(group, "welcome")
    world.chat.logins.ready(session)
    world.tasks.drain()
    assert client.texts == ["welcome"]


def _answering(opening: Opening) -> Callable[[int], Awaitable[Opening]]:
    async def answer(_: int) -> Opening:
        return opening

    return answer


async def _join(world: World, user: User, group: int) -> None:
    await world.chat.groups.join(user, group)


def test_a_session_waits_for_what_another_node_has_written(
    world: World, ann: Terminal, bob: User
) -> None:
    """Its groups are read at a position that this node has not applied yet."""
    entry = Entry(pair(ann.user.id, bob.id), TEXT, ann.user.id, "Ann", "c1", "from elsewhere")
    batch = Batch((entry,), world.chat.follower.epoch, 0, EntryRef())
    world.log.inner.commit(batch)
    client = RecordingClient()
    world.tasks.start(_begin(world, bob, client))
    world.tasks.drain()
    assert len(world.chat.sessions) == 1
    world.passes(0.02)
    assert len(world.chat.sessions) == 2
    assert client.texts == ["from elsewhere"]


async def _begin(world: World, user: User, client: RecordingClient) -> None:
    start = await world.chat.logins.begin_device(user, client, "phone")
    world.chat.logins.ready(start.session)
