"""Users' own settings, in the tables User and Member."""

from adapters.sql import validation
from adapters.sql.database import Connection
from adapters.sql.numbers import HIDES_READ, HIDES_TYPING
from adapters.sql.repository import Repository, read_by, write_by
from chat_domain.model import Preferences


async def _of(connection: Connection, user_id: int) -> Preferences:
    rows = await connection.rows("SELECT hides FROM User WHERE id = ?", (user_id,))
    hides = validation.position(rows[0][0]) if rows else 0
    return Preferences(bool(hides & HIDES_READ), bool(hides & HIDES_TYPING))


async def _set(
    connection: Connection,
    user_id: int,
    *,
    hide_read: bool | None = None,
    hide_typing: bool | None = None,
) -> Preferences:
    hidden, shown = 0, 0
    for hide, what in ((hide_read, HIDES_READ), (hide_typing, HIDES_TYPING)):
        hidden += what if hide is True else 0
        shown += what if hide is False else 0
    if hidden or shown:
        await connection.change(
            "UPDATE User SET hides = (hides | ?) & ~? WHERE id = ?", (hidden, shown, user_id)
        )
    return await _of(connection, user_id)


async def _is_muted(connection: Connection, user_id: int, conv: int) -> bool | None:
    rows = await connection.rows(
        "SELECT quiet FROM Member WHERE userid = ? AND conv = ?", (user_id, conv)
    )
    return bool(rows[0][0]) if rows else None


async def _mute(connection: Connection, user_id: int, conv: int, muted: bool) -> bool | None:
    await connection.change(
        "UPDATE Member SET quiet = ? WHERE userid = ? AND conv = ?", (int(muted), user_id, conv)
    )
    return await _is_muted(connection, user_id, conv)


class SqlSettings(Repository):
    of = read_by(_of)
    set = write_by(_set, repeatable=True)
    _is_muted = read_by(_is_muted)
    _mute = write_by(_mute, repeatable=True)

    async def mute(self, user_id: int, conv: int, muted: bool | None) -> bool | None:
        if muted is None:
            return await self._is_muted(user_id, conv)
        return await self._mute(user_id, conv, muted)
