import asyncio

import pytest

from chat_domain.ports.store import Store
from tests.contract.making import register
from tests.contract.tokens import *  # noqa: F403  # the promises, for the store of this folder
from tests.contract.tokens import LATER, add, token


async def test_nodes_that_extend_the_same_tokens_do_not_hinder_each_other(
    store: Store, neighbour: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In whatever order each has them: otherwise the database would find a deadlock. They are few,
    so that on a busy machine neither waits a second for a lock, which counts as a conflict, too."""
    monkeypatch.setattr("adapters.mysql.pool.MAX_CONFLICTS", 0)
    users = await register(store, *(f"user {number}" for number in range(10)))
    await add(store, *(token(f"{user_id}", user_id, session="s") for user_id in users))
    sessions = [(user_id, "s") for user_id in users]
    for later in range(LATER + 1, LATER + 6):
        forwards = store.tokens.extend(sessions, later)
        await asyncio.gather(forwards, neighbour.tokens.extend(sessions[::-1], later))
    assert {one.expires_ms for one in await store.tokens.of(users[0], 0)} == {later}
