"""Messages from one user to another."""

from collections.abc import Awaitable

import attrs

from chat_domain.entries import pair
from chat_domain.errors import MailboxFull, TryAgain
from chat_domain.fairness.guard import Guard
from chat_domain.log.marks import Marks
from chat_domain.log.session import Session
from chat_domain.messages.writing import Writing
from chat_domain.ports.client import Said
from chat_domain.ports.store import Friends, Log

LOOKED_AT_EVERY = 64  # messages of a session to one user
REMEMBERED = 1_000  # users to whom a session wrote


@attrs.frozen
class OneToOne:
    writing: Writing
    log: Log
    friends: Friends
    marks: Marks
    guard: Guard

    def send(self, sender: Session, to_id: int, said: Said) -> Awaitable[None] | None:
        """Send a text to a user, who may be the sender. Anybody may write to anybody; whoever is
        not on the recipient's list until so many of their messages wait for its devices.

        Return None when it is on its way into the log; otherwise the sender's next request has to
        wait for this. What becomes of it is told by `Client.accepted` and `Client.refused`.
        Raises TooManyUnanswered and TryAgain, as does what is returned.
        """
        wrote_to = sender.wrote_to
        count = wrote_to.get(to_id, 0)
        if not count % LOOKED_AT_EVERY:
            return self._check_and_write(sender, to_id, said)
        self.writing.write(sender, pair(sender.user.id, to_id), said)
        wrote_to[to_id] = count + 1
        return None

    async def _check_and_write(self, sender: Session, to_id: int, said: Said) -> None:
        try:
            full = await self._is_full(sender.user.id, to_id)
        except TryAgain:
            self.writing.expect_again(sender, said)
            raise
        wrote_to = sender.wrote_to
        if len(wrote_to) >= REMEMBERED:
            wrote_to.clear()
        refused = MailboxFull(to_id) if full else None
        self.writing.write(sender, pair(sender.user.id, to_id), said, refused)
        wrote_to[to_id] = wrote_to.get(to_id, 0) + (not full)

    async def _is_full(self, sender_id: int, to_id: int) -> bool:
        """Whether as much waits for a user as may wait from this sender."""
        most = self.guard.limits.waiting_from_strangers
        if not most or sender_id == to_id:
            return False
        if await self.log.unheard(to_id, sender_id, most) < most:
            return False
        if await self.friends.lists(to_id, sender_id):
            return False
        await self.marks.write(to_id)  # of who is here, it may be a second behind
        return await self.log.unheard(to_id, sender_id, most) >= most
