"""Coming and going: how sessions begin and end."""

import attrs

from chat_domain.announcer import Announcer
from chat_domain.delivery import Delivery
from chat_domain.errors import AlreadyOnline
from chat_domain.model import Claim, User
from chat_domain.ports import Client, Ids, Presence
from chat_domain.session import Phase, Session
from chat_domain.sessions import Sessions


@attrs.frozen
class Logins:
    presence: Presence
    sessions: Sessions
    delivery: Delivery
    announcer: Announcer
    ids: Ids
    node: str
    second_login_replaces: bool = False

    async def log_in(self, user: User, client: Client, key: str) -> Session:
        """Begin a session for a user who has proved who they are. Raises AlreadyOnline.

        key: the digest of the token that resumes this session, "" if there is none.
        The session is catching up; `offline.fetch` lets messages come once the client is ready.
        """
        claim = Claim(user.id, self.ids.session(), self.node, key)
        in_the_way = await self.presence.claim(claim)
        if in_the_way is not None:
            if not self._may_replace(in_the_way, key):
                raise AlreadyOnline
            await self._replace(in_the_way, claim)
        session = Session(claim, user, client)
        self.sessions.add(session)
        if in_the_way is None:
            self.announcer.came(user)
        return session

    def _may_replace(self, claim: Claim, key: str) -> bool:
        return self.second_login_replaces or bool(key and claim.key == key)

    async def _replace(self, old: Claim, new: Claim) -> None:
        if await self.presence.claim(new, instead_of=old) is not None:
            raise AlreadyOnline
        session = self.sessions.get(old.user_id)
        if session is not None and session.claim == old:
            session.client.replaced()
            await self._hand_over(session)

    async def _hand_over(self, session: Session) -> None:
        """Let a session push nothing any more, and store what its client did not take over."""
        self.sessions.discard(session)
        rest = session.end()
        if rest:
            await self.delivery.store([(session.user.id, held) for held in rest])

    async def change_key(self, session: Session, key: str) -> None:
        """From now on it is another token that resumes this session. Raises AlreadyOnline if it
        has been replaced meanwhile."""
        claim = attrs.evolve(session.claim, key=key)
        if await self.presence.claim(claim, instead_of=session.claim) is not None:
            raise AlreadyOnline
        session.claim = claim

    async def end(self, session: Session) -> None:
        """End a session: its client has logged out, or gone, or is too slow. Idempotent.

        The claim is given up last, so that nobody logs in before what was not taken over is stored.
        """
        if session.phase is Phase.ENDED:
            return
        await self._hand_over(session)
        await self.presence.release(session.claim)
        self.announcer.gone(session.user)
