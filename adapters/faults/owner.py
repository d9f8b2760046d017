"""On whose behalf something is done, for the log.

A task inherits the owner for which it was started (`adapters.gateway.tasks`). A connection's
callbacks have none: a line that is logged there names the connection itself.
"""

from contextvars import ContextVar

from chat_domain.ports.runtime import Owner

OWNER: ContextVar[Owner | None] = ContextVar("owner", default=None)
