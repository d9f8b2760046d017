"""What connects nodes in one process, but slowly, with losses, and with leases that end."""

from collections import deque
from collections.abc import Collection, Generator, Sequence
from typing import TYPE_CHECKING

import attrs

from adapters.redis import codec
from chat_domain.errors import TryAgain
from chat_domain.model import Claim
from chat_domain.notes import Note
from chat_domain.ports.cluster import Surroundings
from tests.unit.fakes import ManualClock

if TYPE_CHECKING:
    from chat_domain.cluster.node import Node


class LossyHub:
    """Notes are encoded, wait until they are carried, and are lost while their node is cut off."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.leases: set[str] = set()
        self.cut_off: dict[str, bool] = {}  # whether it is noticed, by node
        self.claims: dict[int, Claim] = {}
        self.away = False  # whether presence cannot be asked
        self._packets: dict[str, deque[bytes]] = {}  # by recipient, in one order as in Redis

    def surroundings(self, name: str) -> tuple[Surroundings, "LossyBroker"]:
        broker = LossyBroker(self, name)
        place = Surroundings(name, HubPresence(self), broker, HubLease(self, name))
        return place, broker

    def others(self, name: str) -> list[str]:
        return [other for other in self.nodes if other != name]

    def post(self, to: str, packet: bytes) -> bool:
        """Return whether anybody seems to listen there."""
        if to not in self.nodes or to in self.cut_off:
            return not self.cut_off.get(to, True)
        self._packets.setdefault(to, deque()).append(packet)
        return True

    def carry(self, to: str, most: int) -> bool:
        """Bring a node some of what waits for it; return whether there was anything."""
        packets = self._packets.get(to, deque())
        moved = bool(packets)
        for _ in range(min(most, len(packets))):
            sender, notes = codec.decode(packets.popleft())
            for note in notes:
                self.nodes[to].receive(sender, note)
        return moved

    def carry_all(self, to: str) -> None:
        while self.carry(to, 1000):
            pass

    def cut(self, name: str, *, noticed: bool) -> None:
        """From now on, and for what is on its way already, nothing reaches a node.

        noticed: senders are told that nobody listens; never of what is on its way already.
        """
        self.cut_off[name] = noticed
        self._lose(name)

    def mend(self, name: str) -> None:
        if name in self.cut_off:
            del self.cut_off[name]
            self.nodes[name].gap()

    def remove(self, name: str) -> None:
        """A node has died, and its lease has run out."""
        del self.nodes[name]
        self.leases.discard(name)
        self.cut_off.pop(name, None)
        self._lose(name)

    def _lose(self, name: str) -> None:
        self._packets.pop(name, None)

    def take_from(self, name: str) -> list[int]:
        """The users whose claims a node without a lease has left behind."""
        users = [user for user, claim in self.claims.items() if claim.node == name]
        for user in users:
            del self.claims[user]
        return users


class LossyBroker:
    """`chat_domain.ports.Broker`. `end_turn` sends what a turn had."""

    def __init__(self, hub: LossyHub, name: str) -> None:
        self._hub = hub
        self._name = name
        self._notes: list[tuple[str, Note]] = []

    def send(self, node: str, note: Note) -> None:
        self._notes.append((node, note))

    def broadcast(self, note: Note) -> None:
        self._notes += [(other, note) for other in self._hub.others(self._name)]

    async def catch_up(self) -> None:
        if self._name in self._hub.cut_off:
            raise TryAgain
        self._hub.carry_all(self._name)

    def end_turn(self) -> bool:
        """Return whether there was anything to send."""
        notes, self._notes = self._notes, []
        own = self._hub.nodes[self._name]
        own.turn_ended()
        for to, note in notes:
            if not self._hub.post(to, codec.encode(self._name, [note])):
                own.unsent(note)
        return bool(notes)


@attrs.frozen
class HubLease:
    """`chat_domain.ports.Lease`."""

    _hub: LossyHub
    _name: str

    def held(self) -> bool:
        return self._name in self._hub.leases

    def trouble(self) -> str:
        return ""

    async def others(self) -> set[str]:
        return self._hub.leases - {self._name}


@attrs.frozen
class HubPresence:
    """`chat_domain.ports.Presence`: claims count as long as their nodes' leases."""

    _hub: LossyHub

    async def claim(self, claim: Claim, *, instead_of: Claim | None = None) -> Claim | None:
        current = (await self.find([claim.user_id])).get(claim.user_id)
        if current is not None and current != instead_of:
            return current
        self._hub.claims[claim.user_id] = claim
        return None

    async def release(self, claim: Claim) -> None:
        if self._hub.away:
            raise TryAgain
        if self._hub.claims.get(claim.user_id) == claim:
            del self._hub.claims[claim.user_id]

    async def own(self, node: str) -> list[Claim]:
        return [claim for claim in self._hub.claims.values() if claim.node == node]

    async def reclaim(self, claims: Sequence[Claim]) -> list[Claim]:
        return [claim for claim in claims if await self.claim(claim, instead_of=claim) is not None]

    async def find(self, user_ids: Collection[int]) -> dict[int, Claim]:
        if self._hub.away:
            raise TryAgain
        claims = self._hub.claims
        return {
            user: claims[user]
            for user in user_ids
            if user in claims and claims[user].node in self._hub.leases
        }

    async def online(self, user_ids: Collection[int]) -> set[int]:
        return set(await self.find(user_ids))


class ManualLatch:
    """`chat_domain.ports.Latch`, for `ManualTasks`."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self._open = False

    def open(self) -> None:
        self._open = True

    async def wait(self, seconds: float) -> bool:
        await _Wait(self, self._clock.monotonic() + seconds)
        return self._open

    def done(self, until: float) -> bool:
        return self._open or self._clock.monotonic() >= until


@attrs.frozen
class _Wait:
    """What `ManualTasks` looks at to see whether it can go on."""

    _latch: ManualLatch
    _until: float

    @property
    def done(self) -> bool:
        return self._latch.done(self._until)

    def __await__(self) -> Generator["_Wait", None, None]:
        while not self.done:
            yield self


@attrs.frozen
class ManualLatches:
    """`chat_domain.ports.Latches`."""

    _clock: ManualClock

    def latch(self) -> ManualLatch:
        return ManualLatch(self._clock)
