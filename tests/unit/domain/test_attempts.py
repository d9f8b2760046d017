"""What failed logins cost, and whom they cost it."""

import tracemalloc

import pytest

from chat_domain.errors import TooManyFailures
from chat_domain.fairness import attempts, known
from chat_domain.fairness.attempts import (
    FORGOTTEN_AFTER,
    LONGEST_FOR_ACCOUNT,
    LONGEST_WAIT,
    Attempt,
    Attempts,
    Record,
    Records,
)
from chat_domain.fairness.known import KNOWN_FOR

HERE, THERE = "192.0.2.1", "198.51.100.7"


def fail_until_refused(guard: Attempts, who: int | str, origin: str, now: float) -> int:
    """Return how many attempts the guard let through."""
    for count in range(1000):
        try:
            guard.begin(who, origin, now)
        except TooManyFailures:
            return count
    raise AssertionError("it was never refused")


def test_the_first_failures_cost_nothing() -> None:
    """Everybody mistypes a password sometimes."""
    guard = Attempts(3)
    assert [guard.begin("ann", HERE, 0.0).wait for _ in range(3)] == [0.0, 0.0, 0.0]


def test_further_ones_wait_for_longer_and_longer() -> None:
    """Each attempt waits for at least as long as the one before, up to a bound."""
    guard = Attempts(3)
    waits = [guard.begin("ann", HERE, 0.0).wait for _ in range(6)]
    assert waits == sorted(waits)
    assert 0 < waits[-1] <= LONGEST_WAIT


def test_many_at_once_gain_nothing() -> None:
    """An attempt counts from its beginning, so only a few of a thousand concurrent ones are
    tried."""
    assert fail_until_refused(Attempts(3), "ann", HERE, 0.0) < 10


def test_a_refusal_counts_for_nothing() -> None:
    """A client that asked during the pause is let in after it all the same."""
    guard = Attempts(3)
    fail_until_refused(guard, "ann", HERE, 0.0)
    with pytest.raises(TooManyFailures) as refusal:
        guard.begin("ann", HERE, 1.0)
    assert guard.begin("ann", HERE, 1.0 + refusal.value.seconds).wait <= LONGEST_WAIT


def test_nobody_is_locked_out_from_elsewhere() -> None:
    """However often an account has been attacked, another address waits for less than two
    seconds."""
    guard = Attempts(3)
    for number in range(5000):
        guard.begin("ann", f"address {number}", 0.0)
    assert guard.begin("ann", THERE, 0.0).wait <= LONGEST_FOR_ACCOUNT < 2


def test_another_account_is_not_touched() -> None:
    """Another account does not wait, even from the same address."""
    guard = Attempts(3)
    fail_until_refused(guard, "ann", HERE, 0.0)
    assert guard.begin("bob", HERE, 0.0).wait == 0


def test_the_waiting_does_not_tell_that_a_name_is_somebody_s() -> None:
    """Failures by id do not count for the name, or the wait would tell that they belong together.
    So a guesser has the free failures twice."""
    guard = Attempts(3)
    for user_id in range(1, 100):
        fail_until_refused(guard, user_id, HERE, 0.0)
    assert guard.begin("ann", HERE, 0.0).wait == 0


def test_a_success_clears_the_pair() -> None:
    """The records of other addresses stay."""
    guard = Attempts(3)
    fail_until_refused(guard, "ann", THERE, 0.0)
    for _ in range(10):
        guard.succeeded(guard.begin("ann", HERE, 0.0), 0.0)
    assert guard.begin("ann", HERE, 0.0).wait == 0
    with pytest.raises(TooManyFailures):
        guard.begin("ann", THERE, 0.0)


def test_what_was_not_tried_does_not_count() -> None:
    """If the server was too busy to try the password, the client is not to blame."""
    guard = Attempts(3)
    for _ in range(100):
        guard.cancel(guard.begin("ann", HERE, 0.0))
    assert guard.begin("ann", HERE, 0.0).wait == 0


def test_time_heals() -> None:
    """After a quarter of an hour without an attempt, the failures are forgotten."""
    guard = Attempts(3)
    fail_until_refused(guard, "ann", HERE, 0.0)
    assert guard.begin("ann", HERE, FORGOTTEN_AFTER + 1).wait == 0


def test_no_limit() -> None:
    """A setting of zero lifts the limit."""
    guard = Attempts(0)
    assert all(guard.begin("ann", HERE, 0.0).wait == 0 for _ in range(1000))


class TestPushingOut:
    """Somebody has guessed Ann's password, and would like the guard to forget that."""

    @pytest.fixture
    def guard(self, monkeypatch: pytest.MonkeyPatch) -> Attempts:
        """A guard that keeps ten records of each kind, and remembers the guesses."""
        monkeypatch.setattr(attempts, "REMEMBERED", 10)
        guard = Attempts(3)
        fail_until_refused(guard, "ann", HERE, 0.0)
        return guard

    def assert_remembers(self, guard: Attempts) -> None:
        with pytest.raises(TooManyFailures):
            guard.begin("ann", HERE, 0.0)

    def test_what_came_to_nothing_does_not_push_out(self, guard: Attempts) -> None:
        """An attempt that was not tried leaves no record, such as one that a busy server
        refused."""
        for number in range(1000):
            guard.cancel(guard.begin(f"user {number}", HERE, 0.0))
        self.assert_remembers(guard)

    def test_free_failures_do_not_push_out(self, guard: Attempts) -> None:
        """Failures that do not have to wait yet, and cost one hash each, push out none that
        have."""
        for number in range(1000):
            for _ in range(2):
                guard.begin(f"user {number}", HERE, 0.0)
        self.assert_remembers(guard)

    def test_refusals_do_not_push_out(self, guard: Attempts) -> None:
        """Refusals are not counted at all."""
        fail_until_refused(guard, "bob", HERE, 0.0)
        for _ in range(1000):
            with pytest.raises(TooManyFailures):
                guard.begin("bob", HERE, 0.0)
        self.assert_remembers(guard)

    def test_only_as_many_who_have_to_wait_do(self, guard: Attempts) -> None:
        """The memory has a bound, so enough records that have to wait do push out the oldest."""
        for number in range(10):
            for _ in range(3):
                guard.begin(f"user {number}", HERE, 0.0)
        assert guard.begin("ann", HERE, 0.0).wait == 0


def test_the_table_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the two kinds of records has its bound; the least recently used one goes first."""
    monkeypatch.setattr(attempts, "REMEMBERED", 10)
    table = Records()
    for number in range(100):
        for free in (1, 2):
            table.add(b"%d %d" % (free, number), Record(free), 0.0)
    assert len(table) == 20
    for free in (1, 2):
        kept = [table.find(b"%d %d" % (free, number), 9, 0.0).failures for number in range(100)]
        assert kept == [0] * 90 + [1] * 10


def test_a_long_name_takes_no_more_memory() -> None:
    """The guard does not keep the name, or names of a thousand characters could fill the memory."""
    guard = Attempts(3)
    names = [f"{number}" + "漢" * 1000 for number in range(1000)]
    tracemalloc.start()
    for name in names:
        guard.begin(name, HERE, 0.0)
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 1000 * 1000
    del names


class TestNetworks:
    """IPv6 networks: each customer has 256 or more of the narrowest ones."""

    def guesses(self, guard: Attempts, who: str) -> int:
        """Return how many attempts get through at once, one from each of 4,096 networks of 64
        bits."""
        made = 0
        for number in range(0, 0x10000, 0x10):
            try:
                guard.begin(who, f"2001:db8:1:{number:x}::/64", 0.0)
            except TooManyFailures:
                continue
            made += 1
        return made

    def test_all_of_them_guess_together(self) -> None:
        """Thousands of networks gain at most a few times what one address gains."""
        assert self.guesses(Attempts(3), "ann") < 4 * 10

    def test_one_of_them_guesses_no_more_than_an_address(self) -> None:
        """What the wider networks may have is for all of theirs."""
        one = fail_until_refused(Attempts(3), "ann", "2001:db8:1:2::/64", 0.0)
        assert one == fail_until_refused(Attempts(3), "ann", HERE, 0.0)

    def test_another_site_is_not_touched(self) -> None:
        """Neither another IPv6 site nor an IPv4 address has to wait longer for it."""
        guard = Attempts(3)
        self.guesses(guard, "ann")
        assert guard.begin("ann", "2001:db8:2:1::/64", 0.0).wait <= LONGEST_FOR_ACCOUNT
        assert guard.begin("ann", HERE, 0.0).wait <= LONGEST_FOR_ACCOUNT

    def test_a_success_takes_back_only_itself(self) -> None:
        """The failures of others in the wider network still count."""
        guard = Attempts(3)
        door = "2001:db8:1:{:x}::/64"
        for number in range(12):
            guard.begin("ann", door.format(number * 0x100), 0.0)
        own = guard.begin("ann", door.format(0xFFFF), 0.0)
        assert own.wait > 0
        guard.succeeded(own, 0.0)
        assert guard.begin("ann", door.format(0xFEFF), 0.0).wait > 0


class TestUsualAddresses:
    """Addresses from which somebody has logged in to this account before."""

    HOME, NEXT_DOOR = "2001:db8:1:1::/64", "2001:db8:1:2::/64"

    def test_the_owner_never_waits_for_others(self) -> None:
        """Neither guesses from elsewhere nor those of a neighbour in the wider network delay the
        owner."""
        guard = Attempts(3)
        guard.succeeded(guard.begin("ann", self.HOME, 0.0), 0.0)
        for number in range(100):
            guard.begin("ann", f"address {number}", 1.0)
        fail_until_refused(guard, "ann", self.NEXT_DOOR, 1.0)
        with pytest.raises(TooManyFailures):
            guard.begin("ann", "2001:db8:1:3::/64", 1.0)
        assert guard.begin("ann", self.HOME, 1.0).wait == 0

    def test_who_guesses_there_waits_as_anywhere(self) -> None:
        """Somebody else may be using the same address."""
        guard = Attempts(3)
        guard.succeeded(guard.begin("ann", HERE, 0.0), 0.0)
        assert fail_until_refused(guard, "ann", HERE, 0.0) < 10

    def test_it_is_usual_for_this_account_alone(self) -> None:
        """Logging in to one's own account does not help to guess the passwords of others."""
        guard = Attempts(3)
        guard.succeeded(guard.begin("own", HERE, 0.0), 0.0)
        for number in range(100):
            guard.begin("ann", f"address {number}", 1.0)
        assert guard.begin("ann", HERE, 1.0).wait > 0

    def test_it_is_forgotten(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The guard forgets it after some weeks, or as the least recent one of too many."""
        monkeypatch.setattr(known, "REMEMBERED", 2)
        guard = Attempts(3)

        def waits(who: str, now: float) -> bool:
            begun: list[Attempt] = [guard.begin(who, f"address {n}", now) for n in range(40)]
            own = guard.begin(who, HERE, now)
            for one in (*begun, own):
                guard.cancel(one)
            return own.wait > 0

        for who in ("ann", "bob"):
            guard.succeeded(guard.begin(who, HERE, 0.0), 0.0)
        assert not waits("ann", KNOWN_FOR)
        assert waits("ann", KNOWN_FOR + 1)
        guard.succeeded(guard.begin("cid", HERE, 1.0), 1.0)
        assert waits("ann", 1.0)
        assert not waits("bob", 1.0)
