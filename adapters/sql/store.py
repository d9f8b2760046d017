"""All storage ports on one database."""

from collections.abc import Callable

from adapters.sql.database import Database
from adapters.sql.friends import SqlFriends
from adapters.sql.groups import SqlGroups
from adapters.sql.settings import SqlSettings
from adapters.sql.tokens import SqlTokens
from adapters.sql.users import SqlUsers
from chat_domain.ports.log import Log
from chat_domain.ports.runtime import Depths
from chat_domain.ports.store import Store


def sql_store(
    database: Database, log: Log, forget_pairs: Callable[[], None], depths: Depths
) -> Store:
    """log: this database's own. forget_pairs: see `SqlUsers`."""
    return Store(
        users=SqlUsers(database, forget_pairs),
        tokens=SqlTokens(database),
        friends=SqlFriends(database),
        groups=SqlGroups(database),
        settings=SqlSettings(database),
        log=log,
        depths=depths,
    )
