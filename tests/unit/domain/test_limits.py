"""Rates, and what an origin, a connection and a user may do."""

import contextlib
from collections.abc import Sequence

import attrs
import pytest

from chat_domain.errors import (
    AlreadyFriends,
    GroupFull,
    RegistrationClosed,
    TooManyConnections,
    TooManyFriends,
    TooManyGroups,
    TooManyRegistrations,
)
from chat_domain.fairness import meter, origins
from chat_domain.fairness.buckets import Bucket, try_spend_all
from chat_domain.fairness.guard import Guard
from chat_domain.fairness.known import Known
from chat_domain.fairness.limits import MIB, UNLIMITED, Counters, Limits
from chat_domain.fairness.networks import Networks
from chat_domain.fairness.origins import Origin, Origins
from chat_domain.groups import membership
from chat_domain.groups.membership import GroupMembership
from chat_domain.model import Group, User
from chat_domain.people.friends import FriendList
from tests.unit.world import World


class TestBucket:
    def test_a_burst_is_free(self) -> None:
        """Nothing has to wait until the burst is used up."""
        bucket = Bucket(10, 100)
        assert [bucket.spend(25, 0.0) for _ in range(4)] == [0.0] * 4

    def test_beyond_it_the_rate_counts(self) -> None:
        """What was spent is paid off at this rate."""
        bucket = Bucket(10, 100)
        assert bucket.spend(120, 0.0) == 2.0
        assert bucket.spend(0, 2.0) == 0.0
        assert bucket.spend(10, 2.0) == 1.0

    def test_what_cannot_be_afforded_is_not_spent(self) -> None:
        """It can be afforded later."""
        bucket = Bucket(1, 2)
        assert [bucket.try_spend(1, 0.0) for _ in range(3)] == [True, True, False]
        assert bucket.try_spend(1, 1.0)

    def test_what_one_of_several_cannot_afford_costs_none_of_them(self) -> None:
        """Nor does any of them gain by it."""
        rich, poor = Bucket(1, 2), Bucket(1, 0)
        assert rich.try_spend(1, 0.0)
        assert not try_spend_all([rich, poor], 0.0)
        assert [rich.try_spend(1, 0.0) for _ in range(2)] == [True, False]

    def test_a_rate_of_zero_is_no_limit(self) -> None:
        """Nothing has to wait, however much is spent."""
        assert Bucket(0, 0).spend(10**9, 0.0) == 0.0
        assert Bucket(0, 0).try_spend(10**9, 0.0)


def doors_of(limits: Limits, counters: Counters) -> Origins:
    return Origins(limits, counters, Networks(), Known[str]())


def register(guard: Guard, origin: Origin, now: float) -> None:
    """Register a user over a new connection."""
    guard.register(guard.meter(origin), now)


class TestConnections:
    def test_an_address_has_a_share(self) -> None:
        """An address that has used up its share is refused; others are still let in."""
        counters = Counters()
        doors = doors_of(Limits(connections_per_address=2), counters)
        first = doors.enter("192.0.2.1")
        doors.enter("192.0.2.1", 60.0)
        with pytest.raises(TooManyConnections):
            doors.enter("192.0.2.1", 120.0)
        doors.enter("192.0.2.2", 120.0)
        doors.leave(first, stranger=True)
        doors.enter("192.0.2.1", 180.0)
        assert counters.connections_refused_by_address == 1

    def test_a_node_has_room_for_so_many(self) -> None:
        """Further connections are refused, whatever their address."""
        counters = Counters()
        doors = doors_of(Limits(connections=2), counters)
        doors.enter("192.0.2.1")
        doors.enter("192.0.2.2")
        with pytest.raises(TooManyConnections):
            doors.enter("192.0.2.3")
        assert counters.connections_refused == 1

    def take_all(self, doors: Origins, peers: Sequence[str]) -> int:
        """Let each of these addresses in turn open as many connections as it can. Return their
        number."""
        before = doors.connections
        for peer in peers:
            with contextlib.suppress(TooManyConnections):
                while True:
                    doors.enter(peer, 0.0)
        return doors.connections - before

    @pytest.mark.parametrize(("known", "part"), [(False, 0.75), (True, 1.0)])
    def test_ten_addresses_leave_room(self, known: bool, part: float) -> None:
        """No address may have more than a tenth of what is left. A fourth is kept for addresses
        from which somebody has logged in before."""
        doors = doors_of(Limits(connections=1000, connections_per_address=1000), Counters())
        peers = [f"192.0.2.{number}" for number in range(10)]
        for peer in peers if known else []:
            here = doors.enter(peer)
            doors.logged_in(here, 0.0)
            doors.leave(here, stranger=False)
        held = 1000 * part * (1 - (10 / 11) ** 10)
        assert self.take_all(doors, peers) == pytest.approx(held, rel=0.02)
        doors.enter("198.51.100.1", 1.0)

    def test_what_is_kept_is_for_known_addresses(self) -> None:
        """Thousands of other addresses cannot take it."""
        doors = doors_of(Limits(connections=100), Counters())
        here = doors.enter("198.51.100.1")
        doors.logged_in(here, 0.0)
        doors.leave(here, stranger=False)
        assert self.take_all(doors, [f"192.0.2.{number}" for number in range(200)]) == 75
        with pytest.raises(TooManyConnections):
            doors.enter("192.0.2.200")
        doors.enter("198.51.100.1")
        doors.enter("198.51.100.1")
        assert doors.connections == 77

    def test_an_address_becomes_known_with_all_its_connections(self) -> None:
        """None of them counts as a connection of an unknown address any more."""
        doors = doors_of(Limits(connections=100), Counters())
        here = [doors.enter("198.51.100.1") for _ in range(6)]
        doors.logged_in(here[0], 0.0)
        assert self.take_all(doors, [f"192.0.2.{number}" for number in range(100)]) == 75
        for origin in here[1:]:
            doors.leave(origin, stranger=True)
        doors.leave(here[0], stranger=False)
        with pytest.raises(TooManyConnections):
            doors.enter("192.0.2.100")

    def test_users_fill_a_node_to_the_last(self) -> None:
        """After another node's death, this node knows none of its users' addresses, but they log in
        at once."""
        doors = doors_of(Limits(connections=100), Counters())
        for number in range(100):
            doors.logged_in(doors.enter(f"192.0.2.{number}"), 0.0)
        with pytest.raises(TooManyConnections):
            doors.enter("192.0.2.100")

    def test_without_limits_for_addresses_all_are_alike(self) -> None:
        """Behind a proxy, all clients have one address."""
        doors = doors_of(Limits(connections=100, connections_per_address=0), Counters())
        assert self.take_all(doors, ["192.0.2.1"]) == 100

    def test_who_has_gone_is_remembered_for_a_while(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Reconnecting does not reset what an address has used up. The memory has a bound."""
        monkeypatch.setattr(origins, "REMEMBERED", 2)
        guard = Guard(Limits(registrations_per_hour=1))
        doors = guard.origins
        here = doors.enter("192.0.2.1")
        register(guard, here, 0.0)
        doors.leave(here, stranger=True)
        assert doors.enter("192.0.2.1") is here
        doors.leave(here, stranger=True)
        for number in range(2):
            other = doors.enter(f"198.51.100.{number}")
            register(guard, other, 0.0)
            doors.leave(other, stranger=True)
        assert doors.enter("192.0.2.1") is not here

    def test_who_comes_and_goes_has_to_slow_down(self) -> None:
        """In a second, an address may open a tenth of the connections that it may have."""
        doors = doors_of(Limits(connections_per_address=20), Counters())

        def come_and_go(now: float) -> None:
            doors.leave(doors.enter("192.0.2.1", now), stranger=True)

        for _ in range(20):
            come_and_go(0.0)
        with pytest.raises(TooManyConnections):
            come_and_go(0.0)
        doors.enter("192.0.2.2", 0.0)
        for _ in range(2):
            come_and_go(1.0)
        with pytest.raises(TooManyConnections):
            come_and_go(1.0)


class TestStrangers:
    def test_a_few_may_take_their_time(self) -> None:
        """A person may stay at a menu for a while, but not forever, and not in the middle of a
        frame."""
        doors = doors_of(Limits(login_seconds=30, menu_seconds=600), Counters())
        here = doors.enter("192.0.2.1")
        assert not doors.outstayed(here, 599)
        assert doors.outstayed(here, 600)
        assert not doors.outstayed(here, 599, dawdling=29)
        assert doors.outstayed(here, 31, dawdling=30)

    @pytest.mark.parametrize("menu_seconds", [1, 30])
    def test_an_operator_may_let_nobody_take_longer(self, menu_seconds: int) -> None:
        """If the menu time is no longer than the login time, only the login time counts."""
        doors = doors_of(Limits(login_seconds=30, menu_seconds=menu_seconds), Counters())
        here = doors.enter("192.0.2.1")
        assert not doors.outstayed(here, 29)
        assert doors.outstayed(here, 30)

    def test_a_crowd_has_to_hurry(self) -> None:
        """Connections of another address do not belong to the crowd."""
        doors = doors_of(Limits(login_seconds=30), Counters())
        there = doors.enter("192.0.2.2")
        here, *_ = [doors.enter("192.0.2.1") for _ in range(origins.CROWD + 1)]
        assert doors.outstayed(here, 30)
        assert not doors.outstayed(here, 29)
        assert not doors.outstayed(there, 30)
        doors.logged_in(here, 0.0)
        assert not doors.outstayed(here, 30)

    def test_many_crowds_make_everybody_hurry(self) -> None:
        """They do so once a fourth of all connections are waiting to log in."""
        doors = doors_of(Limits(login_seconds=30, connections=40), Counters())
        here, *_ = [doors.enter(f"192.0.2.{number}") for number in range(11)]
        assert doors.outstayed(here, 30)

    def test_many_crowds_do_not_hurry_who_is_known(self) -> None:
        """The C++ server's client shows its menu before each login, and its user should not notice
        a crowd."""
        doors = doors_of(Limits(login_seconds=30, connections=40), Counters())
        here = doors.enter("198.51.100.1")
        doors.logged_in(here, 0.0)
        doors.logged_out(here)
        assert [doors.enter(f"192.0.2.{number}") for number in range(11)]
        assert not doors.outstayed(here, 30)
        assert doors.outstayed(here, 600)

    def test_no_limit(self) -> None:
        """A setting of zero lifts the limit."""
        doors = doors_of(UNLIMITED, Counters())
        assert not doors.outstayed(doors.enter("192.0.2.1"), 10**9)


class TestRegistrations:
    def test_an_address_makes_so_many_in_an_hour(self) -> None:
        """They may come all at once. Another address is not affected."""
        guard = Guard(Limits(registrations_per_hour=60))
        here, there = guard.origins.enter("192.0.2.1"), guard.origins.enter("192.0.2.2")
        for _ in range(60):
            register(guard, here, 0.0)
        with pytest.raises(TooManyRegistrations):
            register(guard, here, 0.0)
        register(guard, there, 0.0)
        register(guard, here, 61.0)
        assert guard.counters.registrations_refused == 1

    def test_a_connection_makes_a_tenth_of_that(self) -> None:
        """Neither failed registrations nor those of other connections count."""
        guard = Guard(Limits(registrations_per_hour=60))
        here = guard.origins.enter("192.0.2.1")
        connection = guard.meter(here)
        for _ in range(10):
            guard.register(connection, 0.0)
            guard.cancel_registration(connection)
        for _ in range(6):
            guard.register(connection, 0.0)
        with pytest.raises(TooManyRegistrations):
            guard.register(connection, 0.0)
        for _ in range(54):
            register(guard, here, 0.0)

    def test_a_closed_server_takes_none(self) -> None:
        """It refuses with the reason that registration is closed."""
        guard = Guard(registration_open=False)
        with pytest.raises(RegistrationClosed):
            register(guard, guard.origins.enter("192.0.2.1"), 0.0)
        assert guard.counters.registrations_closed == 1


class TestMeter:
    def of_user(self, guard: Guard, peer: str) -> meter.Meter:
        one = guard.meter(guard.origins.enter(peer))
        one.logged_in()
        return one

    def send(self, one: meter.Meter, frames: int, now: float, *, free: int = 0) -> float:
        one.frames += frames
        one.free += free
        one.bytes += 30 * frames
        return one.charge(now)

    def test_a_pause_is_short(self) -> None:
        """It has an upper bound, however much was sent."""
        guard = Guard(Limits(frames_per_second=10))
        one = self.of_user(guard, "192.0.2.1")
        assert self.send(one, 100, 0.0) == 0
        assert self.send(one, 5, 0.0) == 0.5
        assert self.send(one, 100_000, 0.0) == meter.LONGEST_PAUSE

    def test_who_goes_on_is_to_be_cut(self) -> None:
        """A client that is only busy now and then is not cut."""
        guard = Guard(Limits(frames_per_second=10))
        one = self.of_user(guard, "192.0.2.1")
        for now in range(int(meter.FLOOD_SECONDS) + 1):
            assert not one.is_flooding()
            self.send(one, 200, float(now))
        assert one.is_flooding()
        quiet = self.of_user(guard, "192.0.2.2")
        for now in range(0, 1000, 100):
            self.send(quiet, 200, float(now))
        assert not quiet.is_flooding()

    def test_signs_of_life_are_free(self) -> None:
        """They cost only if they are a flood themselves."""
        guard = Guard(Limits(frames_per_second=10, address_share=0))
        one = self.of_user(guard, "192.0.2.1")
        assert self.send(one, 1000, 0.0, free=1000) == 0
        assert self.send(one, 100_000, 0.0, free=100_000) > 0

    def test_an_address_has_a_share_for_all_its_connections(self) -> None:
        """Connections that exceed the share pause but are not cut. Another address is not
        affected."""
        guard = Guard(Limits(frames_per_second=10, address_share=2))
        here = guard.origins.enter("192.0.2.1")
        for _ in range(100):
            self.send(guard.meter(here), 50, 0.0)
        shared = guard.meter(here)
        assert self.send(shared, 1, 0.0) == meter.LONGEST_PAUSE
        assert not shared.is_flooding()
        assert self.send(self.of_user(guard, "192.0.2.2"), 50, 0.0) == 0

    def test_a_stranger_may_send_a_tenth(self) -> None:
        """The tenth counts for frames and for bytes. A stranger's signs of life are not free
        either."""
        guard = Guard(Limits(frames_per_second=100, bytes_per_second=10_000, address_share=0))
        pauses = []
        for frames, data in ((100, 0), (0, 10_000), (100, 10_000), (101, 0), (0, 11_000)):
            one = guard.meter(guard.origins.enter("192.0.2.1"))
            one.frames, one.bytes, one.free = frames, data, frames
            pauses.append(one.charge(0.0))
        assert pauses == [0, 0, 0, 0.1, 1.0]

    def test_what_only_users_may_have_weighs_more(self) -> None:
        """No client that has not logged in has a reason to send such requests repeatedly."""
        guard = Guard(Limits(frames_per_second=100))
        one = guard.meter(guard.origins.enter("192.0.2.1"))
        for _ in range(10):
            one.frames += 1
            one.penalize_stray_request()
        assert one.charge(0.0) == 0
        one.frames += 1
        one.penalize_stray_request()
        assert one.charge(0.0) == 1.0

    def test_to_log_in_makes_up_for_nothing(self) -> None:
        """Neither does logging out. A connection's debt as a stranger and its debt as a user each
        stay."""
        guard = Guard(Limits(frames_per_second=10, address_share=0))
        one = guard.meter(guard.origins.enter("192.0.2.1"))
        assert self.send(one, 11, 0.0) == 1.0
        one.logged_in()
        assert self.send(one, 100, 0.0) == 0
        assert self.send(one, 1, 0.0) == 0.1
        one.logged_out()
        assert self.send(one, 1, 0.0) == meter.LONGEST_PAUSE
        one.logged_in()
        assert self.send(one, 1, 0.0) == 0.2


class TestOtherLimits:
    """Limits that change while the server runs also apply to those who are connected."""

    def test_an_address_that_is_known(self) -> None:
        """What it has used up still counts."""
        guard = Guard(Limits(registrations_per_hour=2, connections_per_address=9))
        origin = guard.origins.enter("192.0.2.1")
        for _ in range(2):
            register(guard, origin, 0.0)
        guard.set_limits(Limits(registrations_per_hour=3), registration_open=True)
        register(guard, origin, 0.0)
        with pytest.raises(TooManyRegistrations):
            register(guard, origin, 0.0)
        guard.set_limits(Limits(connections_per_address=1), registration_open=False)
        with pytest.raises(RegistrationClosed):
            register(guard, origin, 0.0)
        with pytest.raises(TooManyConnections):
            guard.origins.enter("192.0.2.1")

    def test_what_strangers_may_leave_waiting(self) -> None:
        """An address may have a tenth of it."""
        guard = Guard(Limits(strangers_mib=1))
        origin = guard.origins.enter("192.0.2.1")
        assert not guard.strangers_budget.reserve(origin, MIB)
        guard.set_limits(Limits(strangers_mib=20), registration_open=True)
        assert guard.strangers_budget.reserve(origin, MIB)

    def test_an_address_that_has_gone(self) -> None:
        """The node remembers it, and the new limit applies when it comes back."""
        guard = Guard(Limits(registrations_per_hour=1))
        origin = guard.origins.enter("192.0.2.1")
        register(guard, origin, 0.0)
        guard.origins.leave(origin, stranger=True)
        guard.set_limits(Limits(registrations_per_hour=2), registration_open=True)
        register(guard, guard.origins.enter("192.0.2.1"), 0.0)

    def test_a_connection_that_is_here(self) -> None:
        """Its meter gets the new limits."""
        guard = Guard(Limits(frames_per_second=10, address_share=0))
        own = guard.meter(guard.origins.enter("192.0.2.1"))
        own.logged_in()
        own.frames = 150
        assert own.charge(0.0) > 0
        own.set_limits(Limits(frames_per_second=100))
        own.frames = 150
        assert own.charge(0.0) == 0.0

    def test_failed_logins(self) -> None:
        """The new number of free failures applies."""
        guard = Guard(Limits(failed_logins=1))
        waits = [guard.attempts.begin("ann", "192.0.2.1", 0.0).wait for _ in range(2)]
        guard.set_limits(Limits(failed_logins=2), registration_open=True)
        waits += [guard.attempts.begin("bob", "192.0.2.1", 0.0).wait for _ in range(2)]
        assert waits == [0.0, 0.25, 0.0, 0.0]


def list_of_one(world: World) -> FriendList:
    return FriendList(
        world.store.users, world.store.friends, world.presence, Guard(Limits(friends_per_user=1))
    )


def test_who_has_the_last_place_on_a_list_is_already_there(world: World) -> None:
    """A client whose answer was lost asks again, and is not told to remove somebody first."""
    ann, bob = world.register("Ann", "Bob")
    friends = list_of_one(world)
    world.tasks.run(friends.add(ann.id, bob.id))
    with pytest.raises(AlreadyFriends):
        world.tasks.run(friends.add(ann.id, bob.id))
    assert friends.guard.counters.friends_refused == 0


def test_a_list_has_so_many_friends(world: World) -> None:
    """A further friend is refused until one is removed."""
    ann, bob, cid = world.register("Ann", "Bob", "Cid")
    friends = list_of_one(world)
    world.tasks.run(friends.add(ann.id, bob.id))
    with pytest.raises(TooManyFriends):
        world.tasks.run(friends.add(ann.id, cid.id))
    assert friends.guard.counters.friends_refused == 1
    world.tasks.run(friends.remove(ann.id, bob.id))
    world.tasks.run(friends.add(ann.id, "cid"))


def groups_of(world: World, limits: Limits) -> GroupMembership:
    return attrs.evolve(world.chat.groups, guard=Guard(limits))


def create(groups: GroupMembership, world: World, user: User, name: str) -> Group:
    return world.tasks.run(groups.create(user, name, ""))[1]


def test_a_user_is_in_so_many_groups(world: World) -> None:
    """The groups that the user has created and those they have joined both count."""
    ann, bob = world.register("Ann", "Bob")
    groups = groups_of(world, Limits(groups_per_user=2))
    first = create(groups, world, ann, "first")
    create(groups, world, ann, "second")
    third = create(groups, world, bob, "third")
    with pytest.raises(TooManyGroups):
        create(groups, world, ann, "fourth")
    with pytest.raises(TooManyGroups):
        world.tasks.run(groups.join(ann, third.id))
    world.tasks.run(groups.leave(ann, first.id))
    world.tasks.run(groups.join(ann, third.id))
    assert groups.guard.counters.groups_refused == 2


def test_a_user_has_been_in_so_many_groups(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that the user has left stay among their conversations. If they did not count, one user
    could make the store look at any number of them for each list. But however few groups an
    operator allows at a time, nobody is soon shut out for good."""
    (ann,) = world.register("Ann")
    groups = groups_of(world, Limits(groups_per_user=2))
    for number in range(11):
        group = create(groups, world, ann, f"group {chr(97 + number)} of many")
        world.tasks.run(groups.leave(ann, group.id))
    monkeypatch.setattr(membership, "EVER_AT_LEAST", 11)
    with pytest.raises(TooManyGroups):
        create(groups, world, ann, "one more")


def test_a_group_has_so_many_members(world: World) -> None:
    """A further user is refused until a member leaves."""
    ann, bob, cid = world.register("Ann", "Bob", "Cid")
    groups = groups_of(world, Limits(members_per_group=2))
    group = create(groups, world, ann, "small")
    world.tasks.run(groups.join(bob, group.id))
    with pytest.raises(GroupFull):
        world.tasks.run(groups.join(cid, group.id))
    world.tasks.run(groups.leave(bob, group.id))
    world.tasks.run(groups.join(cid, group.id))
    assert groups.guard.counters.members_refused == 1
