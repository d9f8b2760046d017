"""Messages from one user to another."""

from collections.abc import Coroutine
from typing import Any

import attrs

from chat_domain.entries import HIGH, pair
from chat_domain.errors import ChatError, MailboxFull, TooManyConversations, TryAgain
from chat_domain.fairness.guard import Guard
from chat_domain.log.marks import Marks
from chat_domain.log.queue import AppendQueue
from chat_domain.log.session import Session
from chat_domain.messages.writing import Writing
from chat_domain.ports.client import TextRequest
from chat_domain.ports.log import Log
from chat_domain.ports.runtime import Clock
from chat_domain.ports.store import Friends

CHECK_EVERY = 64  # messages of a session to a user who does not list the sender
CHECK_FRIENDS_EVERY = 1_024  # to a user who does
REMEMBERED = 1_000  # users to whom a session wrote


@attrs.frozen
class OneToOne:
    writing: Writing
    queue: AppendQueue
    log: Log
    friends: Friends
    marks: Marks
    guard: Guard
    clock: Clock

    def send(
        self, sender: Session, to_id: int, request: TextRequest
    ) -> Coroutine[Any, Any, None] | None:
        """Send a text to a user, who may be the sender. Anybody may write to anybody; but a sender
        whom the recipient does not list may have a limited number of messages waiting for the
        recipient's devices, and begin a limited number of conversations.

        Return None if it is on its way into the log; otherwise a coroutine that does the rest, for
        which the sender's next request has to wait. The outcome is reported by `Client.accepted`
        and `Client.refused`. Raises TooManyUnanswered and TryAgain, as does the coroutine.
        """
        allowed = sender.allowance.get(to_id)
        if not allowed:
            return self._check_and_write(sender, to_id, request)
        own_id = sender.user.id
        # What `pair` returns, without a call for each message.
        conv = own_id << HIGH | to_id if own_id <= to_id else to_id << HIGH | own_id
        self.writing.write(sender, conv, request)
        sender.allowance[to_id] = allowed - 1
        return None

    async def _check_and_write(self, sender: Session, to_id: int, request: TextRequest) -> None:
        # First, since the other checks take seconds if the store is unavailable.
        sender.check_turn(request.cid, self.clock.monotonic())
        try:
            allowed, refused = await self._check_recipient(sender, to_id)
        except TryAgain:
            sender.expect_again(request.cid, self.clock.monotonic())
            raise
        allowance = sender.allowance
        if len(allowance) >= REMEMBERED:
            allowance.clear()
        self.writing.write(sender, pair(sender.user.id, to_id), request, refused)
        allowance[to_id] = max(0, allowed - 1)

    async def _check_recipient(self, sender: Session, to_id: int) -> tuple[int, ChatError | None]:
        """How many texts may be sent to a user before the next check, and the error if none may."""
        sender_id, limits, allowed = sender.user.id, self.guard.limits, CHECK_EVERY
        most, conversations = limits.waiting_from_unlisted, limits.conversations_per_user
        if not (most or conversations) or sender_id == to_id:
            return CHECK_FRIENDS_EVERY, None
        if await self.friends.lists(to_id, sender_id):
            return CHECK_FRIENDS_EVERY, None
        if most:
            allowed = min(allowed, await self._mailbox_room(sender, to_id, most))
            if not allowed:
                return 0, MailboxFull(to_id)
        if conversations and not await self.log.may_begin(sender_id, to_id, conversations):
            self.guard.counters.conversations_refused += 1
            return 0, TooManyConversations(conversations)
        return allowed, None

    async def _mailbox_room(self, sender: Session, to_id: int, most: int) -> int:
        """How many more texts of this sender may wait for a user's devices."""
        on_their_way = sender.unanswered  # perhaps to this user, and not counted by the log yet
        room = most - on_their_way - await self.log.undelivered(to_id, sender.user.id, most)
        if room > 0:
            return room
        await self.queue.wait_answered(sender)
        await self.marks.write(to_id)  # the stored mark may be a second behind
        return most - await self.log.undelivered(to_id, sender.user.id, most)
