"""One commit for each message, which is what storing them costs without grouping."""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pymysql

from bench.frames import TEXT

_TABLE = "CREATE TABLE single (id INTEGER PRIMARY KEY, recipient INTEGER, message TEXT)"


def to_sqlite(path: Path, seconds: float) -> float:
    """Messages per second, as durable as ours."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute(_TABLE)
    insert = "INSERT INTO single VALUES (?, 1, ?)"
    rate = _rate(lambda number: database.execute(insert, (number, TEXT)), seconds)
    database.execute("DROP TABLE single")
    database.close()
    return rate


def to_mysql(url: str, seconds: float) -> float:
    at = urlsplit(url)
    database = pymysql.connect(
        host=at.hostname or "",
        port=at.port or 0,
        user=at.username,
        password=at.password or "",
        database=at.path[1:],
        autocommit=True,
    )
    with database, database.cursor() as cursor:
        cursor.execute(_TABLE)
        insert = "INSERT INTO single VALUES (%s, 1, %s)"
        rate = _rate(lambda number: cursor.execute(insert, (number, TEXT)), seconds)
        cursor.execute("DROP TABLE single")
    return rate


def _rate(store: Callable[[int], object], seconds: float) -> float:
    began, count = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        store(count)
        count += 1
    return count / (time.monotonic() - began)
