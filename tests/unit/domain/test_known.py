"""Addresses from which somebody has logged in before."""

import pytest

from chat_domain.fairness import known
from chat_domain.fairness.known import KNOWN_FOR, KnownAddresses
from chat_domain.fairness.networks import Networks

HERE, THERE = "192.0.2.1", "198.51.100.7"


@pytest.fixture
def addresses(monkeypatch: pytest.MonkeyPatch) -> KnownAddresses:
    """The memory has room for two addresses and knows HERE."""
    monkeypatch.setattr(known, "REMEMBERED", 2)
    addresses = KnownAddresses(Networks())
    addresses.logged_in(HERE, 0.0)
    return addresses


def test_it_is_known_for_a_month(addresses: KnownAddresses) -> None:
    """The month begins with the last login from there."""
    assert not addresses.is_known(THERE, 0.0)
    assert addresses.is_known(HERE, KNOWN_FOR)
    assert not addresses.is_known(HERE, KNOWN_FOR + 1)
    addresses.logged_in(HERE, 10.0)
    assert addresses.is_known(HERE, KNOWN_FOR + 1)


def test_the_least_recent_one_is_forgotten(addresses: KnownAddresses) -> None:
    """The memory has a bound."""
    addresses.logged_in("192.0.2.2", 1.0)
    addresses.logged_in(HERE, 2.0)
    addresses.logged_in("192.0.2.3", 3.0)
    assert addresses.is_known(HERE, 3.0)
    assert not addresses.is_known("192.0.2.2", 3.0)


def test_all_of_a_wide_network_is_known(addresses: KnownAddresses) -> None:
    """A network's 65,536 narrower ones take one place, and a phone may move between them."""
    for number in range(1000):
        addresses.logged_in(f"2001:db8:1:{number:x}::/64", 1.0)
    assert addresses.is_known(HERE, 1.0)
    assert addresses.is_known("2001:db8:1:ffff::/64", 1.0)
    assert not addresses.is_known("2001:db8:2:1::/64", 1.0)
