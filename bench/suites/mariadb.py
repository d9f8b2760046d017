"""A MariaDB of our own, with our tables in it."""

from collections.abc import Iterator
from contextlib import contextmanager

from bench.suites.options import Options
from entrypoints.services.mariadb import MariaDB
from entrypoints.services.node import initialise_database


@contextmanager
def mariadb(options: Options) -> Iterator[str]:
    """The store's address, for `--store`. As durable as it comes."""
    with MariaDB(options.directory / "mariadb") as database:
        initialise_database(database.url(), options.directory / "init-db.log")
        yield database.url()
