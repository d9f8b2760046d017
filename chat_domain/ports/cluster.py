"""What connects a node with the others."""

from collections.abc import Collection, Sequence
from typing import Protocol

import attrs

from chat_domain.model import Claim
from chat_domain.notes import Note
from chat_domain.ports.runtime import Depths


class Presence(Protocol):
    """Who has sessions, and on which nodes. A node without a lease counts for nothing. Any method
    raises TryAgain when that cannot be found out or changed now."""

    async def came(self, node: str, user_ids: Collection[int]) -> None:
        """These users have sessions on this node."""

    async def left(self, node: str, user_ids: Collection[int]) -> None:
        """These users have none on this node any more."""

    async def where(self, user_ids: Collection[int]) -> dict[int, list[str]]:
        """Which of these users are online, and the nodes, by name, on which each has sessions."""

    async def users_of(self, node: str) -> list[int]:
        """The ids of all users who have sessions on a node, ascending."""


class Slots(Protocol):
    """The one place that each user has for a client of version 1. Any method raises TryAgain when
    it cannot be found out or changed now."""

    async def claim(self, claim: Claim, *, instead_of: Claim | None = None) -> Claim | None:
        """Claim a user's slot for a session, if nobody has it (or `instead_of` has). Return None
        when it is done, otherwise the claim that stands in the way. Atomic between all claimants.
        """

    async def release(self, claim: Claim) -> None:
        """Give a claim up. Nothing happens where another session has the slot by now."""

    async def reclaim(self, claims: Sequence[Claim]) -> list[Claim]:
        """Make claims again that may have been lost with the node's lease. Return those that
        cannot be made, because another session has the slot by now."""

    async def own(self, node: str) -> list[Claim]:
        """All claims of a node, in no particular order."""


class Lease(Protocol):
    """This node's right to fill slots and to show presence. A claim of a node without one counts
    for nothing."""

    def held(self) -> bool:
        """Whether this node still has it. Cheap: asked before anything a client says is handled."""

    def trouble(self) -> str:
        """Why it could not be renewed the last time, in a word or two for operators; "" where it
        could."""

    async def others(self) -> set[str]:
        """The ids of the other nodes that have one. Raises TryAgain."""


class Broker(Protocol):
    """Carries notes to all other nodes. They may be lost, late, doubled or swapped on their way.

    Sending does not wait. Notes are encoded at the end of the event loop's turn.
    """

    def broadcast(self, note: Note) -> None:
        """To all other nodes."""

    def hears(self) -> bool:
        """Whether what others broadcast arrives here now, as far as is known."""


@attrs.frozen
class Surroundings:
    """A node's place among others, as `adapters.redis` and `adapters.memory` make it.

    name: the node's id, new with each process.
    """

    name: str
    presence: Presence
    slots: Slots
    broker: Broker
    lease: Lease
    depths: Depths = attrs.field(factory=dict)
