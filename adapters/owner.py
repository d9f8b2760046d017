"""On whose behalf something is done, for the log.

A task has the owner that it was started for (`adapters.gateway.tasks`). What is done at once, in a
connection's callbacks, has none: a line that is written there names it.
"""

from contextvars import ContextVar

from chat_domain.ports.runtime import Owner

OWNER: ContextVar[Owner | None] = ContextVar("owner", default=None)
