"""The bytes that a node holds for all strangers together."""

import json

import pytest

from chat_domain.fairness.guard import Guard
from chat_domain.fairness.limits import STRANGERS_FRAME, UNLIMITED, Limits
from chat_domain.fairness.origins import StrangersBudget

MIB = 1024 * 1024


@pytest.fixture
def guard() -> Guard:
    return Guard(Limits(strangers_mib=1))


def take_all(guard: Guard, peers: list[str]) -> int:
    """Return how many bytes these addresses can get together."""
    budget, before = guard.strangers_budget, guard.strangers_budget.held
    origins = [guard.origins.enter(peer) for peer in peers]
    while any(budget.reserve(origin, 1024) for origin in origins):
        pass
    return budget.held - before


def test_ten_addresses_leave_room(guard: Guard) -> None:
    """No address has more than a tenth of what the others leave."""
    held = take_all(guard, [f"192.0.2.{number}" for number in range(10)])
    assert held == pytest.approx((1 - (10 / 11) ** 10) * MIB, rel=0.02)
    somebody = guard.origins.enter("198.51.100.1")
    assert guard.strangers_budget.reserve(somebody, STRANGERS_FRAME)


def test_thousands_keep_to_the_bound(guard: Guard) -> None:
    """Together, they do not get more than the limit."""
    peers = [f"10.0.{number // 256}.{number % 256}" for number in range(3000)]
    assert MIB * 0.9 < take_all(guard, peers) <= MIB


def test_networks_count_together(guard: Guard) -> None:
    """A network of 48 bits gets four times as much as an address."""
    peers = [f"2001:db8:1:{number * 256:x}::1" for number in range(256)]
    assert take_all(guard, peers) == pytest.approx(MIB * 4 / 14, rel=0.02)


@pytest.mark.parametrize("peer", ["192.0.2.1", "2001:db8:1:1::1"])
def test_what_is_given_back_is_free(guard: Guard, peer: str) -> None:
    """Those who come next can have it, in the networks around an address as well."""
    budget, here = guard.strangers_budget, guard.origins.enter(peer)
    for _ in range(10):
        assert budget.reserve(here, MIB // 12)
        assert not budget.reserve(here, MIB // 12)
        budget.release(here, MIB // 12)
    assert (budget.held, {one.held for one in here.lineage()}) == (0, {0})


def test_no_limit() -> None:
    """A setting of zero lifts the limit."""
    guard = Guard(UNLIMITED)
    assert guard.strangers_budget.reserve(guard.origins.enter("192.0.2.1"), 10**12)
    assert StrangersBudget(0).limit == 0


@pytest.mark.parametrize("request_", [{"msgid": 1000, "v": 2}, {"msgid": 1003}])
def test_the_longest_login_fits_into_a_strangers_frame(request_: dict[str, int]) -> None:
    """Its letters, and how they are escaped, do not matter."""
    longest = {**request_, "name": "\U0001f600" * 50, "password": "\U0001f600" * 128, "seq": 2**53}
    assert len(json.dumps(longest)) < STRANGERS_FRAME / 2
