"""Puts what a session writes, to a group or to a user, on its way into the log."""

import attrs

from chat_domain.entries import TEXT, Entry
from chat_domain.errors import ChatError, TryAgain
from chat_domain.log.queue import AppendQueue
from chat_domain.log.session import MOST_UNANSWERED, Session
from chat_domain.ports.client import TextRequest
from chat_domain.ports.runtime import Clock, Ids


@attrs.frozen
class Writing:
    queue: AppendQueue
    clock: Clock
    ids: Ids

    def write(
        self, sender: Session, conv: int, request: TextRequest, refused: ChatError | None = None
    ) -> None:
        """Queue a text for the log, to be shown to all who are in the conversation when it is
        written, except the sending session. The outcome is reported by `Client.accepted` and
        `Client.refused`; a text to a group may be refused with NotMember and NoSuchGroup. Raises
        TooManyUnanswered and TryAgain.

        refused: the error to refuse it with, unless the log has it already.

        A text that cannot be written for the moment is expected again (see `Session`) if the client
        chose its cid, by which it is then recognised.
        """
        cid, user = request.cid, sender.user
        if sender.expected or sender.unanswered >= MOST_UNANSWERED or not sender.subscribed:
            sender.check_may_write(cid, self.clock.monotonic())
        entry = Entry(
            conv,
            TEXT,
            user.id,
            user.name,
            cid or self.ids.cid(),
            request.msg,
            None,
            request.re,
        )
        try:
            self.queue.add((entry, sender, request.seq, cid is not None, refused))
        except TryAgain:
            if cid is not None:  # nothing is expected before it, as was just checked
                sender.expect_first(cid, self.clock.monotonic())
            raise
        sender.unanswered += 1
