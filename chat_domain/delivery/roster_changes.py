"""Letting every node forget a group's members before a join or leave is acknowledged.

A node that does not answer is dead, or is suspended and forgets everything when it comes back, or
has just not heard of it. For the last one the change waits, until that node's lease has run out.
"""

import itertools

import attrs

from chat_domain.delivery.rosters import Rosters
from chat_domain.errors import TryAgain
from chat_domain.notes import RosterChanged
from chat_domain.ports.cluster import Broker, Lease
from chat_domain.ports.runtime import Latch, Latches

ASK_AGAIN_AFTER = 1.0  # seconds; a note can be lost
ASKED_TIMES = 11  # longer than a lease lasts


@attrs.define(eq=False)
class _Question:
    answered: Latch
    waiting_for: set[str]


class RosterChanges:
    def __init__(self, rosters: Rosters, broker: Broker, lease: Lease, latches: Latches) -> None:
        self._rosters = rosters
        self._broker = broker
        self._lease = lease
        self._latches = latches
        self._numbers = itertools.count(1)
        self._open: dict[int, _Question] = {}

    async def announce(self, group_id: int) -> None:
        """Forget the group's members here and everywhere.

        Raises TryAgain where a node with a lease does not answer: the change has happened, but
        must not be acknowledged.
        """
        self._rosters.changed(group_id)
        for _ in range(ASKED_TIMES):
            others = await self._lease.others()
            if not others or await self._ask(group_id, others):
                return
        raise TryAgain

    async def _ask(self, group_id: int, nodes: set[str]) -> bool:
        number = next(self._numbers)
        question = self._open[number] = _Question(self._latches.latch(), nodes)
        try:
            self._broker.broadcast(RosterChanged(group_id, number))
            return await question.answered.wait(ASK_AGAIN_AFTER)
        finally:
            del self._open[number]

    def answered(self, node: str, number: int) -> None:
        """A node has forgotten what it was asked to forget."""
        question = self._open.get(number)
        if question is not None:
            question.waiting_for.discard(node)
            if not question.waiting_for:
                question.answered.open()
