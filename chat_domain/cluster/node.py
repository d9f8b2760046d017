"""This process as one node of many: what others tell it, and what its lease means.

While it holds its lease, a node's sessions are the truth about its users. Without it the node is
suspended: connections stay and what clients take over counts, but nothing is pushed, nobody is
logged in, and chats are stored. When it has its lease again, it claims each session again;
those that cannot be are closed, and all others catch up from their mailboxes.
"""

from collections.abc import Collection, Iterable

import attrs

from chat_domain.delivery.delivery import Bound, Delivery
from chat_domain.delivery.held import Held
from chat_domain.delivery.reports import RemoteReceipt, Reports
from chat_domain.delivery.retirements import Retirements
from chat_domain.delivery.roster_changes import RosterChanges
from chat_domain.delivery.rosters import Rosters
from chat_domain.delivery.session import Phase, Session
from chat_domain.delivery.sessions import Sessions
from chat_domain.delivery.standing import Standing
from chat_domain.errors import CidConflict
from chat_domain.model import Claim, Friend
from chat_domain.notes import (
    Fetch,
    Handed,
    LoggedOut,
    Note,
    PresenceChanged,
    Replaced,
    Retired,
    RosterChanged,
    RosterForgotten,
    Settled,
    Tell,
)
from chat_domain.people.announcer import Announcer
from chat_domain.people.login import Logins
from chat_domain.people.teller import Teller
from chat_domain.ports.cluster import Broker, Presence
from chat_domain.ports.runtime import Clock, Latches, Tasks

GRACE = 5.0  # seconds in which a dead node's users can resume elsewhere without being announced
MOST_ORIGINS = 1000  # nodes that have handed something to one session; no cluster has as many
OWED_AT_ONCE = 1000  # users told to fetch in one go, after an outage


@attrs.define(eq=False)
class Node:
    """What the broker's adapter calls. All but `resume` and `died` return at once."""

    sessions: Sessions
    delivery: Delivery
    logins: Logins
    retirements: Retirements
    rosters: Rosters
    roster_changes: RosterChanges
    announcer: Announcer
    teller: Teller
    reports: Reports
    standing: Standing
    presence: Presence
    broker: Broker
    clock: Clock
    tasks: Tasks
    latches: Latches
    _stray: set[Claim] = attrs.field(factory=set, init=False)

    # -- notes from other nodes ------------------------------------------------------------

    def receive(self, sender: str, note: Note) -> None:  # noqa: C901  # one table
        """Do what another node's note says."""
        match note:
            case Handed():
                self._handed(sender, note)
            case Settled():
                self._settled(sender, note)
            case Fetch():
                for user_id in note.user_ids:
                    self.delivery.fetch(user_id)
            case Replaced():
                self.tasks.start(self._replaced(sender, note), self.sessions.get(note.user_id))
            case Retired():
                self._retired(note.session_id)
            case RosterChanged():
                self.rosters.changed(note.group_id)
                self.broker.send(sender, RosterForgotten(note.question))
            case RosterForgotten():
                self.roster_changes.answered(sender, note.question)
            case PresenceChanged():
                friend = Friend(note.user_id, note.name, note.online)
                self.announcer.tell(note.listed_by, friend)
            case LoggedOut():
                ending = self.logins.throw_out(note.user_id, note.session_id)
                self.tasks.start(ending, self.sessions.get(note.user_id))
            case Tell():
                self.teller.heard(note)

    def _handed(self, sender: str, note: Handed) -> None:
        overflow: list[Bound] = []
        message = note.message
        for user_id, session_id, after in note.to:
            session = self.sessions.get(user_id)
            last_from = {} if session is None else session.last_from
            receipt = RemoteReceipt(self.reports, sender, user_id, message.mid, message, last_from)
            if session is None or session.claim.session_id != session_id:
                receipt.gone()
            else:
                overflow += self._offer(session, after, receipt)
        if overflow:
            self.tasks.start(self.delivery.store_undelivered(overflow))

    def _offer(self, session: Session, after: str, receipt: RemoteReceipt) -> Iterable[Bound]:
        """Put a message into a session; return what it could not take any more, to be stored."""
        if not self.standing.good():
            receipt.gone()
            return ()
        if after and session.last_from.get(receipt.node) != after:
            # What went before it was lost, turned away or not stored: its origin has to know first.
            receipt.gone()
            return ()
        try:
            ahead = session.offer(receipt.message, receipt)
        except CidConflict as conflict:
            receipt.fail(conflict)
            ahead = None
        if ahead is not None and not ahead:
            receipt.gone()  # catching up: its origin stores it
            return ()
        if len(session.last_from) >= MOST_ORIGINS:
            session.last_from.clear()  # whoever is not made up hands over behind nothing, next time
        session.last_from[receipt.node] = receipt.mid
        if ahead is None:
            return ()
        user_id = session.user.id
        return [(user_id, held) for held in (*ahead, Held(receipt.message, receipt))]

    def _settled(self, sender: str, note: Settled) -> None:
        for user_id, mid, fate in note.fates:
            if self.delivery.routes.settled(sender, user_id, mid, fate):
                self.delivery.change_way(user_id)

    async def _replaced(self, sender: str, note: Replaced) -> None:
        session = self.sessions.get(note.user_id)
        if session is None or session.claim.session_id != note.session_id:
            self.retirements.replaced_early(note.session_id)
            self.broker.send(sender, Retired(note.user_id, note.session_id))
            return
        session.client.replaced()
        await self.logins.retire(session)
        self.broker.send(sender, Retired(note.user_id, note.session_id))
        await self.logins.release(session)  # which may have been claimed again before we knew

    def _retired(self, old_session_id: str) -> None:
        session = self.retirements.done(old_session_id)
        if session is not None:
            self.delivery.reader.fetch(session)

    def turn_ended(self) -> None:
        """The broker has encoded the notes of this turn."""
        self.delivery.routes.turn_ended()
        self.reports.turn_ended()

    # -- when notes are lost ---------------------------------------------------------------

    def gap(self) -> None:
        """Notes to this node may have been lost."""
        self.rosters.forget_all()
        self._all_fetch()
        for user_id in self.delivery.routes.all():
            self.delivery.change_way(user_id)

    def _all_fetch(self) -> None:
        for session in self.sessions:
            self.delivery.fetch(session.user.id)

    def unsent(self, note: Note) -> None:
        """This note of ours was not sent, or perhaps not."""
        match note:
            case Fetch():
                self.delivery.owed.update(note.user_ids)
            case Handed():
                for user_id, *_ in note.to:
                    self.delivery.change_way(user_id)

    async def died(self, node: str, user_ids: Collection[int]) -> None:
        """Another node has lost its lease; these users' claims were taken from it by this one."""
        for user_id in self.delivery.routes.to_node(node):
            self.delivery.change_way(user_id)
        if user_ids:
            await self.latches.latch().wait(GRACE)
            await self.announcer.left_behind(user_ids)

    async def audit(self) -> None:
        """Give up claims of this node that no session has, and end sessions whose users others
        have. To be called now and then. Raises TryAgain.

        A claim can outlive its session when Redis has carried out what it did not answer. One that
        is found for the first time may belong to a login under way. And a session can outlive its
        claim when the note that it was replaced is lost: nobody may go on in a user's name, or
        read what comes for them, who was logged out by them.
        """
        claims = set(await self.presence.own(self.delivery.node))
        stray = {claim for claim in claims if not self._has_session(claim)}
        for claim in stray & self._stray:
            self.retirements.release_later(claim)
        self._stray = stray
        unclaimed = [session for session in self.sessions if session.claim not in claims]
        for session in await self._claim_again(unclaimed):
            session.client.replaced()
            await self.logins.retire(session)

    def _has_session(self, claim: Claim) -> bool:
        session = self.sessions.get(claim.user_id)
        return session is not None and session.claim == claim

    # -- the lease ---------------------------------------------------------------------------

    def check_lease(self) -> None:
        """Suspend the node if its lease has run out. To be asked before a client is heard."""
        if not self.standing.suspended and not self.standing.lease.held():
            self.suspend()

    def suspend(self) -> None:
        """The lease is lost: let every session fall back; store what is not taken over and is ours.

        Its users may log in elsewhere from now on, and what is stored next must not be all they
        find.
        """
        if self.standing.suspended:
            return
        self.standing.suspended = True
        self.rosters.suspend()
        for session in self.sessions:
            ours = session.suspend()
            if ours:
                batch = [(session.user.id, held) for held in ours]
                self.tasks.start(self.delivery.store_undelivered(batch), session)

    async def resume(self) -> None:
        """There is a lease again: claim the sessions again, then let them catch up.

        Raises TryAgain, and then the node stays suspended.
        """
        if not self.standing.suspended:
            return
        for session in await self._claim_again(self.sessions):
            session.client.dropped()
            await self.logins.retire(session)
        self.rosters.resume()
        self.standing.suspended = False
        self._all_fetch()

    async def _claim_again(self, sessions: Iterable[Session]) -> list[Session]:
        """Claim these sessions' users again; return the sessions whose users others have."""
        by_claim = {session.claim: session for session in sessions}
        lost = await self.presence.reclaim(list(by_claim))
        for claim, session in by_claim.items():
            if session.phase is Phase.ENDED:  # meanwhile, and its claim was given up before ours
                self.retirements.release_later(claim)
        return [by_claim[claim] for claim in lost]

    # -- time ----------------------------------------------------------------------------------

    def tick(self) -> None:
        """Look after what depends on time. Called about twice a second."""
        self.check_lease()
        for user_id in self.delivery.routes.overdue(self.clock.now_ms()):
            self.delivery.change_way(user_id)
        for old_session_id in self.retirements.overdue():
            self._retired(old_session_id)
        self.announcer.go_on()
        if self.standing.good():
            self._make_up_for()

    def _make_up_for(self) -> None:
        """Do what could not be done while the presence was out of reach."""
        if self.retirements.anything_to_release:
            self.tasks.start(self.retirements.release_now())
        owed = self.delivery.owed
        if owed:
            some = [owed.pop() for _ in range(min(len(owed), OWED_AT_ONCE))]
            self.tasks.start(self.delivery.tell_to_fetch(some))
