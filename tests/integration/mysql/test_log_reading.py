"""What `ports.Log` promises to readers, also of more conversations than are asked one by one."""

from chat_domain.entries import Entry, What, pair
from chat_domain.ports.store import Store
from tests.contract.log_reading import *  # noqa: F403  # the promises, for the store of this folder
from tests.contract.making import append, change, register, seen, text, unread


async def test_of_hundreds_of_conversations_the_few_are_found(store: Store) -> None:
    """Those with something new, of whatever kind."""
    ann, *others = await register(store, *(f"user {number}" for number in range(121)))
    await append(store, *(text(other, pair(ann, other)) for other in others))
    new: list[Entry] = [
        text(others[0], pair(ann, others[0])),
        change(What.CREATED, ann, name="Chess"),
        change(What.DEVICE_ENDED, ann, pair(ann, ann), detail="phone"),
        text(others[119], pair(ann, others[119])),
    ]
    await append(store, *new)
    assert await seen(store, ann, after=120) == [121, 122, 123, 124]
    assert await seen(store, ann, after=0) == list(range(1, 125))
    assert await seen(store, ann, after=1, limit=119) == list(range(2, 121))
    assert await store.log.missed(ann, 119, 99) == 5
    assert await unread(store, ann) == {pair(ann, other): 1 for other in others} | {
        pair(ann, others[0]): 2,
        pair(ann, others[119]): 2,
    }
