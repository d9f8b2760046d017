"""What all messages have in common: being accepted, finding their way, being stored.

1. A message for somebody with a live session on this node goes into that session at once.
2. One for somebody who is known to be on another node is handed to that node at once (`remote`).
3. For all others it is looked up where they are; then it is handed over, or stored.
4. After a store has committed, it is looked up again who is online by now, and they are told to
   fetch: whoever logs in first claims, then reads the mailbox, so one of the two sees the other.
"""

from collections.abc import Awaitable, Collection, Iterable, Sequence
from itertools import compress

import attrs

from chat_domain.delivery.gathering import Gathering
from chat_domain.delivery.held import Held, Keeping, Window
from chat_domain.delivery.reading import MailboxReader
from chat_domain.delivery.receipt import Owed, Receipt
from chat_domain.delivery.remote import RemoteRoutes
from chat_domain.delivery.session import Session
from chat_domain.delivery.sessions import Sessions
from chat_domain.delivery.standing import Standing
from chat_domain.errors import CidConflict, NoSuchUser, TooManyUnanswered, TryAgain
from chat_domain.model import Entry, Filing, Message, Outcome
from chat_domain.notes import Fetch
from chat_domain.ports.cluster import Broker, Presence
from chat_domain.ports.runtime import Clock, Ids, Tasks
from chat_domain.ports.store import Mailbox

MAX_UNANSWERED = 256  # messages of one session without an answer

Bound = tuple[int, Held]  # a message and the id of the one it is bound for


@attrs.frozen
class Delivery:
    """owed: users who should be told to fetch as soon as that is possible again."""

    sessions: Sessions
    mailbox: Mailbox
    reader: MailboxReader
    standing: Standing
    tasks: Tasks
    clock: Clock
    ids: Ids
    presence: Presence
    broker: Broker
    routes: RemoteRoutes
    node: str
    owed: set[int] = attrs.field(factory=set)
    _forwarding: Gathering[Bound] = attrs.field(init=False)

    @_forwarding.default
    def _forward_together(self) -> Gathering[Bound]:
        return Gathering(self._forward, self.tasks)

    def accept(self, sender: Session, group_id: int, text: str, cid: str | None) -> Message:
        """Give a message its time and its ids. Raises TooManyUnanswered, and TryAgain when an
        earlier one was refused for the moment and has not been sent again yet."""
        now = self.clock.now_ms()
        mid = self.ids.mid(now)
        sendings = sender.sendings
        if sendings.expected is not None and sendings.out_of_order(mid, cid):
            raise TryAgain
        user = sender.user
        message = Message(mid, cid or mid, user.id, user.name, group_id, text, now)
        if len(sendings.unanswered) >= MAX_UNANSWERED:
            sendings.expect_again(mid, message)
            raise TooManyUnanswered(MAX_UNANSWERED)
        return message

    def receipt(
        self, sender: Session, message: Message, tag: int | None, recipients: int
    ) -> Receipt | None:
        """Promise the sender an answer, if its client can make use of one."""
        if not sender.client.wants_answers:
            return None
        sender.sendings.unanswered[message.mid] = message.cid
        return Receipt(sender, message, message.mid, tag, recipients)

    def route(
        self, recipients: Iterable[int], message: Message, receipt: Owed | None
    ) -> list[Bound]:
        """Put a message on its way wherever that is known; return what is left for `forward`.

        Done at once, so that a message to somebody who is there needs no task.
        """
        left: list[Bound] = []
        session_of = self.sessions.get
        for recipient_id in recipients:
            session = session_of(recipient_id)
            if session is None:
                held = Held(message, receipt)
                if not self.routes.hand_over(recipient_id, held):
                    left.append((recipient_id, held))
                continue
            try:
                ahead = session.offer(message, receipt)
            except CidConflict as conflict:
                if receipt is not None:
                    receipt.fail(conflict)
                continue
            if ahead is not None:
                left += [(recipient_id, held) for held in (*ahead, Held(message, receipt))]
        return left

    def forward(self, batch: Sequence[Bound]) -> Awaitable[None]:
        """Hand messages to the nodes where their recipients are, store the others, settle their
        receipts. A failure is told to the senders, and raises nothing.

        What one turn of the loop leaves to be forwarded goes together. Return what ends when all
        of that is done.
        """
        return self._forwarding.add(batch)

    async def _forward(self, batch: Sequence[Bound]) -> None:
        elsewhere = {user_id for user_id, _ in batch if self.sessions.get(user_id) is None}
        # Without its lease a node hands nothing over: what it stores now, its sessions' windows
        # among it, must not be overtaken.
        if elsewhere and self.standing.good():
            await self._find_routes(elsewhere)
            batch = [bound for bound in batch if not self._handed_over(*bound)]
        await self.store(batch)

    async def _find_routes(self, user_ids: Collection[int]) -> None:
        try:
            claims = await self.presence.find(user_ids)
        except TryAgain:
            return  # then it is stored, and they are owed a notice
        for claim in claims.values():
            # Who is still owed a notice gets all by way of the mailbox: nothing may overtake it.
            if claim.node != self.node and claim.user_id not in self.owed:
                self.routes.found(claim)

    def _handed_over(self, recipient_id: int, held: Held) -> bool:
        # Who has logged in here meanwhile gets it by way of the mailbox.
        return self.sessions.get(recipient_id) is None and self.routes.hand_over(recipient_id, held)

    async def store(self, batch: Sequence[Bound]) -> None:
        """Store messages for their recipients, settle their receipts, and tell who is online.

        A failure is told to the senders, and raises nothing.
        """
        while batch:
            batch = await self._store_once(batch)

    async def store_undelivered(self, batch: Sequence[Bound]) -> None:
        """The same for what sessions here could not deliver. If their users are elsewhere by then,
        what comes for them meanwhile goes the same way, behind it."""
        with self.routes.none_to({recipient_id for recipient_id, _ in batch}):
            await self.store(batch)

    async def _store_once(self, batch: Sequence[Bound]) -> Sequence[Bound]:
        """Return what has to be stored behind this batch."""
        recipients = {recipient_id for recipient_id, _ in batch}
        self.sessions.store_begins(recipients)
        try:
            await self._file(batch)
            self._tell_who_shows(batch)
        finally:
            waited = self.sessions.store_ended(recipients)
            for session in self.sessions.of(recipients):
                self.reader.fetch(session)
        await self.tell_to_fetch(recipients)
        return waited

    async def _file(self, batch: Sequence[Bound]) -> None:
        batch = self._without_overtaking(batch)
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

    def _without_overtaking(self, batch: Sequence[Bound]) -> Sequence[Bound]:
        """Refuse what stood behind a message that has been refused meanwhile."""
        overtaking = [held.overtakes() for _, held in batch]
        if not any(overtaking):
            return batch
        for _, held in compress(batch, overtaking):
            self._failed(held, TryAgain())
        return [bound for bound, overtakes in zip(batch, overtaking, strict=True) if not overtakes]

    def _tell_who_shows(self, batch: Sequence[Bound]) -> None:
        """Let sessions know what became of those that are in their windows."""
        shown: dict[Window, list[Held]] = {}
        for _, held in batch:
            if held.shown_by is not None:
                shown.setdefault(held.shown_by, []).append(held)
        for window, some in shown.items():
            taken_meanwhile = window.kept(some)
            if taken_meanwhile:
                self.reader.forget(window, taken_meanwhile)

    async def tell_to_fetch(self, user_ids: Iterable[int]) -> None:
        """Let those of these users who are on other nodes read their mailboxes."""
        elsewhere = {user_id for user_id in user_ids if self.sessions.get(user_id) is None}
        if not elsewhere:
            return
        try:
            claims = await self.presence.find(elsewhere)
        except TryAgain:
            self.owed.update(elsewhere)
            return
        by_node: dict[str, list[int]] = {}
        for claim in claims.values():
            by_node.setdefault(claim.node, []).append(claim.user_id)
        for node, found in by_node.items():
            if node != self.node:
                self.broker.send(node, Fetch(found))

    def fetch(self, user_id: int) -> None:
        """Something was stored by another node: let the user's session here read its mailbox."""
        session = self.sessions.get(user_id)
        if session is not None:
            unsettled = session.note_store()
            if unsettled:
                batch = [(user_id, held) for held in unsettled]
                self.tasks.start(self.store_undelivered(batch), session)
            self.reader.fetch(session)

    def change_way(self, recipient_id: int) -> None:
        """Give up the route to a recipient: what is unsettled on it is stored."""
        unsettled = self.routes.give_up(recipient_id)
        if unsettled:
            self.tasks.start(self._store_route(recipient_id, unsettled))
        elif unsettled is not None:
            self.routes.close(recipient_id)

    async def _store_route(self, recipient_id: int, unsettled: Sequence[Held]) -> None:
        await self.store([(recipient_id, held) for held in unsettled])
        self.routes.close(recipient_id)

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
        if held.shown_by is not None:
            if filing.outcome is Outcome.STORED:
                held.shown_by.on_file(held, filing.message)
            else:
                held.keeping = Keeping.NOT

    def _failed(self, held: Held, failure: TryAgain) -> None:
        receipts, held.receipts = held.each_receipt(), None
        for receipt in receipts:
            receipt.fail(failure)
        if held.shown_by is not None:
            held.keeping = Keeping.NOT

    def look_after(self, session: Session) -> None:
        """Do what depends on time: store what a slow client has left unsettled for so long that
        its senders must be told, and read its mailbox. To be called about twice a second."""
        if not session.may_have_more():  # as most are, most of the time
            return
        overdue = session.overdue(self.clock.now_ms())
        if overdue:
            batch = [(session.user.id, held) for held in overdue]
            self.tasks.start(self.store_undelivered(batch), session)
        self.reader.fetch(session)
