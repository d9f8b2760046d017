"""The end of a run: nothing moves any more, and observers look who is online.

Nothing here depends on the machine's speed: the run waits for everything that has to arrive. The
time limits are for what never arrives.
"""

import asyncio
import random
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress

from adapters.client.chat_client import ChatClient
from adapters.faults.startup_errors import StoreUnusable
from chat_domain.entries import Entry
from chat_domain.errors import TryAgain
from tests.delivery.chronicle import Chronicle
from tests.delivery.crowd import PASSWORD, Crowd
from tests.delivery.history import History, facts_of
from tests.delivery.line import lineage_of
from tests.delivery.network import LOOPBACK
from tests.delivery.past import Past
from tests.delivery.promises import marks_not_stored
from tests.delivery.records import Records
from tests.delivery.shown import not_sent_yet
from tests.integration.cluster import Cluster

LOOKED_EVERY = 1.0  # seconds; a duplicate has arrived by then
QUIET_WITHIN = 90.0  # seconds
_PRESENCE_WITHIN = 60.0  # seconds: a lease, and a session that is slow to end


async def become_quiet(records: Records, past: Past, users: Sequence[int], within: float) -> None:
    """Wait until the log does not grow, every connection was sent all of it, and the store knows
    how far everybody has got; then note the whole log."""
    history, deadline = records.history, records.history.now + within
    entries: list[Entry] = []
    quiet = False
    while not quiet and history.now < deadline:
        await asyncio.sleep(LOOKED_EVERY)
        with suppress(TryAgain, StoreUnusable):
            before, entries = entries, await records.log()
            await records.marks(users)
            quiet = len(before) == len(entries) and _all_is_there(past, entries)
    if quiet:
        history.note("quiet")
    records.dump(entries)
    history.note("over")


def _all_is_there(past: Past, entries: Sequence[Entry]) -> bool:
    log = Chronicle(lineage_of(facts_of(entry)) for entry in entries)
    return not any(not_sent_yet(past, log)) and not any(marks_not_stored(past))


async def look_around(cluster: Cluster, history: History, crowd: Crowd, rng: random.Random) -> None:
    """Let some devices leave; an observer on each node then looks who is online, until that is
    right."""
    for device in crowd.devices:
        await rng.choice([device.stay, device.part, device.log_out, device.die])()
    expected = {device.user.id for device in crowd.devices if device.is_here}
    users = [user.id for user in crowd.users]
    async with AsyncExitStack() as stack:
        observers = [await _observer(stack, port, users) for port in cluster.ports]
        deadline = history.now + _PRESENCE_WITHIN
        for node, observer in enumerate(observers):
            online = await _online_in_time(observer, expected, deadline - history.now)
            assert observer.user is not None
            history.note("presence", observer=observer.user.id, node=node, online=sorted(online))


async def _observer(stack: AsyncExitStack, port: int, listed: Sequence[int]) -> ChatClient:
    client = await stack.enter_async_context(ChatClient.connect(LOOPBACK, port))
    user = await client.register(f"observer {port}", PASSWORD)
    await client.login(user, PASSWORD)
    for person in listed:
        await client.add_friend(person)
    return client


async def _online_in_time(observer: ChatClient, expected: set[int], within: float) -> set[int]:
    """Whom the observer sees online: those expected, if that comes about in time."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    while (online := await _online(observer)) != expected and loop.time() < deadline:  # noqa: ASYNC110  # only asking tells
        await asyncio.sleep(0.2)
    return online


async def _online(observer: ChatClient) -> set[int]:
    return {friend.id async for friend in observer.friends() if friend.online}
