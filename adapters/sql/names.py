"""What distinguishes names in the tables User and AllGroup."""

from adapters.sql.database import UNIQUE
from chat_domain.names import Name


def unique_columns(name: Name) -> dict[str, str]:
    """The UNIQUE columns of the row of a name."""
    return dict(zip(UNIQUE, (name.key, name.skeleton, name.key_skeleton), strict=True))


def lookup(which: int | str) -> tuple[str, int | str]:
    """The column by which to find the row of an id or of a name's key, and its value there."""
    return ("id" if isinstance(which, int) else "namekey"), which
