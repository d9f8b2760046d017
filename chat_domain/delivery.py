"""What all messages have in common: being accepted, and being stored for who is not there.

A message for somebody with a live session goes into that session (`Session.offer`) and nowhere
else. All others, and what a session could not get rid of, pass through `Delivery.store`.
"""

from collections.abc import Coroutine, Iterable, Sequence

import attrs

from chat_domain.errors import CidConflict, NoSuchUser, TooManyUnanswered, TryAgain
from chat_domain.model import Entry, Filing, Message, Outcome
from chat_domain.offline import Offline
from chat_domain.ports import Clock, Ids, Mailbox
from chat_domain.receipt import Receipt
from chat_domain.session import Held, Keeping, Session, hold
from chat_domain.sessions import Sessions

MAX_UNANSWERED = 256  # messages of one session without an answer


@attrs.frozen
class Delivery:
    sessions: Sessions
    mailbox: Mailbox
    offline: Offline
    clock: Clock
    ids: Ids

    def accept(self, sender: Session, group_id: int, text: str, cid: str | None) -> Message:
        """Give a message its time and its ids. Raises TooManyUnanswered."""
        if sender.unanswered >= MAX_UNANSWERED:
            raise TooManyUnanswered(MAX_UNANSWERED)
        now = self.clock.now_ms()
        mid = self.ids.mid(now)
        return Message(mid, cid or mid, sender.user.id, sender.user.name, group_id, text, now)

    def receipt(
        self, sender: Session, message: Message, tag: int | None, recipients: int
    ) -> Receipt | None:
        """Promise the sender an answer, if its client can make use of one."""
        if not sender.client.wants_answers:
            return None
        sender.unanswered += 1
        return Receipt(sender, message, tag, recipients)

    def route(
        self, recipient_id: int, message: Message, receipt: Receipt | None
    ) -> Sequence[tuple[int, Held]]:
        """Put a message into its recipient's session; return what must be stored instead, if any.

        Done at once, so that a message to somebody who is there needs no task.
        """
        session = self.sessions.get(recipient_id)
        if session is None:
            return [(recipient_id, hold(message, receipt))]
        try:
            ahead = session.offer(message, receipt)
        except CidConflict as conflict:
            if receipt is not None:
                receipt.fail(conflict)
            return ()
        if ahead is None:
            return ()
        return [(recipient_id, held) for held in (*ahead, hold(message, receipt))]

    async def store(self, batch: Sequence[tuple[int, Held]]) -> None:
        """Store messages for their recipients, settle their receipts, and tell who is here by now.

        A failure is told to the senders, and raises nothing.
        """
        while batch:
            batch = await self._store_once(batch)

    async def _store_once(self, batch: Sequence[tuple[int, Held]]) -> Sequence[tuple[int, Held]]:
        """Return what has to be stored behind this batch."""
        waiting_for_it = self._announce(recipient_id for recipient_id, _ in batch)
        try:
            filings = await self.mailbox.add(
                [Entry(recipient_id, held.message) for recipient_id, held in batch]
            )
        except TryAgain as failure:
            for _, held in batch:
                self._failed(held, failure)
        else:
            for (recipient_id, held), filing in zip(batch, filings, strict=True):
                self._filed(recipient_id, held, filing)
        return self._notify({recipient_id for recipient_id, _ in batch}, waiting_for_it)

    def _announce(self, recipients: Iterable[int]) -> set[Session]:
        """Keep the sessions of these users from turning live before they have seen the store."""
        sessions = self._here(recipients)
        for session in sessions:
            session.store_begins()
        return sessions

    def _notify(self, recipients: Iterable[int], announced: set[Session]) -> list[tuple[int, Held]]:
        """Let sessions fetch: those that were there before the store, and those that came since."""
        behind: list[tuple[int, Held]] = []
        for session in announced:
            behind += [(session.user.id, held) for held in session.store_ended()]
        # Looked up after the commit: who has come since may have read the mailbox before it.
        now_here = self._here(recipients)
        for session in now_here - announced:
            behind += [(session.user.id, held) for held in session.notice()]
        for session in now_here:
            self.offline.fetch(session)
        return behind

    def _here(self, users: Iterable[int]) -> set[Session]:
        found = map(self.sessions.get, users)
        return {session for session in found if session is not None}

    def _filed(self, recipient_id: int, held: Held, filing: Filing) -> None:
        receipts, held.receipts = held.each_receipt(), None
        for receipt in receipts:
            match filing.outcome:
                case Outcome.STORED:
                    if not receipt.message.group_id:
                        receipt.message = filing.message  # of two copies, the one on file
                    receipt.kept()
                case Outcome.FULL:
                    receipt.refuse(recipient_id)
                case Outcome.NO_SUCH_USER:
                    receipt.fail(NoSuchUser(recipient_id))
                case Outcome.CONFLICT:
                    receipt.fail(CidConflict(receipt.message.cid))
        if held.keeping is Keeping.BEGUN:
            held.keeping = Keeping.DONE if filing.outcome is Outcome.STORED else Keeping.NOT

    def _failed(self, held: Held, failure: TryAgain) -> None:
        receipts, held.receipts = held.each_receipt(), None
        for receipt in receipts:
            receipt.fail(failure)
        if held.keeping is Keeping.BEGUN:
            held.keeping = Keeping.NOT

    def store_overdue(self, session: Session) -> Coroutine[None, None, None] | None:
        """Store what a slow client has left unsettled for so long that its senders must be told.

        To be asked regularly. Returns None when there is no such thing.
        """
        overdue = session.overdue(self.clock.now_ms())
        return self._store_overdue(session, overdue) if overdue else None

    async def _store_overdue(self, session: Session, overdue: Sequence[Held]) -> None:
        await self.store([(session.user.id, held) for held in overdue])
        taken_meanwhile = session.kept(overdue)
        if taken_meanwhile:
            self.offline.forget(session, taken_meanwhile)
