"""Deleting what has been kept for long enough: a few entries at a time, by their positions.

Times are compared here, not by the database, since the table may contain anything.
"""

from collections.abc import Sequence

from adapters.sql import validation
from adapters.sql.database import Connection, Row


async def forget(connection: Connection, before_ms: int, limit: int) -> int:
    """See `ports.Log.forget`. The node that is first to move `oldest` deletes what is below it."""
    ((oldest,),) = await connection.rows("SELECT oldest FROM LogEnds")
    rows = await connection.rows(
        "SELECT at, time_ms FROM Entry WHERE at >= ? ORDER BY at LIMIT ?", (oldest, limit)
    )
    old = _first_old(rows, before_ms)
    if not old:
        return 0
    move = "UPDATE LogEnds SET oldest = ? WHERE oldest = ?"
    if not await connection.change(move, (old[-1] + 1, oldest)):
        return 0  # another node was faster
    await connection.change("DELETE FROM Entry WHERE at >= ? AND at <= ?", (old[0], old[-1]))
    return len(old)


async def forget_of(connection: Connection, conv: int, before_ms: int, limit: int) -> int:
    """See `ports.Log.forget_of`."""
    rows = await connection.rows(
        "SELECT at, time_ms FROM Entry WHERE conv = ? ORDER BY at LIMIT ?", (conv, limit)
    )
    old = _first_old(rows, before_ms)
    if old:
        await connection.change_in("DELETE FROM Entry WHERE at IN", old)
    return len(old)


def _first_old(rows: Sequence[Row], before_ms: int) -> list[int]:
    """The positions of the rows at the beginning that are older."""
    old: list[int] = []
    for at, time_ms in rows:
        if validation.is_time(time_ms) and time_ms >= before_ms:
            break
        old.append(at)
    return old
