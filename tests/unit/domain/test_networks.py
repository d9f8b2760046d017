"""IPv6: a customer has a whole network, often 256 or 65,536 of the narrowest ones."""

import contextlib
from collections.abc import Iterator

import pytest

from chat_domain.errors import TooManyConnections, TooManyRegistrations
from chat_domain.fairness import known, origins
from chat_domain.fairness.guard import Guard
from chat_domain.fairness.limits import Limits
from chat_domain.fairness.networks import Networks, Prefix
from chat_domain.fairness.origins import Origin

SITE = "2001:db8:1::/48"
NEIGHBOUR = "2001:db8:2::1"  # in another network of 48 bits
BYSTANDER = "192.0.2.1"


def inside(bits: int) -> Iterator[str]:
    """Addresses in up to 256 networks of 64 bits, evenly spread over a network of `bits` bits."""
    count = 2 ** (64 - bits)
    for number in range(0, count, max(1, count // 256)):
        yield f"2001:db8:1:{number:x}::1"


def register(guard: Guard, origin: Origin, now: float) -> None:
    """Register a user over a new connection."""
    guard.register(guard.meter(origin), now)


@pytest.mark.parametrize(
    ("peer", "name"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix:/run/chat", "unix:/run/chat"),
        ("", ""),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::ffff:c000:201", "192.0.2.1"),
        ("64:ff9b::192.0.2.1", "192.0.2.1"),
        ("2002:c000:201:5::1", "192.0.2.1"),
        ("2001:0:c000:201:5::1", "2001:0:c000:201::/64"),
    ],
)
def test_an_origin_is_what_one_customer_has_at_least(peer: str, name: str) -> None:
    """It is an IPv4 address, however it is written, or an IPv6 network; anything else is itself."""
    assert Networks().name_of(peer) == name


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("192.0.2.1", ["192.0.2.1"]),
        ("unix:/run/chat", ["unix:/run/chat"]),
        ("", [""]),
        ("2001:db8:1:203::/64", [SITE, "2001:db8:1:200::/56", "2001:db8:1:203::/64"]),
    ],
)
def test_the_networks_around_it_count_too(name: str, line: list[str]) -> None:
    """The widest network comes first."""
    assert list(Networks().lineage_of(name)) == line


def test_an_operator_says_which_count() -> None:
    """The operator also says how many times an address's share a wider network may have."""
    networks = Networks((Prefix(60), Prefix(32, 7)))
    name = networks.name_of("2001:db8:1:203::1")
    line = networks.lineage_of(name)
    assert list(line) == ["2001:db8::/32", "2001:db8:1:200::/60"]
    assert networks.factors_of(line) == [7, 1]
    assert networks.factors_of(networks.lineage_of(BYSTANDER)) == [1]


class TestTogether:
    """What a customer's networks do counts for all of them together."""

    def connect(self, guard: Guard, peers: Iterator[str], now: float = 0.0) -> list[Origin]:
        entered = []
        for peer in peers:
            for _ in range(20):
                try:
                    entered.append(guard.origins.enter(peer, now))
                except TooManyConnections:
                    break
        return entered

    @pytest.mark.parametrize(("bits", "times"), [(64, 1), (56, 2), (48, 4)])
    def test_connections(self, bits: int, times: int) -> None:
        """A network of 56 bits may have twice as many as one of 64 bits; one of 48 bits, four times
        as many."""
        guard = Guard(Limits(connections_per_address=10))
        assert len(self.connect(guard, inside(bits))) == times * 10
        guard.origins.enter(NEIGHBOUR)
        guard.origins.enter(BYSTANDER)

    def test_who_is_gone_has_left_all_of_them(self) -> None:
        """So others there find room again."""
        guard = Guard(Limits(connections_per_address=10))
        for origin in self.connect(guard, inside(48)):
            guard.origins.leave(origin, stranger=True)
        assert guard.origins.connections == guard.origins.strangers == 0
        assert len(self.connect(guard, inside(48), now=60.0)) == 40

    def test_coming_and_going(self) -> None:
        """A refused connection counts for none of the networks."""
        guard = Guard(Limits(connections_per_address=10))

        def come_and_go(peer: str, now: float) -> bool:
            try:
                guard.origins.leave(guard.origins.enter(peer, now), stranger=True)
            except TooManyConnections:
                return False
            return True

        assert sum(come_and_go(peer, 0.0) for peer in inside(56)) == 20
        assert not come_and_go("2001:db8:1:ff::1", 0.25)
        assert come_and_go("2001:db8:1:ff::1", 0.5)
        assert sum(come_and_go("2001:db8:1:100::1", 1.0) for _ in range(20)) == 10
        assert come_and_go(BYSTANDER, 1.0)

    def test_registrations(self) -> None:
        """The wider network's limit also stops networks of 64 bits that have registered nobody
        yet."""
        guard = Guard(Limits(registrations_per_hour=5))
        first = [guard.origins.enter(peer) for peer in inside(56)]
        for origin in first[:10]:
            register(guard, origin, 0.0)
        for origin in first:
            with pytest.raises(TooManyRegistrations):
                register(guard, origin, 0.0)
        for peer in ("2001:db8:1:ff00::1", NEIGHBOUR, BYSTANDER):
            register(guard, guard.origins.enter(peer), 0.0)

    def test_one_that_came_to_nothing_counts_for_none(self) -> None:
        """A registration fails, for example, if its name is not valid."""
        guard = Guard(Limits(registrations_per_hour=1))
        here = guard.origins.enter(next(inside(64)))
        for _ in range(10):
            register(guard, here, 0.0)
            guard.cancel_registration(guard.meter(here))

    def test_frames(self) -> None:
        """Clients that send much from there have to pause; a neighbour outside of the network does
        not."""
        guard = Guard(Limits(frames_per_second=10, address_share=1))

        def pause_of(peer: str) -> float:
            meter = guard.meter(guard.origins.enter(peer, 0.0))
            meter.logged_in()
            meter.frames = 20
            return meter.charge(0.0)

        pauses = [pause_of(peer) for peer in inside(56)]
        assert pauses.count(0) == 3  # 60 frames: three seconds' worth of twice ten
        assert pause_of(NEIGHBOUR) == pause_of(BYSTANDER) == 0

    def test_crowds(self) -> None:
        """A network of 56 bits is a crowd with twice as many strangers as one of 64 bits."""
        guard = Guard(Limits(login_seconds=30))
        for number, peer in enumerate(inside(56), start=1):
            here = guard.origins.enter(peer, 0.0)
            assert guard.origins.outstayed(here, 30) is (number > 2 * origins.CROWD)
        assert not guard.origins.outstayed(guard.origins.enter(BYSTANDER), 30)


def test_a_login_makes_all_of_the_widest_network_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The 65,536 narrower ones in it take one place, and a phone may move between them."""
    monkeypatch.setattr(known, "REMEMBERED", 2)
    doors = Guard().origins
    for peer in (BYSTANDER, *inside(48)):
        doors.logged_in(doors.enter(peer), 0.0)
    assert doors.enter(BYSTANDER).known
    assert doors.enter("2001:db8:1:ffff::1").known
    assert not doors.enter(NEIGHBOUR).known


def test_what_is_remembered_cannot_be_pushed_out_by_narrow_networks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A client that has registered cannot use its thousands of other addresses to be forgotten."""
    monkeypatch.setattr(origins, "REMEMBERED", 10)
    guard = Guard(Limits(registrations_per_hour=1))

    def register_from(peer: str) -> None:
        here = guard.origins.enter(peer, 0.0)
        try:
            register(guard, here, 0.0)
        finally:
            guard.origins.leave(here, stranger=True)

    register_from(BYSTANDER)
    register_from("2001:db8:1:1::1")
    register_from("2001:db8:1:101::1")
    for number in range(2, 200):  # the first two may register
        with contextlib.suppress(TooManyRegistrations):
            register_from(f"2001:db8:1:{number:x}00::1")
    for peer in (BYSTANDER, "2001:db8:1:ffff::1"):
        with pytest.raises(TooManyRegistrations):
            register_from(peer)
