"""Who has registered, with the paintings of many callers in few statements."""

from collections.abc import Callable, Collection, Sequence

import attrs

from adapters.mysql.batches import Batches
from adapters.mysql.database import MySqlDatabase
from adapters.sql.numbers import bounded
from adapters.sql.users import SqlUsers

MARKED_AT_ONCE = 5000  # users in one transaction

_States = dict[int, str]


@attrs.define
class _Batch:
    users: int = 0

    def take(self, states: _States) -> bool:
        self.users += len(states)
        return self.users <= MARKED_AT_ONCE


class MySqlUsers(SqlUsers):
    def __init__(self, database: MySqlDatabase, forget: Callable[[int], None]) -> None:
        """forget: to be told of accounts that are removed."""
        super().__init__(database)
        self._forget = forget
        self._marks: Batches[_States] = Batches(self._mark, _Batch)

    async def remove(self, user_id: int) -> bool:
        try:
            return await super().remove(user_id)
        finally:
            self._forget(user_id)

    async def mark(self, online: Collection[int], offline: Collection[int]) -> None:
        states = dict.fromkeys(map(bounded, online), "online")
        states |= dict.fromkeys(map(bounded, offline), "offline")
        if states:
            await self._marks.ask(states)

    def depth(self) -> int:
        """How many pictures wait to be painted."""
        return len(self._marks)

    async def close(self) -> None:
        await self._marks.close()

    async def _mark(self, batch: Sequence[_States]) -> list[None]:
        latest: _States = {}
        for states in batch:
            latest |= states
        online = [user_id for user_id, state in latest.items() if state == "online"]
        offline = [user_id for user_id, state in latest.items() if state == "offline"]
        await super().mark(online, offline)
        return [None] * len(batch)
