"""Telling others that a user is typing.

Rules:
1. The `audience` of a conversation is told; of two users, only if there is an entry between them.
   Only sessions that are live are told, and none if the user hides that they type.
2. For the sessions that a user has here together, it is passed on at most once in PASSED_ON_EVERY
   seconds for a conversation, and for AT_ONCE conversations in that time. What comes beyond that
   costs nothing.
3. None of it is stored, and nothing depends on it.
"""

from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import attrs

from chat_domain.entries import is_group
from chat_domain.errors import NotMember, TryAgain
from chat_domain.log.session import Session
from chat_domain.messages.audience import Audience
from chat_domain.messages.read_marks import ReadMarks
from chat_domain.model import User
from chat_domain.notes import IsTyping
from chat_domain.people.settings import OwnSettings
from chat_domain.ports.cluster import Broker
from chat_domain.ports.runtime import Clock

PASSED_ON_EVERY = 3.0  # seconds
AT_ONCE = 8  # conversations; nobody types in more at the same time


@attrs.frozen
class Typing:
    read_marks: ReadMarks
    settings: OwnSettings
    audience: Audience
    broker: Broker
    clock: Clock

    def report(self, session: Session, conv: int) -> Coroutine[Any, Any, bool] | None:
        """A client's user is typing in a conversation. Return a coroutine that passes it on, and
        returns whether somebody is told; or None if there is nothing to do. Raises NotMember."""
        if is_group(conv) and conv not in session.groups:
            raise NotMember(conv)
        oldest, *_ = (*self.audience.sessions.of(session.user.id), session)
        now, sent = self.clock.monotonic(), oldest.typing_sent
        for passed, at in list(sent.items()):
            if now - at >= PASSED_ON_EVERY:
                del sent[passed]
        if conv in sent or len(sent) >= AT_ONCE:
            return None
        sent[conv] = now
        return self._pass_on(session.user, conv)

    async def _pass_on(self, user: User, conv: int) -> bool:
        with suppress(TryAgain):
            if await self._may_tell(user.id, conv):
                note = IsTyping(user.id, user.name, conv)
                self.on_note(note)
                self.broker.broadcast(note)
                return True
        return False

    async def _may_tell(self, user_id: int, conv: int) -> bool:
        if (await self.settings.of(user_id)).hide_typing:
            return False
        is_one = is_group(conv) or await self.read_marks.of(user_id, conv) is not None
        return is_one and await self.audience.has_recipients(conv)

    def on_note(self, note: IsTyping) -> None:
        """A user is typing, here or on another node."""
        user = User(note.user_id, note.name)
        for session in self.audience.local_sessions(note.conv, user.id):
            if session.live:
                session.client.user_typing(user, note.conv)
