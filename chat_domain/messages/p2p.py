"""Messages from one user to another."""

from collections.abc import Coroutine
from typing import Any

import attrs

from chat_domain.entries import pair
from chat_domain.errors import ChatError, MailboxFull, TooManyConversations, TryAgain
from chat_domain.fairness.guard import Guard
from chat_domain.log.marks import Marks
from chat_domain.log.session import Session
from chat_domain.messages.writing import Writing
from chat_domain.ports.client import Said
from chat_domain.ports.log import Log
from chat_domain.ports.store import Friends

LOOKED_AT_EVERY = 64  # messages of a session to one user, who does not list its user
FRIENDS_LOOKED_AT_EVERY = 1_024  # to one who does
REMEMBERED = 1_000  # users to whom a session wrote


@attrs.frozen
class OneToOne:
    writing: Writing
    log: Log
    friends: Friends
    marks: Marks
    guard: Guard

    def send(self, sender: Session, to_id: int, said: Said) -> Coroutine[Any, Any, None] | None:
        """Send a text to a user, who may be the sender. Anybody may write to anybody; but a sender
        whom the recipient does not list may have only so many messages waiting for the recipient's
        devices, and begin only so many conversations.

        Return None if it is on its way into the log; otherwise a coroutine that does the rest, for
        which the sender's next request has to wait. The outcome is told by `Client.accepted` and
        `Client.refused`. Raises TooManyUnanswered and TryAgain, as does the coroutine.
        """
        left = sender.unlooked.get(to_id)
        if not left:
            return self._look_and_write(sender, to_id, said)
        self.writing.write(sender, pair(sender.user.id, to_id), said)
        sender.unlooked[to_id] = left - 1
        return None

    async def _look_and_write(self, sender: Session, to_id: int, said: Said) -> None:
        if sender.is_out_of_turn(said.cid, self.writing.clock.monotonic()):
            self.writing.expect_again(sender, said)
            raise TryAgain  # without a look, which takes seconds if the store is away
        try:
            may_go, refused = await self._look(sender.user.id, to_id)
        except TryAgain:
            self.writing.expect_again(sender, said)
            raise
        unlooked = sender.unlooked
        if len(unlooked) >= REMEMBERED:
            unlooked.clear()
        self.writing.write(sender, pair(sender.user.id, to_id), said, refused)
        unlooked[to_id] = max(0, may_go - 1)

    async def _look(self, sender_id: int, to_id: int) -> tuple[int, ChatError | None]:
        """How many texts may be sent to a user before the next look, and the error if none may."""
        limits = self.guard.limits
        most, conversations = limits.waiting_from_unlisted, limits.conversations_per_user
        if not (most or conversations) or sender_id == to_id:
            return FRIENDS_LOOKED_AT_EVERY, None
        if await self.friends.lists(to_id, sender_id):
            return FRIENDS_LOOKED_AT_EVERY, None
        if most and await self._waits(to_id, sender_id, most):
            return 0, MailboxFull(to_id)
        if conversations and not await self.log.may_begin(sender_id, to_id, conversations):
            self.guard.counters.conversations_refused += 1
            return 0, TooManyConversations(conversations)
        return LOOKED_AT_EVERY, None

    async def _waits(self, to_id: int, sender_id: int, most: int) -> bool:
        """Whether `most` texts of this sender wait for a user's devices."""
        if await self.log.unheard(to_id, sender_id, most) < most:
            return False
        await self.marks.write(to_id)  # the stored mark may be a second behind
        return await self.log.unheard(to_id, sender_id, most) >= most
