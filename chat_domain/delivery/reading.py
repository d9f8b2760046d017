"""Reading a session's mailbox into its window, and emptying it of what was taken over.

Reads always begin at the front of the mailbox, less what is on the way already. A cursor would
miss rows, for they become visible in another order than that of their mids.
"""

from collections.abc import Collection

import attrs

from chat_domain.delivery.held import Window
from chat_domain.delivery.session import Session
from chat_domain.delivery.standing import Standing
from chat_domain.errors import TryAgain
from chat_domain.ports.runtime import Tasks
from chat_domain.ports.store import Mailbox


@attrs.frozen
class MailboxReader:
    mailbox: Mailbox
    tasks: Tasks
    standing: Standing

    def fetch(self, session: Session) -> None:
        """Read the session's mailbox, as far as it wants that now. Safe to call at any time."""
        if session.wants_read() and self.standing.good():
            self.tasks.start(self.catch_up(session), session)

    async def catch_up(self, session: Session) -> None:
        """Fill the session's window from its mailbox, until it is full or nothing is left.

        A store that does not answer ends it; the session asks again with its next tick.
        """
        while session.wants_read() and self.standing.good():
            limit, on_the_way = session.begin_read()
            try:
                found = await self.mailbox.read(session.user.id, limit, on_the_way)
            except TryAgain:
                session.end_read(None, limit)
                return
            # Checked again: what was read before the node was suspended must not be pushed now.
            session.end_read(found if self.standing.good() else None, limit)

    def forget(self, window: Window, mids: Collection[str]) -> None:
        """Remove messages from the mailbox. Reads leave them out from their push to their end."""
        self.tasks.start(self._forget(window, mids), window)

    async def _forget(self, window: Window, mids: Collection[str]) -> None:
        try:
            await self.mailbox.remove(window.user.id, mids)
        except TryAgain:
            return  # they stay 'on the way' for this session; the next one gets them a second time
        window.removed(mids)
