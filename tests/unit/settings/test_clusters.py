"""The settings of nodes and proxies are checked before anything is opened."""

import re
from ipaddress import ip_network

import pytest

from chat_domain.fairness.networks import Networks, Prefix
from entrypoints.declaring import BadSettings
from entrypoints.sources import read_settings


def test_nobody_is_a_proxy_unless_named() -> None:
    """Otherwise anybody could claim any address."""
    assert read_settings([], {}).proxy_networks() == ()


def test_proxies_are_networks_with_commas_between() -> None:
    """A single address is a network too."""
    settings = read_settings(["--proxy-from", "127.0.0.1, 10.0.0.0/8,2001:db8::/32"], {})
    networks = ("127.0.0.1/32", "10.0.0.0/8", "2001:db8::/32")
    assert settings.proxy_networks() == tuple(map(ip_network, networks))


@pytest.mark.parametrize("text", ["nginx", "10.0.0.1/8", "127.0.0.1;10.0.0.1", "1.2.3.4/33"])
def test_what_is_no_network_is_refused(text: str) -> None:
    """A typing error must not admit more or fewer addresses than intended."""
    with pytest.raises(BadSettings, match=f"^--proxy-from {re.escape(text)}: networks like"):
        read_settings(["--proxy-from", text], {})


def test_networks_are_lengths_with_factors() -> None:
    """The first network counts like an address."""
    assert read_settings([], {}).networks() == Networks()
    settings = read_settings(["--ipv6-prefixes", "60, 48:3,32"], {})
    assert settings.networks() == Networks((Prefix(60), Prefix(48, 3), Prefix(32)))


@pytest.mark.parametrize(
    "text", ["", "0", "129", "64,64", "64,56:0", "64:2", "64,56:2:2", "64;56", "64,,48", "64,-1"]
)
def test_what_is_no_length_is_refused(text: str) -> None:
    """Otherwise nobody would notice that no network counts."""
    with pytest.raises(BadSettings, match=r"^--ipv6-prefixes .*: lengths from"):
        read_settings([f"--ipv6-prefixes={text}"], {})


def test_several_workers_need_a_broker() -> None:
    """Otherwise the users of different workers could not reach each other."""
    with pytest.raises(BadSettings, match="--broker"):
        read_settings(["--workers", "2"], {})
    there = {"CHAT_BROKER": "redis://127.0.0.1", "CHAT_STORE": "mysql://127.0.0.1/chat"}
    settings = read_settings(["--workers", "2"], there)
    assert settings.workers == 2


@pytest.mark.parametrize("store", ["memory://", "sqlite:///chat.db"])
def test_several_workers_need_a_store_that_several_can_use(store: str) -> None:
    """One in memory would be another for each, and a file of SQLite belongs to one of them."""
    there = {"CHAT_BROKER": "redis://127.0.0.1", "CHAT_STORE": store}
    with pytest.raises(BadSettings, match="more than one needs a store that several can use"):
        read_settings(["--workers", "2"], there)


@pytest.mark.parametrize("count", ["0", "-1", "many", "1.5", "1001"])
def test_workers_are_counted_from_one_to_a_thousand(count: str) -> None:
    """The first worker is the server itself. For a billion, naming the sockets takes minutes."""
    with pytest.raises(BadSettings, match="workers"):
        read_settings(["--workers", count], {"CHAT_BROKER": "redis://127.0.0.1"})
