"""Connects nodes in one process, with everything that can happen to notes on their way."""

from collections import deque
from collections.abc import Collection
from typing import TYPE_CHECKING

import attrs

from adapters.memory.presence import LocalPresence, LocalSlots
from adapters.redis import codec
from chat_domain.notes import Note
from chat_domain.ports.cluster import Surroundings

if TYPE_CHECKING:
    from chat_domain.cluster.node import Node


class LossyHub:
    """Encodes notes, which then wait until they are carried: in or out of order, once, twice or
    never. What goes to a node that is cut off is lost."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.leases: set[str] = set()
        self.deaf: dict[str, bool] = {}  # nodes that are cut off, and whether they know it
        self._presence, self._slots = LocalPresence(), LocalSlots()
        self._packets: dict[str, deque[bytes]] = {}  # by recipient

    def surroundings(self, name: str) -> Surroundings:
        return Surroundings(
            name, self._presence, self._slots, LossyBroker(self, name), HubLease(self, name)
        )

    def join(self, name: str, node: "Node") -> None:
        self.nodes[name] = node
        self.leases.add(name)

    async def users_of(self, name: str) -> Collection[int]:
        return await self._presence.users_of(name)

    def post(self, sender: str, note: Note) -> None:
        """Send a note to all other nodes."""
        for name in self.nodes:
            if name != sender and name not in self.deaf:
                packets = codec.packets(sender, codec.encode(note))
                self._packets.setdefault(name, deque()).extend(packets)

    def waiting(self, to: str) -> deque[bytes]:
        """Packets on their way to a node, the oldest first. Tests swap, double or lose them."""
        return self._packets.setdefault(to, deque())

    def carry(self, to: str, most: int) -> bool:
        """Deliver some of what waits for a node; return whether anything did."""
        packets = self.waiting(to)
        moved = bool(packets)
        for _ in range(min(most, len(packets))):
            for note in codec.decode(packets.popleft()):
                self.nodes[to].receive(note)
        return moved

    def cut(self, name: str, *, noticed: bool) -> None:
        """Let nothing reach a node from now on, not even what is on its way. noticed: whether the
        node knows that."""
        self.deaf[name] = noticed
        self.waiting(name).clear()

    def mend(self, name: str) -> None:
        if name in self.deaf:
            del self.deaf[name]
            self.nodes[name].notes_lost()

    def end_lease(self, name: str) -> None:
        """End a node's lease: its claims no longer count."""
        self.leases.discard(name)
        self._presence.forget(name)
        self._slots.forget(name)

    def remove(self, name: str) -> None:
        """Remove a node that has died and whose lease has run out."""
        del self.nodes[name]
        self.end_lease(name)
        self.deaf.pop(name, None)
        self._packets.pop(name, None)


@attrs.frozen
class LossyBroker:
    """`chat_domain.ports.cluster.Broker`."""

    _hub: LossyHub
    _name: str

    def broadcast(self, note: Note) -> None:
        self._hub.post(self._name, note)

    def is_receiving(self) -> bool:
        return not self._hub.deaf.get(self._name, False)


@attrs.frozen
class HubLease:
    """`chat_domain.ports.cluster.Lease`."""

    _hub: LossyHub
    _name: str

    def held(self) -> bool:
        return self._name in self._hub.leases

    def last_error(self) -> str:
        return ""

    async def other_nodes(self) -> set[str]:
        return self._hub.leases - {self._name}
