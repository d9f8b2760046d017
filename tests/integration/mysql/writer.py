"""A node that does nothing but write: `python -m tests.integration.mysql.writer URL USER OTHER...`

Two at a time write texts to these users, a group of their own now and then, and all of it in
batches of different sizes. When it is done, each entry's position and cid are a line of its output.
"""

import asyncio
import sys

from adapters.mysql import mysql_store
from chat_domain.entries import ChangeKind, Entry, pair
from chat_domain.ports.store import Store
from tests.contract.making import append, change, text

BATCHES = 40


async def write(store: Store, user_id: int, others: list[int], name: str) -> list[Entry]:
    written: list[Entry] = []
    for number in range(BATCHES):
        conv = pair(user_id, others[number % len(others)])
        entries = [text(user_id, conv, cid=f"{name}-{number}-{n}") for n in range(1 + number % 5)]
        if number % 10 == 0:
            made = f"of {name} {number}"
            entries.append(change(ChangeKind.CREATED, user_id, name=made, cid=f"{name}-{number}"))
        results = await append(store, *entries)
        written += [result for result in results if isinstance(result, Entry)]
    return written


async def main(url: str, user_id: int, *others: int) -> None:
    async with mysql_store(url) as store:
        names = [f"{user_id}-{letter}" for letter in "ab"]
        every = await asyncio.gather(*(write(store, user_id, [*others], name) for name in names))
    for entry in (entry for written in every for entry in written):
        sys.stdout.write(f"{entry.at} {entry.cid}\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], *map(int, sys.argv[2:])))
