"""Coming and going: how sessions begin and end."""

import attrs

from chat_domain.delivery.budget import Budget
from chat_domain.delivery.delivery import Delivery
from chat_domain.delivery.retirements import Retirements
from chat_domain.delivery.session import Phase, Session
from chat_domain.delivery.sessions import Sessions
from chat_domain.delivery.standing import Standing
from chat_domain.errors import AlreadyOnline, TryAgain
from chat_domain.model import Claim, User
from chat_domain.notes import LoggedOut
from chat_domain.people.announcer import Announcer
from chat_domain.ports.client import Client
from chat_domain.ports.cluster import Presence
from chat_domain.ports.runtime import Ids
from chat_domain.ports.store import Tokens


@attrs.frozen
class Logins:
    presence: Presence
    sessions: Sessions
    delivery: Delivery
    announcer: Announcer
    retirements: Retirements
    standing: Standing
    budget: Budget
    ids: Ids
    tokens: Tokens
    node: str
    second_login_replaces: bool = False

    async def log_in(
        self,
        user: User,
        client: Client,
        key: str,
        *,
        takeover: bool = False,
        on_hold: bool = False,
        pushes: int = 0,
    ) -> Session:
        """Begin a session for a user who has proved who they are.

        key: what this session has in common with those that it may resume, "" if with none.
        takeover: whether another session of the user's ends, with its tokens, instead of keeping
        this one out. Only for who has given the password: a thief of a token could lock its owner
        out otherwise.
        on_hold: whether nothing may come before `Offline.begin`. pushes: the number of the last
        push on this connection, from which the session counts on.
        The session is catching up; `Offline.begin` lets messages come once the client is ready.
        Raises AlreadyOnline, and TryAgain while this node is suspended.
        """
        claim = Claim(user.id, self.ids.session(), self.node, key)
        session = Session(claim, user, client, self.delivery.clock.now_ms, self.budget)
        session.on_hold, session.last_push = on_hold, pushes
        try:
            return await self._begin(session, takeover=takeover)
        except AlreadyOnline:
            session.end()
            raise
        except BaseException:
            session.end()
            # Whether it was claimed may be unknown; nobody must be kept out by a claim without a
            # session. Where another session has the user, this does nothing.
            self.retirements.release_later(claim)
            raise

    async def _begin(self, session: Session, *, takeover: bool) -> Session:
        old = await self._claim(session.claim, takeover=takeover)
        await self._take_over(old, session)
        # What the user has sent on another node may be stored for somebody here who has not been
        # told to fetch it yet: what the user sends here next must not be there first.
        await self.delivery.broker.catch_up()
        if self.retirements.came_too_early(session.claim):
            raise AlreadyOnline  # replaced already, before it had begun
        self.check_standing()
        self.sessions.add(session)
        self.delivery.change_way(session.user.id)
        if old is None:
            self.announcer.came(session.user)
        return session

    async def _claim(self, claim: Claim, *, takeover: bool) -> Claim | None:
        """Claim a user; return the claim that it took the place of."""
        self.check_standing()
        in_the_way = await self.presence.claim(claim)
        if in_the_way is None:
            return None
        if takeover:  # the tokens first, which nobody would come back for should the rest fail
            await self.tokens.remove(in_the_way.user_id, in_the_way.key)
        elif not self._may_replace(in_the_way, claim.key):
            raise AlreadyOnline
        if await self.presence.claim(claim, instead_of=in_the_way) is not None:
            raise AlreadyOnline
        return in_the_way

    def _may_replace(self, claim: Claim, key: str) -> bool:
        return self.second_login_replaces or bool(key and claim.key == key)

    def check_standing(self) -> None:
        """Raises TryAgain while this node is suspended."""
        if not self.standing.good():
            raise TryAgain

    async def _take_over(self, old: Claim | None, session: Session) -> None:
        """End what the user had before. A session on another node ends by and by; one on this node
        may have been replaced from there, and not have heard of it yet."""
        here = self.sessions.get(session.user.id)
        if old is not None and old.node != self.node:
            self.retirements.ask_for(old, session)
        elif old is not None and here is None:
            self.retirements.replaced_early(old.session_id)
        if here is not None:
            here.client.replaced()
            await self.retire(here)

    async def retire(self, session: Session) -> None:
        """Let a session push nothing any more, and store what its client did not take over."""
        self.sessions.discard(session)
        had_more = session.may_have_more()
        rest = session.end()
        if rest:
            await self.delivery.store_undelivered([(session.user.id, held) for held in rest])
        elif had_more:  # of what is stored, no other session of the user's may have been told
            await self.delivery.tell_to_fetch([session.user.id])

    async def throw_out(self, user_id: int, session_id: str) -> None:
        """End a session by another's will than its user's, if it is (still) here."""
        session = self.sessions.get(user_id)
        if session is not None and session.claim.session_id == session_id:
            session.client.thrown_out()
            await self.end(session)

    async def throw_out_of(self, user_id: int, key: str) -> None:
        """End a user's session with this key, wherever it is, if there is one.

        The note to another node can be lost. Then it goes on, until it is taken over.
        """
        claim = (await self.presence.find([user_id])).get(user_id)
        if claim is None or claim.key != key:
            return
        if claim.node == self.node:
            await self.throw_out(user_id, claim.session_id)
        else:
            self.delivery.broker.send(claim.node, LoggedOut(user_id, claim.session_id))

    async def end(self, session: Session) -> None:
        """End a session: its client has logged out, or gone, or is too slow. Idempotent.

        The claim is given up last, so that nobody logs in before what was not taken over is stored.
        """
        if session.phase is Phase.ENDED:
            return
        await self.retire(session)
        await self.release(session)
        self.announcer.gone(session.user)

    async def release(self, session: Session) -> None:
        """Give up a session's claim if it is still this session's; later, if that is not possible
        now."""
        try:
            await self.presence.release(session.claim)
        except TryAgain:
            self.retirements.release_later(session.claim)
