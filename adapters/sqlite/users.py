"""Who has registered, in SQLite."""

from adapters.sql.users import SqlUsers
from adapters.sqlite.appending import Appender
from adapters.sqlite.database import SqliteDatabase


class SqliteUsers(SqlUsers):
    def __init__(self, database: SqliteDatabase, appender: Appender) -> None:
        super().__init__(database)
        self._appender = appender

    async def remove(self, user_id: int) -> bool:
        try:
            return await super().remove(user_id)
        finally:
            self._appender.forget_pairs()
