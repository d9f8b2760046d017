"""How many connections get what is said in a group, on the node that has most of them.

A message costs each node a write for each of the connections there, while only the node of its
sender can slow the sender down. So nodes tell each other of their crowds: the groups with many
connections. What a node was told counts for VALID_FOR seconds, and it is told again before that.
"""

from collections.abc import Iterable
from heapq import nlargest

import attrs

from chat_domain.log.sessions import Sessions
from chat_domain.notes import MOST_CROWDS, CrowdsThere
from chat_domain.ports.cluster import Broker
from chat_domain.ports.runtime import Clock, Tasks

TOLD_EVERY = 5.0  # seconds
VALID_FOR = 15.0
REMEMBERED = 10_000  # groups, of all other nodes

_UNKNOWN = (float("-inf"), 0)


@attrs.define(eq=False)
class Crowds:
    sessions: Sessions
    broker: Broker
    clock: Clock
    tasks: Tasks
    _elsewhere: dict[int, tuple[float, int]] = attrs.field(factory=dict, init=False)
    _told: dict[int, int] = attrs.field(factory=dict, init=False)  # since `_told_at`
    _told_at: float = attrs.field(default=float("-inf"), init=False)
    _grown: set[int] = attrs.field(factory=set, init=False)  # to be told of in the next turn

    def readers(self, group_id: int) -> int:
        """How many connections get what is said in a group, on this node or on another one."""
        until, there = self._elsewhere.get(group_id, _UNKNOWN)
        here = len(self.sessions.in_group(group_id))
        return there if there > here and self.clock.monotonic() < until else here

    def on_note(self, note: CrowdsThere) -> None:
        """Another node has these crowds. The larger one of two nodes counts."""
        now, known = self.clock.monotonic(), self._elsewhere
        if len(known) + len(note.readers) > REMEMBERED:
            known = {group: one for group, one in known.items() if one[0] > now}
            self._elsewhere = known
        for group_id, readers in note.readers.items():
            until, before = known.get(group_id, _UNKNOWN)
            has_room = group_id in known or len(known) < REMEMBERED
            if has_room and (readers >= before or until <= now):
                known[group_id] = now + VALID_FOR, readers

    def grown(self, group_id: int) -> None:
        """A crowd of this node has doubled: tell the others, unless they know of one as large."""
        if self._size(group_id) <= self._told.get(group_id, 0):
            return
        if not self._grown:
            self.tasks.soon(self._tell_grown)
        if len(self._grown) < MOST_CROWDS:
            self._grown.add(group_id)

    def _tell_grown(self) -> None:
        grown, self._grown = self._grown, set()
        self._tell(grown)

    def tick(self, now: float) -> None:
        """Tell of all crowds, or the largest of very many. To be called regularly."""
        if now - self._told_at >= TOLD_EVERY:
            self._told_at, self._told = now, {}
            self._tell(nlargest(MOST_CROWDS, self.sessions.crowded, key=self._size))

    def _size(self, group_id: int) -> int:
        return len(self.sessions.in_group(group_id))

    def _tell(self, group_ids: Iterable[int]) -> None:
        readers = {group_id: size for group_id in group_ids if (size := self._size(group_id))}
        if readers:
            self._told |= readers
            self.broker.broadcast(CrowdsThere(readers))
