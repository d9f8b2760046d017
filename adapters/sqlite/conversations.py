"""A user's conversations in pages, each of which continues where the one before it ended.

No table has the last entry of a conversation, since each message would have to update that for all
its readers. So the first page looks up the last entries of all conversations and remembers them;
the following pages look up their own conversations only. The result is the same, because the last
entry of a conversation that a user may see only moves up, until all of it is deleted:

- a conversation that ended at a page's bound, or above it, still does;
- one that did not exist, or could not be seen, ends above the head of that time;
- one that ended below the bound is looked up again, and left out if it no longer does.
"""

import json
from array import array
from bisect import bisect_left

import attrs

from adapters.sql import conversations, validation
from adapters.sql.database import Connection
from adapters.sql.reading import ends
from chat_domain.entries import FOREVER, pair
from chat_domain.model import Conversation

MOST = 500_000  # conversations whose ends are remembered, for all users together; 16 bytes each

_THESE = conversations.shown("AND conv IN (SELECT value FROM json_each(?))")
_ENDS = f"SELECT last, conv FROM ({conversations.shown()}) ORDER BY last"  # noqa: S608  # constants


@attrs.frozen
class _Ends:
    """The positions at which a user's conversations ended, ascending, and which those are. head:
    all up to this position of the log, when it had this epoch, is included."""

    epoch: str
    head: int
    lasts: "array[int]"
    convs: "array[int]"


class Conversations:
    """Used by one thread."""

    def __init__(self, most: int = MOST) -> None:
        self._remembered: dict[int, _Ends] = {}  # by user, the last to ask is last
        self._number = 0  # of conversations
        self._most = most

    async def page(
        self, connection: Connection, user_id: int, below: int, limit: int
    ) -> list[Conversation]:
        """See `ports.Log.conversations`."""
        known = await self._ends_of(connection, user_id, below)
        place, some = bisect_left(known.lasts, below), list[Conversation]()
        while place and len(some) < limit:
            end, place = place, max(0, place - limit + len(some))
            convs = json.dumps(known.convs[place:end].tolist())
            args = pair(user_id, user_id), user_id, convs, below
            some += await conversations.found(connection, user_id, _THESE, args)
        if place:
            self._remember(user_id, known)
        return some

    async def _ends_of(self, connection: Connection, user_id: int, below: int) -> _Ends:
        log, known = await ends(connection), self._forget(user_id)
        if known is not None and known.epoch == log.epoch and below <= known.head + 1:
            return known
        rows = await connection.rows(_ENDS, (pair(user_id, user_id), user_id, FOREVER))
        lasts, convs = zip(*validation.positions(rows), strict=True) if rows else ((), ())
        return _Ends(log.epoch, log.head, array("q", lasts), array("q", convs))

    def _remember(self, user_id: int, known: _Ends) -> None:
        """Forget others if more would be remembered than may be."""
        self._remembered[user_id] = known
        self._number += len(known.convs)
        while self._number > self._most:
            self._forget(next(iter(self._remembered)))

    def _forget(self, user_id: int) -> _Ends | None:
        known = self._remembered.pop(user_id, None)
        self._number -= 0 if known is None else len(known.convs)
        return known
