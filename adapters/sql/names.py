"""What tells names apart in the tables User and AllGroup."""

from adapters.sql.database import UNIQUE
from chat_domain.names import Name


def keys(name: Name) -> dict[str, str]:
    """The UNIQUE columns of a name's row."""
    return dict(zip(UNIQUE, (name.key, name.skeleton, name.key_skeleton), strict=True))
