"""Addresses from which somebody has logged in before."""

import pytest

from chat_domain.fairness import known
from chat_domain.fairness.known import KNOWN_FOR, Known

HERE, THERE = "192.0.2.1", "198.51.100.7"


@pytest.fixture
def addresses(monkeypatch: pytest.MonkeyPatch) -> Known[str]:
    """The memory has room for two addresses and knows HERE."""
    monkeypatch.setattr(known, "REMEMBERED", 2)
    addresses = Known[str]()
    addresses.logged_in(HERE, 0.0)
    return addresses


def test_it_is_known_for_a_month(addresses: Known[str]) -> None:
    """The month begins with the last login from there."""
    assert not addresses.is_known(THERE, 0.0)
    assert addresses.is_known(HERE, KNOWN_FOR)
    assert not addresses.is_known(HERE, KNOWN_FOR + 1)
    addresses.logged_in(HERE, 10.0)
    assert addresses.is_known(HERE, KNOWN_FOR + 1)


def test_the_least_recent_one_is_forgotten(addresses: Known[str]) -> None:
    """The memory has a bound."""
    addresses.logged_in("192.0.2.2", 1.0)
    addresses.logged_in(HERE, 2.0)
    addresses.logged_in("192.0.2.3", 3.0)
    assert addresses.is_known(HERE, 3.0)
    assert not addresses.is_known("192.0.2.2", 3.0)
