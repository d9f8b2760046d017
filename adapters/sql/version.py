"""Which version of the tables this program knows; `SchemaVersion` says which a database has."""

from collections.abc import Sequence

from adapters.faults.startup_errors import StoreUnusable

VERSION = 3
NEVER_RELEASED = (1, 2)  # those of version 0.1


def check_version(found: Sequence[int], where: object) -> None:
    """Raise StoreUnusable unless these are the rows that `SchemaVersion` should have.

    where: the operator's name for the database.
    """
    if len(found) == 1 and found[0] in NEVER_RELEASED:
        raise StoreUnusable(
            f"{where} was made by version 0.1, which was never released and whose tables are no"
            " longer supported: start with a new database"
        )
    if found != [VERSION]:
        raise StoreUnusable(f"{where} has the schema {found}, this program supports [{VERSION}]")
