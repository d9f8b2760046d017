"""The server's command on a MySQL database."""

from collections.abc import Mapping

import pytest

from entrypoints.bootstrap import open_store
from entrypoints.declaring import BadSettings
from entrypoints.sources import read_settings


def test_two_servers_would_be_islands(url: str) -> None:
    """A database that other servers may use needs a broker."""
    with pytest.raises(BadSettings, match="--single-node if no other server uses it"):
        open_store(read_settings(["--store", url], {}))


@pytest.mark.parametrize(
    ("flags", "environment"),
    [
        (["--single-node"], {}),
        ([], {"CHAT_SINGLE_NODE": "yes"}),
        (["--broker", "redis://localhost"], {}),
    ],
)
async def test_a_node_alone_or_with_a_broker(
    url: str, flags: list[str], environment: Mapping[str, str]
) -> None:
    """A server that says it is alone, or names a broker, gets the store."""
    async with open_store(read_settings(["--store", url, *flags], environment)) as store:
        assert await store.users.find(1) is None


def test_yes_or_no() -> None:
    """Any other value is refused and named."""
    with pytest.raises(BadSettings, match="CHAT_SINGLE_NODE=perhaps"):
        read_settings([], {"CHAT_SINGLE_NODE": "perhaps"})
    assert not read_settings([], {"CHAT_SINGLE_NODE": "off"}).single_node


def test_an_unknown_store_is_not_shown() -> None:
    """A password in the address of an unknown store stays secret."""
    with pytest.raises(BadSettings) as refused:
        open_store(read_settings(["--store", "postgres://user:secret@host/chat"], {}))
    assert "postgres" in str(refused.value)
    assert "secret" not in str(refused.value)
