"""Users' own settings, in the tables User and Member."""

import attrs

from adapters.sql import validation
from adapters.sql.database import Connection, Database
from adapters.sql.numbers import HIDES_READ, HIDES_TYPING, bounded, bounded_at
from chat_domain.model import Preferences


@attrs.frozen
class SqlSettings:
    _database: Database

    async def of(self, user_id: int) -> Preferences:
        return await self._database.read(_of, bounded(user_id))

    async def set(
        self, user_id: int, *, hide_read: bool | None = None, hide_typing: bool | None = None
    ) -> Preferences:
        hidden, shown = 0, 0
        for hide, what in ((hide_read, HIDES_READ), (hide_typing, HIDES_TYPING)):
            hidden += what if hide is True else 0
            shown += what if hide is False else 0
        return await self._database.write(_set, bounded(user_id), hidden, shown, repeatable=True)

    async def mute(self, user_id: int, conv: int, muted: bool | None) -> bool | None:
        place = bounded(user_id), bounded_at(conv)
        if muted is None:
            return await self._database.read(_is_muted, *place)
        return await self._database.write(_mute, *place, muted, repeatable=True)


async def _of(connection: Connection, user_id: int) -> Preferences:
    rows = await connection.rows("SELECT hides FROM User WHERE id = ?", (user_id,))
    hides = validation.position(rows[0][0]) if rows else 0
    return Preferences(bool(hides & HIDES_READ), bool(hides & HIDES_TYPING))


async def _set(connection: Connection, user_id: int, hidden: int, shown: int) -> Preferences:
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
