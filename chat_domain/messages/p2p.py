"""Messages from one user to another."""

from collections.abc import Callable, Coroutine
from typing import Any

import attrs

from chat_domain.entries import pair
from chat_domain.errors import ChatError, MailboxFull, TooManyConversations, TryAgain
from chat_domain.fairness.guard import Guard
from chat_domain.log.marks import Marks
from chat_domain.log.session import Session
from chat_domain.messages.writing import Writing
from chat_domain.ports.client import TextRequest
from chat_domain.ports.log import Log
from chat_domain.ports.store import Friends

LOOKED_AT_EVERY = 64  # messages of a session to one user, who does not list its user
FRIENDS_LOOKED_AT_EVERY = 1_024  # to one who does
REMEMBERED = 1_000  # users to whom a session wrote


@attrs.frozen
class OneToOne:
    """answered: waits until all that a session has written is in the log, or refused."""

    writing: Writing
    log: Log
    friends: Friends
    marks: Marks
    guard: Guard
    answered: Callable[[Session], Coroutine[Any, Any, None]]

    def send(
        self, sender: Session, to_id: int, said: TextRequest
    ) -> Coroutine[Any, Any, None] | None:
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

    async def _look_and_write(self, sender: Session, to_id: int, said: TextRequest) -> None:
        if sender.is_out_of_turn(said.cid, self.writing.clock.monotonic()):
            self.writing.expect_again(sender, said)
            raise TryAgain  # without a look, which takes seconds if the store is away
        try:
            may_go, refused = await self._look(sender, to_id)
        except TryAgain:
            self.writing.expect_again(sender, said)
            raise
        unlooked = sender.unlooked
        if len(unlooked) >= REMEMBERED:
            unlooked.clear()
        self.writing.write(sender, pair(sender.user.id, to_id), said, refused)
        unlooked[to_id] = max(0, may_go - 1)

    async def _look(self, sender: Session, to_id: int) -> tuple[int, ChatError | None]:
        """How many texts may be sent to a user before the next look, and the error if none may."""
        sender_id, limits, may_go = sender.user.id, self.guard.limits, LOOKED_AT_EVERY
        most, conversations = limits.waiting_from_unlisted, limits.conversations_per_user
        if not (most or conversations) or sender_id == to_id:
            return FRIENDS_LOOKED_AT_EVERY, None
        if await self.friends.lists(to_id, sender_id):
            return FRIENDS_LOOKED_AT_EVERY, None
        if most:
            may_go = min(may_go, await self._room(sender, to_id, most))
            if not may_go:
                return 0, MailboxFull(to_id)
        if conversations and not await self.log.may_begin(sender_id, to_id, conversations):
            self.guard.counters.conversations_refused += 1
            return 0, TooManyConversations(conversations)
        return may_go, None

    async def _room(self, sender: Session, to_id: int, most: int) -> int:
        """How many texts of this sender may wait for a user's devices besides those that do."""
        on_their_way = sender.unanswered  # perhaps to this user, and not counted by the log yet
        room = most - on_their_way - await self.log.unheard(to_id, sender.user.id, most)
        if room > 0:
            return room
        await self.answered(sender)
        await self.marks.write(to_id)  # the stored mark may be a second behind
        return most - await self.log.unheard(to_id, sender.user.id, most)
