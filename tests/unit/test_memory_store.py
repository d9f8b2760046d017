"""The store in memory."""

import pytest

from adapters.memory import memory_store
from chat_domain.entries import pair
from chat_domain.names import Name
from tests.contract.making import append, register, say, text


async def test_what_cannot_be_stored_leaves_nothing_behind() -> None:
    """The store goes on after it."""
    store = memory_store()
    ann, bob = await register(store, "Ann", "Bob")
    conv = pair(ann, bob)
    with pytest.raises(UnicodeEncodeError):
        await append(store, text(ann, conv, "one"), text(ann, conv, "half \ud800"))
    with pytest.raises(UnicodeEncodeError):
        await store.users.add(Name.parse("Cid"), "\ud800")
    (said,) = await say(store, ann, conv, "two")
    assert said.at == 1
    assert await register(store, "Cid") == [3]


async def test_two_stores_have_nothing_in_common() -> None:
    """Not even the epochs of their logs."""
    one, other = memory_store(), memory_store()
    await register(one, "Ann")
    assert await other.users.find("ann") is None
    assert (await one.log.ends()).epoch != (await other.log.ends()).epoch
