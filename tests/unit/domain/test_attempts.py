"""What failed logins cost, and whom."""

import pytest

from chat_domain.errors import TooManyFailures
from chat_domain.fairness import attempts
from chat_domain.fairness.attempts import LONGEST_FOR_ACCOUNT, LONGEST_WAIT, Attempts

HERE, THERE = "192.0.2.1", "198.51.100.7"


def fail_until_refused(guard: Attempts, who: int | str, origin: str, now: float) -> int:
    """How many attempts were let through."""
    for count in range(1000):
        try:
            guard.begin(who, origin, now)
        except TooManyFailures:
            return count
    raise AssertionError("it was never refused")


def test_the_first_failures_cost_nothing() -> None:
    """Everybody mistypes."""
    guard = Attempts(3)
    assert [guard.begin("ann", HERE, 0.0).wait for _ in range(3)] == [0.0, 0.0, 0.0]


def test_further_ones_wait_for_longer_and_longer() -> None:
    """Each a while after the one before, and none for ever."""
    guard = Attempts(3)
    waits = [guard.begin("ann", HERE, 0.0).wait for _ in range(6)]
    assert waits == sorted(waits)
    assert 0 < waits[-1] <= LONGEST_WAIT


def test_many_at_once_gain_nothing() -> None:
    """They count when they begin, so that of a thousand at once a few are tried."""
    assert fail_until_refused(Attempts(3), "ann", HERE, 0.0) < 10


def test_a_refusal_counts_for_nothing() -> None:
    """Who asks during the pause is let in after it all the same."""
    guard = Attempts(3)
    fail_until_refused(guard, "ann", HERE, 0.0)
    with pytest.raises(TooManyFailures) as refusal:
        guard.begin("ann", HERE, 1.0)
    assert guard.begin("ann", HERE, 1.0 + refusal.value.seconds).wait <= LONGEST_WAIT


def test_nobody_is_locked_out_from_elsewhere() -> None:
    """Whatever an account has suffered, another address waits for less than two seconds."""
    guard = Attempts(3)
    for number in range(5000):
        guard.begin("ann", f"address {number}", 0.0)
    assert guard.begin("ann", THERE, 0.0).wait <= LONGEST_FOR_ACCOUNT < 2


def test_another_account_is_not_touched() -> None:
    """From the same address, too."""
    guard = Attempts(3)
    fail_until_refused(guard, "ann", HERE, 0.0)
    assert guard.begin("bob", HERE, 0.0).wait == 0


def test_the_waiting_does_not_tell_that_a_name_is_somebody_s() -> None:
    """It would, if failures by id counted for the name; so a guesser has as many by each."""
    guard = Attempts(3)
    for user_id in range(1, 100):
        fail_until_refused(guard, user_id, HERE, 0.0)
    assert guard.begin("ann", HERE, 0.0).wait == 0


def test_a_success_clears_the_pair() -> None:
    """And nobody else's record."""
    guard = Attempts(3)
    fail_until_refused(guard, "ann", THERE, 0.0)
    for _ in range(10):
        guard.succeeded(guard.begin("ann", HERE, 0.0), 0.0)
    assert guard.begin("ann", HERE, 0.0).wait == 0
    with pytest.raises(TooManyFailures):
        guard.begin("ann", THERE, 0.0)


def test_what_was_not_tried_does_not_count() -> None:
    """A busy server is not the client's fault."""
    guard = Attempts(3)
    for _ in range(100):
        guard.not_made(guard.begin("ann", HERE, 0.0), 0.0)
    assert guard.begin("ann", HERE, 0.0).wait == 0


def test_time_heals() -> None:
    """A quarter of an hour without an attempt, and all is forgotten."""
    guard = Attempts(3)
    fail_until_refused(guard, "ann", HERE, 0.0)
    assert guard.begin("ann", HERE, attempts.FORGOTTEN_AFTER + 1).wait == 0


def test_no_limit() -> None:
    """Zero lifts it."""
    guard = Attempts(0)
    assert all(guard.begin("ann", HERE, 0.0).wait == 0 for _ in range(1000))


def test_what_is_remembered_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """The least recent record is forgotten first."""
    monkeypatch.setattr(attempts, "REMEMBERED", 10)
    guard = Attempts(3)
    fail_until_refused(guard, "ann", HERE, 0.0)
    for number in range(10):
        guard.begin(f"user {number}", HERE, 0.0)
    assert guard.begin("ann", HERE, 0.0).wait == 0
