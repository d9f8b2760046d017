"""Proofs of an earlier login, in the table Token."""

from collections.abc import Collection

import attrs

from adapters.ids import NO_ID
from adapters.sql import validation
from adapters.sql.database import Connection
from adapters.sql.numbers import bounded
from adapters.sql.repository import Repository, read_by, write_by
from adapters.sql.session_eviction import making_room
from chat_domain.model import KeptToken, User
from chat_domain.ports.store import EXPIRED_AT_ONCE

# in the order of KeptToken's fields
_COLUMNS = "digest, series, userid, session, begun_ms, expires_ms, used, device, seen_ms"


async def _add(
    connection: Connection,
    token: KeptToken,
    *,
    sessions: int,
    connected: Collection[str] = (),
) -> list[str]:
    # one at a time for each user, or two at once could leave too many sessions
    await connection.lock_user(token.user_id)
    delete = f"DELETE FROM Token {connection.dialect.first_expired}"  # noqa: S608  # a constant
    await connection.change(delete, (token.seen_ms, EXPIRED_AT_ONCE))
    rows = await connection.rows(
        "SELECT session, device, max(seen_ms) FROM Token"
        " WHERE userid = ? AND session <> ? AND expires_ms > ? GROUP BY session, device",
        (token.user_id, token.session, token.seen_ms),
    )
    gone = making_room(token, validation.sessions(rows), sessions, connected)
    for session in gone:
        await _remove(connection, token.user_id, session)
    await _insert(connection, token)
    return gone


async def _insert(connection: Connection, token: KeptToken) -> None:
    places = ", ".join("?" * len(attrs.fields(KeptToken)))
    replace = f"REPLACE INTO Token ({_COLUMNS}) VALUES ({places})"  # noqa: S608  # constants
    await connection.change(replace, attrs.astuple(token))


async def _find(connection: Connection, digest: str, now_ms: int) -> tuple[User, KeptToken] | None:
    found = await connection.rows(
        f"SELECT {_COLUMNS}, name FROM Token JOIN User ON User.id = userid"  # noqa: S608  # constants
        " WHERE digest = ? AND expires_ms > ?",
        (digest, now_ms),
    )
    for *facts, name in found:
        for token in validation.tokens([facts]):
            return User(token.user_id, validation.name(name)), token
    return None


async def _session_of(connection: Connection, series: str, now_ms: int) -> tuple[int, str] | None:
    query = "SELECT userid, session FROM Token WHERE series = ? AND expires_ms > ? LIMIT 1"
    for user_id, session in validation.with_ids(await connection.rows(query, (series, now_ms))):
        return user_id, validation.word(session)
    return None


async def _use(
    connection: Connection, token: KeptToken, following: KeptToken | None, *, new: int
) -> bool:
    await connection.lock_user(token.user_id)
    found = await connection.rows("SELECT used FROM Token WHERE digest = ?", (token.digest,))
    if not found:
        return False
    if not found[0][0]:
        await _remove(connection, token.user_id, token.session)
        await _insert(connection, attrs.evolve(token, used=True))
    else:
        await connection.change(
            "UPDATE Token SET seen_ms = ? WHERE userid = ? AND session = ?",
            (token.seen_ms, token.user_id, token.session),
        )
    if following is not None:
        await _follow(connection, following, new)
    return True


async def _follow(connection: Connection, token: KeptToken, new: int) -> None:
    beyond = await connection.rows(
        "SELECT digest FROM Token WHERE userid = ? AND session = ? AND used = 0 AND digest <> ?"
        " ORDER BY expires_ms DESC, digest LIMIT ? OFFSET ?",
        (token.user_id, token.session, token.digest, NO_ID, new - 1),
    )
    digests = [validation.word(digest) for (digest,) in beyond]
    await connection.change_in("DELETE FROM Token WHERE digest IN", digests)
    await _insert(connection, token)


async def _of(connection: Connection, user_id: int, now_ms: int) -> list[KeptToken]:
    found = await connection.rows(
        f"SELECT {_COLUMNS} FROM Token WHERE userid = ? AND expires_ms > ?"  # noqa: S608  # constants
        " ORDER BY expires_ms DESC, digest",
        (user_id, now_ms),
    )
    return validation.tokens(found)


async def _sessions_of(connection: Connection, user_ids: Collection[int]) -> set[tuple[int, str]]:
    query = "SELECT DISTINCT userid, session FROM Token WHERE userid IN"
    rows = validation.with_ids(await connection.rows_in(query, [*user_ids]))
    return {(user_id, validation.word(session)) for user_id, session in rows}


async def _extend(
    connection: Connection, sessions: Collection[tuple[int, str]], expires_ms: int
) -> None:
    extend = "UPDATE Token SET expires_ms = ? WHERE userid = ? AND session = ? AND expires_ms < ?"
    every = sorted(sessions)  # in one order on all nodes, so that there are no deadlocks
    await connection.change_each(
        extend,
        [(expires_ms, bounded(user_id), session, expires_ms) for user_id, session in every],
    )


async def _remove(connection: Connection, user_id: int, session: str) -> None:
    query = "DELETE FROM Token WHERE userid = ? AND session = ?"
    await connection.change(query, (user_id, session))


async def _remove_all(connection: Connection, user_id: int) -> None:
    await connection.change("DELETE FROM Token WHERE userid = ?", (user_id,))


async def _remove_some(connection: Connection, limit: int) -> int:
    return await connection.change(f"DELETE FROM Token {connection.dialect.some_tokens}", (limit,))  # noqa: S608


class SqlTokens(Repository):
    add = write_by(_add, repeatable=True)
    find = read_by(_find)
    session_of = read_by(_session_of)
    use = write_by(_use, repeatable=True)
    of = read_by(_of)
    sessions_of = read_by(_sessions_of)
    extend = write_by(_extend, repeatable=True)
    remove = write_by(_remove, repeatable=True)
    remove_all = write_by(_remove_all, repeatable=True)
    remove_some = write_by(_remove_some)
