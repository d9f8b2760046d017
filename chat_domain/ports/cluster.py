"""What connects a node with the others."""

from collections.abc import Collection, Sequence
from typing import Protocol

import attrs

from chat_domain.model import Claim
from chat_domain.notes import Note
from chat_domain.ports.runtime import Depths


class Presence(Protocol):
    """Who has a live session, and where. One session per user. Any method raises TryAgain when
    that cannot be found out or changed now."""

    async def claim(self, claim: Claim, *, instead_of: Claim | None = None) -> Claim | None:
        """Claim a user for a session, if nobody has (or `instead_of` has). Return None when it is
        done, otherwise the claim that stands in the way. Atomic between all claimants."""

    async def release(self, claim: Claim) -> None:
        """Give a claim up. Nothing happens where another session has it by now."""

    async def reclaim(self, claims: Sequence[Claim]) -> list[Claim]:
        """Make claims again that may have been lost with the node's lease. Return those that
        cannot be made, because another session has the user by now."""

    async def own(self, node: str) -> list[Claim]:
        """All claims of a node, in no particular order."""

    async def find(self, user_ids: Collection[int]) -> dict[int, Claim]:
        """The claims on those of these users who are online."""

    async def online(self, user_ids: Collection[int]) -> set[int]:
        """Which of these users are online."""


class Lease(Protocol):
    """This node's right to have sessions. A claim of a node without one counts for nothing."""

    def held(self) -> bool:
        """Whether this node still has it. Cheap: asked before anything a client says is handled."""

    def trouble(self) -> str:
        """Why it could not be renewed the last time, in a word or two for operators; "" where it
        could."""

    async def others(self) -> set[str]:
        """The ids of the other nodes that have one. Raises TryAgain."""


class Broker(Protocol):
    """Carries notes between nodes. At most once, and in order from one node to another.

    Sending does not wait. Notes are encoded at the end of the event loop's turn, so that what a
    turn adds to one that was sent in it goes along.
    """

    def send(self, node: str, note: Note) -> None:
        """To one other node, by its id."""

    def broadcast(self, note: Note) -> None:
        """To all other nodes."""

    async def catch_up(self) -> None:
        """Wait until this node has heard what was sent to it before now, or knows of the gap.
        Raises TryAgain when it hears nothing."""


@attrs.frozen
class Surroundings:
    """A node's place among others, as `adapters.redis` and `adapters.memory` make it.

    name: the node's id, new with each process.
    """

    name: str
    presence: Presence
    broker: Broker
    lease: Lease
    depths: Depths = attrs.field(factory=dict)
