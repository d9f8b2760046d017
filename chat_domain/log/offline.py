"""How sessions that are behind catch up until they are live, with what came while their users were
offline, or did not read.
"""

import attrs

from chat_domain.entries import LogSlice
from chat_domain.errors import TryAgain
from chat_domain.log.follower import Follower
from chat_domain.log.session import Session
from chat_domain.ports.log import Log
from chat_domain.ports.runtime import Tasks

RING_AT_MOST = 512  # entries behind, beyond which the store is asked
READ_AT_ONCE = 200  # entries
READ_FIRST = 25  # the same while their sizes are unknown
BYTES_AT_ONCE = 128 * 1024  # shown before the link can say that it takes no more


@attrs.frozen(eq=False)
class Offline:
    log: Log
    follower: Follower
    tasks: Tasks

    def choked(self, session: Session) -> None:
        """The session's link takes no more for now."""
        session.choked = True
        session.fall_behind(self.follower.applied)

    def unchoked(self, session: Session) -> None:
        """The session's link takes more again."""
        session.choked = False
        self.catch_up(session)

    def position(self, session: Session) -> int:
        """The position up to which all that the session's user may see was shown."""
        return session.position(self.follower.applied)

    def catch_up(self, session: Session) -> None:
        """Show a session what it has missed, as much as it takes now. Safe at any time."""
        if session.reading or not session.may_read():
            return
        if session.after >= self.follower.applied:
            session.go_live(self.follower.applied)
            return
        session.reading = True
        self.tasks.start(self._read_on(session), session)

    async def _read_on(self, session: Session) -> None:
        limit = READ_FIRST
        try:
            while session.may_read():
                before = session.after
                limit = await self.read_some(session, limit)
                if session.after >= self.follower.applied and session.may_read():
                    session.go_live(self.follower.applied)
                    return
                if session.after == before:  # the log has lost its end: the clock finds out
                    return
                await self.tasks.next_turn()  # in which the link sends what was shown
        except TryAgain:
            pass  # the clock tries again
        finally:
            session.reading = False

    async def read_some(self, session: Session, limit: int = READ_AT_ONCE) -> int:
        """Show a session what comes next; the store is asked for `limit` entries at most. Return
        the limit for the next call: hardly more than can be shown at once, since entries that are
        not shown have to be read again. Raises TryAgain."""
        log_slice = self._from_ring(session)
        if log_slice is None:
            epoch, after = self.follower.epoch, session.after
            log_slice = await self.log.read(session.user.id, after, limit)
            if epoch != self.follower.epoch or session.after != after:  # the follower was reset
                return limit
        self._show(session, log_slice)
        return _shown_at_once(log_slice)

    def _from_ring(self, session: Session) -> LogSlice | None:
        """What follows, if it is short, all in the ring, and its user's groups have not changed
        within it."""
        follower, after = self.follower, session.after
        if follower.applied - after > RING_AT_MOST or session.groups_changed_at > after:
            return None
        entries = follower.ring.above(after)
        if entries is None:
            return None
        seen = (one for one in entries if session.sees(one))
        return LogSlice(tuple(seen), max(follower.applied, after))

    def _show(self, session: Session, log_slice: LogSlice) -> None:
        size = 0
        for entry in log_slice.entries:
            if session.choked or session.ended:
                return
            session.show_late(entry)
            self.follower.fanout.shown += 1
            size += entry.size
            if size > BYTES_AT_ONCE:
                return
        session.after = max(session.after, log_slice.upto)


def _shown_at_once(log_slice: LogSlice) -> int:
    """How many entries of this size are shown before the link can say anything."""
    entries = log_slice.entries
    size = sum(entry.size for entry in entries)
    return min(READ_AT_ONCE, BYTES_AT_ONCE * len(entries) // size + 1) if size else READ_AT_ONCE
