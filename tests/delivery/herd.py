"""Very many clients in one process that write to each other, and what becomes of their messages."""

import asyncio
import random

from adapters.wire.frames import ServerFrame
from tests.delivery.member import Member, Posted

AT_ONCE = 50  # members that log in at the same time at first
BACK_WITHIN = 120.0  # seconds
SETTLED_WITHIN = 60.0
_LOOKED_EVERY = 0.02


class Herd:
    """Members in one process. (`tests.delivery.member.Place`)

    back: the members that are logged in, and how many seconds after `head_for` each came in.
    """

    def __init__(self, count: int, rng: random.Random) -> None:
        self.port = 0
        self.members = [Member(self, f"member {number}") for number in range(count)]
        self.acknowledged: list[Posted] = []
        self.back: dict[Member, float] = {}
        self._surprises: list[ServerFrame] = []
        self._rng = rng
        self._began = 0.0

    # -- what members say ----------------------------------------------------------------------

    def is_in(self, member: Member) -> None:
        self.back[member] = self.since()

    def is_out(self, member: Member) -> None:
        self.back.pop(member, None)

    def is_acknowledged(self, posted: Posted) -> None:
        self.acknowledged.append(posted)

    def is_surprised(self, frame: ServerFrame) -> None:
        self._surprises.append(frame)

    # -- what they do --------------------------------------------------------------------------

    def head_for(self, port: int) -> None:
        """Let members connect to that port from now on, and count time from this moment."""
        self.port, self._began = port, self._now()
        self.back.clear()

    def since(self) -> float:
        return self._now() - self._began

    async def enter(self) -> None:
        for count, member in enumerate(self.members, start=1):
            member.begin()
            await self._here(count - AT_ONCE)
        await self.all_here()

    async def all_here(self) -> None:
        async with asyncio.timeout(BACK_WITHIN):
            await self._here(len(self.members))

    async def _here(self, count: int) -> None:
        while len(self.back) < count:  # noqa: ASYNC110  # events would cost more than a look
            await asyncio.sleep(_LOOKED_EVERY)

    async def talk(self, per_second: float) -> None:
        """Let them write to each other until this is cancelled."""
        while True:
            for _ in range(round(per_second * _LOOKED_EVERY)):
                sender, to = self._rng.sample(self.members, 2)
                if sender.under_way is None:
                    sender.post(to.id)
            await asyncio.sleep(_LOOKED_EVERY)

    def leave(self) -> None:
        for member in self.members:
            member.leave()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    # -- what became of it ---------------------------------------------------------------------

    async def settled(self) -> None:
        """Wait until everything is answered and shown, or SETTLED_WITHIN is over."""
        deadline = self._now() + SETTLED_WITHIN
        while self.broken() and self._now() < deadline:  # noqa: ASYNC110  # a look at all of them
            await asyncio.sleep(0.2)

    def broken(self) -> list[str]:
        """A sentence for each promise that is broken, or not kept yet."""
        shown = {member.id: set(member.shown) for member in self.members}
        return [
            *(
                f"LOST: message {one.number} of {one.sender} to {one.to}"
                for one in self.acknowledged
                if (one.sender, one.number) not in shown[one.to]
            ),
            *(
                f"OUT OF ORDER: what {member.id} was shown"
                for member in self.members
                if not _in_order(member.shown)
            ),
            *(f"UNANSWERED: {member.under_way}" for member in self.members if member.under_way),
            *(f"UNEXPECTED: {frame}" for frame in self._surprises),
        ]


def _in_order(shown: list[tuple[int, int]]) -> bool:
    """Whether each sender's messages are in the order of their numbers."""
    latest: dict[int, int] = {}
    for sender, number in shown:
        if number <= latest.get(sender, 0):
            return False
        latest[sender] = number
    return True
