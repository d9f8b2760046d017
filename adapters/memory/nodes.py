"""Nodes in one process: the broker and the lease of a single server, and of tests."""

from collections.abc import Sequence

from adapters.memory.presence import LocalPresence, LocalSlots
from adapters.runtime.turn_batch import TurnBatch
from chat_domain.cluster.node import Node
from chat_domain.notes import Note
from chat_domain.ports.cluster import Surroundings


class EternalLease:
    """The lease of a node that nobody could take over. (`chat_domain.ports.cluster.Lease`)"""

    def __init__(self, hub: "Hub", name: str) -> None:
        self._hub = hub
        self._name = name

    def held(self) -> bool:
        return True

    def last_error(self) -> str:
        return ""

    async def other_nodes(self) -> set[str]:
        return self._hub.nodes.keys() - {self._name}


class NoLease:
    """For a program that reads while no node runs. (`chat_domain.ports.cluster.Lease`)"""

    def held(self) -> bool:
        return False

    def last_error(self) -> str:
        return ""

    async def other_nodes(self) -> set[str]:
        return set()


class Hub:
    """Connects the nodes of one process. With a single node, it never carries anything."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self._presence = LocalPresence()
        self._slots = LocalSlots()

    def surroundings(self, name: str) -> Surroundings:
        """The surroundings of a node with this name, which takes part once it has joined."""
        return Surroundings(
            name=name,
            presence=self._presence,
            slots=self._slots,
            broker=HubBroker(self, name),
            lease=EternalLease(self, name),
        )

    def join(self, name: str, node: Node) -> None:
        self.nodes[name] = node

    def leave(self, name: str) -> None:
        """The node and its sessions count for nothing from now on."""
        self.nodes.pop(name, None)
        self._presence.forget(name)
        self._slots.forget(name)


class HubBroker:
    """Delivers notes at the end of the event loop's turn. (`chat_domain.ports.cluster.Broker`)"""

    def __init__(self, hub: Hub, name: str) -> None:
        self._hub = hub
        self._name = name
        self._notes = TurnBatch(self._deliver)

    def broadcast(self, note: Note) -> None:
        if self._others():
            self._notes.add(note)

    def is_receiving(self) -> bool:
        return True

    def _deliver(self, notes: Sequence[Note]) -> None:
        for node in self._others():
            for note in notes:
                node.receive(note)

    def _others(self) -> list[Node]:
        return [node for name, node in self._hub.nodes.items() if name != self._name]
