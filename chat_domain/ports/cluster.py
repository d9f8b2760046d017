"""What connects a node with the others."""

from collections.abc import Collection, Sequence
from typing import Protocol

import attrs

from chat_domain.model import Claim
from chat_domain.notes import Note
from chat_domain.ports.runtime import Depths


class Presence(Protocol):
    """Which users have sessions, and on which nodes. A node without a lease does not count. Any
    method raises TryAgain if it cannot find that out or change it now."""

    async def came(self, node: str, user_ids: Collection[int]) -> None:
        """These users have sessions on this node."""

    async def left(self, node: str, user_ids: Collection[int]) -> None:
        """These users no longer have sessions on this node."""

    async def where(
        self, user_ids: Collection[int], *, complete: bool = False
    ) -> dict[int, list[str]]:
        """The nodes, by name, on which each of these users has sessions; only of those who are
        online. complete: raise TryAgain, too, while nodes may not have said again what was lost."""

    async def users_of(self, node: str) -> list[int]:
        """The ids of all users who have sessions on a node, ascending."""


class Slots(Protocol):
    """The one slot that each user has for a client of version 1. Any method raises TryAgain if it
    cannot find that out or change it now."""

    async def claim(self, claim: Claim, *, instead_of: Claim | None = None) -> Claim | None:
        """Claim a user's slot for a session, if nobody has it (or `instead_of` has). Return None if
        that was done, otherwise the claim that has the slot. Atomic among all claimants."""

    async def release(self, claim: Claim) -> None:
        """Give a claim up. Nothing happens if another session has the slot by now."""

    async def reclaim(self, claims: Sequence[Claim]) -> list[Claim]:
        """Make claims again that may have been lost with the node's lease. Return those that cannot
        be made because another session has the slot by now."""

    async def own(self, node: str) -> list[Claim]:
        """All claims of a node, in no particular order."""


class Lease(Protocol):
    """This node's right to claim slots and to show presence. A claim of a node without a lease does
    not count."""

    def held(self) -> bool:
        """Whether this node still has it. Cheap: it asks nobody."""

    def last_error(self) -> str:
        """Why the last renewal failed, in a word or two for operators; "" if it succeeded."""

    async def other_nodes(self) -> set[str]:
        """The ids of the other nodes that have a lease. Raises TryAgain."""


class Broker(Protocol):
    """Carries notes to all other nodes. They may be lost, delayed, duplicated or reordered.

    Sending does not wait. Notes are encoded at the end of the event loop's turn.
    """

    def broadcast(self, note: Note) -> None:
        """Send a note to all other nodes."""

    def is_receiving(self) -> bool:
        """Whether notes of other nodes arrive here now, as far as this node knows."""


@attrs.frozen
class Surroundings:
    """What connects a node with the others, as `adapters.redis` and `adapters.memory` make it.

    name: the node's id, new with each process.
    """

    name: str
    presence: Presence
    slots: Slots
    broker: Broker
    lease: Lease
    depths: Depths = attrs.field(factory=dict)
