"""Numbers on their way to SQLite and back."""

import json
from sqlite3 import Connection

NO_ID = 2**31  # ids are below


def bounded(number: int) -> int:
    """The same number where it can be an id, else the nearest that is none.

    SQLite takes 64 bits, and a request's integer has as many as it likes. So what is asked
    about an id that cannot be is answered as for any unknown id, and nothing changes for a
    number that is compared with ids, or that counts them.
    """
    return min(max(number, 0), NO_ID)


def skip_ids(connection: Connection, table: str, number: int) -> None:
    """Go on counting behind the next `number` ids; in a table that is AUTOINCREMENT."""
    skipped = connection.execute(
        "UPDATE sqlite_sequence SET seq = seq + ? WHERE name = ?", (number, table)
    )
    if not skipped.rowcount:  # it has never had a row
        connection.execute("INSERT INTO sqlite_sequence VALUES (?, ?)", (table, number))


def ids(connection: Connection, query: str, of: int) -> list[int]:
    """The ids, ascending, that the query gathers into one `json_group_array`.

    The interpreter's lock is given away for every row that is fetched, and a busy loop
    returns it late: hundreds of ids in one row come sooner.
    """
    (gathered,) = connection.execute(query, (of,)).fetchone()
    return sorted(json.loads(gathered))
