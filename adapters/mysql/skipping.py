"""Ids that are given to nobody."""

from collections.abc import Sequence

from adapters.mysql.link import Link


async def skip_ids(link: Link, table: str, columns: Sequence[str], number: int) -> None:
    """Let a table go on counting behind the next `number` ids, in the transaction that is open.

    The server counts on from the highest id that a row has had. So two rows come and go before
    anybody sees them: that needs no right to alter tables. columns: texts that a row cannot do
    without; empty ones are nobody's.
    """
    names, nothing = ", ".join(columns), ", ".join(["''"] * len(columns))
    row = await link.change(f"INSERT INTO {table} ({names}) VALUES ({nothing})")  # noqa: S608
    await link.change(f"DELETE FROM {table} WHERE id = %s", (row.last_id,))  # noqa: S608
    last = row.last_id + number
    await link.change(f"INSERT INTO {table} (id, {names}) VALUES (%s, {nothing})", (last,))  # noqa: S608
    await link.change(f"DELETE FROM {table} WHERE id = %s", (last,))  # noqa: S608  # constants
