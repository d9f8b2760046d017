"""Offline messages: what came while its user was away is shown, and forgotten once taken over."""

import attrs

from chat_domain.delivery.reading import MailboxReader
from chat_domain.delivery.session import Phase, Session

_LIVE = Phase.LIVE


@attrs.frozen
class Offline:
    reader: MailboxReader

    def begin(self, session: Session) -> None:
        """The client knows that it is logged in: let come what waits for it."""
        session.on_hold = False
        self.reader.fetch(session)

    def fetch(self, session: Session) -> None:
        """Let come what waits for a session, as far as it wants that now. Safe at any time."""
        self.reader.fetch(session)

    async def catch_up(self, session: Session) -> None:
        """Let come what waits for a session, until its window is full or nothing is left."""
        await self.reader.catch_up(session)

    def taken_over(self, session: Session, number: int) -> None:
        """The client has taken over all pushes up to this one. Raises BadPush."""
        done = session.taken_over(number)
        if done:
            self.reader.forget(session, done)
        if session.phase is not _LIVE:
            self.reader.fetch(session)
