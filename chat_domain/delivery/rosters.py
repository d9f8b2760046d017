"""Who is in which group, remembered, since every group message asks."""

from collections import OrderedDict

from chat_domain.ports.store import Groups

CAPACITY = 1_000_000  # members remembered, over all groups; some 60 MB


class Rosters:
    """A cache of the groups' members. A change is dropped here before it is acknowledged."""

    def __init__(self, groups: Groups, capacity: int = CAPACITY) -> None:
        self._groups = groups
        self._capacity = capacity
        self._known: OrderedDict[int, frozenset[int]] = OrderedDict()
        self._size = 0
        self._changes = 0
        self._suspended = False
        self.known = self._known.get  # the hot path: the members if they are remembered, or None

    async def members(self, group_id: int) -> frozenset[int]:
        """The ids of a group's members. Raises NoSuchGroup and TryAgain."""
        known = self._known.get(group_id)
        if known is not None:
            return known
        changes = self._changes
        members = frozenset(await self._groups.member_ids(group_id))
        # What was read may be from before a change; of the next one we may never hear.
        if changes == self._changes and not self._suspended:
            self._remember(group_id, members)
        return members

    def _remember(self, group_id: int, members: frozenset[int]) -> None:
        self._forget(group_id)
        self._known[group_id] = members
        self._size += len(members)
        while self._size > self._capacity and len(self._known) > 1:
            self._forget(next(iter(self._known)))

    def _forget(self, group_id: int) -> None:
        self._size -= len(self._known.pop(group_id, ()))

    def changed(self, group_id: int) -> None:
        """A group's members are others now."""
        self._changes += 1
        self._forget(group_id)

    def suspend(self) -> None:
        """From now on, nobody waits until this node has heard of a change: remember nothing."""
        self._suspended = True
        self.forget_all()

    def resume(self) -> None:
        self._suspended = False
        self.forget_all()

    def forget_all(self) -> None:
        """Changes may have gone unnoticed."""
        self._changes += 1
        self._known.clear()
        self._size = 0
