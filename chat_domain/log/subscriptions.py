"""Subscribing a session to the log: from then on, the follower shows it what it applies.

A user's groups are read as of one position of the log. The session is subscribed once the node has
applied that position, and the changes above it are applied to the session in the same turn of the
event loop: so it misses nothing, and sees nothing that it may not see.

When the follower is reset, the sessions of devices are ended: their requests in flight refer to old
positions, and none is carried out. The devices reconnect, and the answer to their login tells them.
Sessions of version 1, which has no positions, stay and are subscribed again.
"""

from collections.abc import Iterable, Sequence

import attrs

from chat_domain.entries import EVERYBODY, Entry, Opening, membership_change
from chat_domain.errors import TooManyConnections, TryAgain
from chat_domain.log.follower import Follower
from chat_domain.log.session import Session
from chat_domain.log.sessions import Sessions
from chat_domain.ports.log import Log

TRIED_TIMES = 3  # on a very busy node, the ring does not reach back far enough


@attrs.frozen
class Subscriptions:
    log: Log
    follower: Follower
    sessions: Sessions

    async def subscribe(self, session: Session) -> Opening:
        """Subscribe a session. Return its opening. Raises TryAgain and TooManyConnections."""
        self.sessions.check_room_for(session)
        for _ in range(TRIED_TIMES):
            opening = await self.log.opening(session.user.id)
            if opening.ends.epoch != self.follower.epoch:
                await self.follower.poll_head()
            elif await self._try_subscribe(session, opening):
                return opening
        raise TryAgain

    async def _try_subscribe(self, session: Session, opening: Opening) -> bool:
        """Subscribe a session by its opening; return False if that is too old by now."""
        head = opening.ends.head
        await self.follower.wait_until_applied(head)
        since = self.follower.ring.above(head)
        if since is None or opening.ends.epoch != self.follower.epoch:
            return False
        session.groups = set(opening.groups)
        session.groups_changed_at = head
        for entry in since:
            _apply_missed(session, entry)
        if not session.ended:  # meanwhile
            self.sessions.check_room_for(session)
            self.sessions.subscribe(session)
        return True

    def reset(self) -> tuple[Sequence[Session], Sequence[Session]]:
        """The follower was reset: end the sessions of devices. Return these, whose clients are to
        be dropped, and the sessions of version 1, which are to be subscribed again."""
        leaving, staying = [], []
        for session in self.sessions.unsubscribe_all():
            if session.claim is None:
                session.ended = True
                leaving.append(session)
            else:
                session.client.reset()
                staying.append(session)
        return leaving, staying

    async def resubscribe(self, sessions: Iterable[Session]) -> None:
        """Let these sessions of version 1 begin at their users' `got`: they cannot ask for what was
        before."""
        for session in sessions:
            if session.ended:
                continue
            try:
                opening = await self.subscribe(session)
            except (TryAgain, TooManyConnections):
                session.drop()
            else:
                session.after = min(opening.got, self.follower.applied)


def _apply_missed(session: Session, entry: Entry) -> None:
    user_id, is_member = membership_change(entry)
    if user_id not in {session.user.id, EVERYBODY}:
        return
    if is_member:
        session.groups.add(entry.conv)
    else:
        session.groups.discard(entry.conv)
    session.groups_changed_at = entry.at
