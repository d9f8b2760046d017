"""A node in memory, and what one frame costs it.

The gateway and the domain are real, stores and links are in memory, and passwords are not hashed.
What the store spends is left out, since that is for a thread or a server of its own. What is left
is what a frame costs the event loop.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import attrs

from chat_domain.entries import EVERYWHERE, pair
from chat_domain.model import User
from chat_domain.names import Name
from tests.contract.making import append, text
from tests.fuzz.grammar import PASSWORD, Known
from tests.unit.gateway.server import Peer, Server, settled
from tests.unit.gateway.virtual_time import VirtualTimeLoop

MOST = 0.002  # seconds of CPU for any frame, on an idle machine
PIECE = 0.00055  # seconds that `_piece` takes there: shared caches and cores slow everything down
TRIES = 20  # before a frame counts as too expensive; other processes disturb most of them at times

LISTED = 100  # users on the sender's list
GROUPS = 3
MEMBERS = 31  # of a group, all of them online
# Texts that the first on the list has written to the sender; each of the others wrote one.
SAID = 30
STEERING = "\u202e" * 4096  # takes longest to be made safe for a terminal
LONG = "👩" * 44  # the beginning of a name that has as many bytes as possible

# The senders: a client without a login, one of version 2, a person with `nc`, the C++ client.
KINDS = {
    "stranger": (0, b"\n"),
    "version 2": (2, b"\n"),
    "person": (1, b"\n"),
    "original": (1, b"\0"),
}


@attrs.define
class Spent:
    """seconds: the CPU time of everything that was timed."""

    seconds: float = 0.0
    _within: bool = False

    def timed(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def do(*arguments: Any) -> Any:
            if self._within:
                return work(*arguments)
            self._within, begun = True, time.thread_time()
            try:
                return work(*arguments)
            finally:
                self._within = False
                self.seconds += time.thread_time() - begun

        return do


@attrs.define
class Stage:
    """known: users and groups that frames can name. The first user sends, and has friends, groups
    and conversations; the others listen, in every version, or are away."""

    server: Server
    known: Known
    listeners: list[Peer]
    secret: str
    store: Spent

    @classmethod
    async def set(cls) -> "Stage":
        server, store = Server(), Spent()
        log = server.log.inner
        for owner, name in ((log.database, "do"), (log, "commit")):
            setattr(owner, name, store.timed(getattr(owner, name)))
        users, groups = server.chat.accounts.users, server.chat.groups
        friends = server.chat.friends.friends
        names = [Name(f"{LONG}{number:06}") for number in range(LISTED + 1)]
        secret = await server.hasher.hash(PASSWORD)
        ids = [await users.add(name, secret) for name in names]
        for friend in ids[1:]:
            await friends.add(ids[0], friend)
        people = [User(user_id, name.text) for user_id, name in zip(ids, names, strict=True)]
        found = [
            (await groups.create(people[0], name.text, "😀" * 200))[1] for name in names[:GROUPS]
        ]
        for group in found:
            for member in people[1:MEMBERS]:
                await groups.join(member, group.id)
        await _write(server, ids)
        kinds = list(KINDS.values())[1:]
        listeners = [
            await _logged_in(server, ids[number], *kinds[number % len(kinds)])
            for number in range(1, MEMBERS)
        ]
        known = Known(ids[:20], [group.id for group in found])
        return cls(server, known, listeners, secret, store)

    async def cost(self, kind: str, frame: bytes) -> float:
        """The CPU time of this frame, in seconds, from its arrival until nothing is left to do."""
        version, end = KINDS[kind]
        await self._undo_changes()
        if not version:
            peer = self.server.join(end)
        else:
            peer = await _logged_in(self.server, self.known.users[0], version, end)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        begun = time.thread_time() - self.store.seconds
        peer.link.arrives(frame.translate(None, b"\0\r\n") + end)
        while loop.is_busy():  # noqa: ASYNC110  # this waits for the loop itself
            await asyncio.sleep(0)
        took = time.thread_time() - self.store.seconds - begun
        peer.link.abort()
        await settled()
        return took

    async def _undo_changes(self) -> None:
        """Let the sender's first password be valid again, whatever was done before."""
        users = self.server.chat.accounts.users
        sender = await users.find(self.known.users[0])
        assert sender is not None
        await users.set_secret(sender.user.id, self.secret, instead_of=sender.secret)


async def _write(server: Server, ids: list[int]) -> None:
    """Let all of them write to the sender, whose devices have got it."""
    sender, first, *others = ids
    writers = [*others, *(first for _ in range(SAID))]
    await append(server.store, *(text(one, pair(sender, one), STEERING) for one in writers))
    head = (await server.store.log.ends()).head
    await server.chat.follower.wait_until_applied(head)
    await server.store.log.mark({(sender, EVERYWHERE): head})


async def _logged_in(server: Server, user_id: int, version: int, end: bytes) -> Peer:
    peer = server.join(end)
    peer.say({"msgid": 1000, "id": user_id, "password": PASSWORD, "v": version})
    await settled()
    assert peer.context.session is not None
    return peer


def cost(kind: str, frame: bytes) -> float:
    """The lowest cost of several tries, in proportion to the machine's speed at that moment. Each
    has a stage of its own, since a frame that was handled before can be refused sooner."""

    async def once() -> float:
        stage = await Stage.set()
        before = _piece()
        return await stage.cost(kind, frame) * PIECE / min(before, _piece())

    costs = []
    for _ in range(TRIES):
        with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
            costs.append(runner.run(once()))
        if costs[-1] < MOST:
            break
    return min(costs)


def _piece() -> float:
    """Seconds of CPU for a fixed piece of work."""
    begun = time.thread_time()
    sum(hash(str(number)) for number in range(4_000))
    return time.thread_time() - begun
