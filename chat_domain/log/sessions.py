"""The sessions of this node, by their users and by the groups that the users are in."""

from collections.abc import Callable, Collection, Iterable, Iterator

from chat_domain.entries import EVERYBODY, HIGH, ID_BITS
from chat_domain.errors import TooManyConnections, TryAgain
from chat_domain.fairness.meter import READERS_PER_FRAME
from chat_domain.log.session import Session

MOST_MEMBERSHIPS = 2_000_000  # of sessions in groups; some 100 bytes each
FEW = 50  # groups
KEPT_FOR_FEW = 500_000  # memberships: of 10,000 sessions in FEW groups each
MOST_OF_A_USER = 32  # sessions of one user at once

_NOBODY: dict[Session, None] = {}


class Sessions:
    """Iterating yields all sessions, in no particular order. crowded: the groups that have so
    many here that their members pay for it. on_growth: called with such a group each time that it
    has doubled."""

    def __init__(self) -> None:
        self._of_users: dict[int, tuple[Session, ...]] = {}
        self._of_groups: dict[int, dict[Session, None]] = {}
        self.memberships = 0
        self.crowded: set[int] = set()
        self.on_growth: Callable[[int], None] = lambda _group_id: None

    def __len__(self) -> int:
        return sum(map(len, self._of_users.values()))

    def __iter__(self) -> Iterator[Session]:
        return iter([session for some in self._of_users.values() for session in some])

    def of(self, user_id: int) -> tuple[Session, ...]:
        """A user's sessions, the oldest first."""
        return self._of_users.get(user_id, ())

    def of_people(self, conv: int) -> tuple[Session, ...]:
        """The sessions of both users of a conversation, which is not a group's."""
        low, high = conv >> HIGH, conv & ID_BITS  # `people`, without a call for each message
        sessions = self._of_users.get(high, ())
        return sessions if low == high else sessions + self._of_users.get(low, ())

    def of_all(self, user_ids: Iterable[int]) -> list[Session]:
        """The sessions of all these users."""
        return [session for user_id in user_ids for session in self.of(user_id)]

    def users(self) -> list[int]:
        """The ids of the users who have sessions here."""
        return list(self._of_users)

    def in_group(self, group_id: int) -> Collection[Session]:
        """The sessions of a group's members, as of what is applied now: so no session has to be
        checked for each message. Callers do not change it."""
        return self._of_groups.get(group_id, _NOBODY)

    def check_room_for(self, session: Session) -> None:
        """Raises TooManyConnections, and TryAgain if this node is full."""
        others = self.of(session.user.id)
        if len(others) >= MOST_OF_A_USER and session not in others:
            raise TooManyConnections
        if not self.has_room_for(len(session.groups)):
            raise TryAgain

    def has_room_for(self, groups: int) -> bool:
        """Whether a session in this many groups may be in one more. A few users in very many groups
        cannot keep out users who are in few."""
        kept = KEPT_FOR_FEW if groups > FEW else 0
        return self.memberships < MOST_MEMBERSHIPS - kept

    def subscribe(self, session: Session) -> None:
        """Subscribe a session by its `groups`; if it is not here yet, add it."""
        others = self.of(session.user.id)
        if session not in others:
            self._of_users[session.user.id] = (*others, session)
        session.subscribed = True
        self.memberships += len(session.groups)
        for group_id in session.groups:
            self._enter(session, group_id)

    def _enter(self, session: Session, group_id: int) -> None:
        members = self._of_groups.setdefault(group_id, {})
        members[session] = None
        count = len(members)
        if count > READERS_PER_FRAME:
            self.crowded.add(group_id)
            if not count & (count - 1):
                self.on_growth(group_id)

    def discard(self, session: Session) -> bool:
        """Remove a session. Return whether it was here."""
        user_id = session.user.id
        some = self.of(user_id)
        if session not in some:
            return False
        rest = tuple(other for other in some if other is not session)
        if rest:
            self._of_users[user_id] = rest
        else:
            del self._of_users[user_id]
        self._leave_all(session)
        return True

    def unsubscribe_all(self) -> list[Session]:
        """The follower was reset. Return the sessions that are no longer subscribed: they are still
        here and can be ended, and their users stay online."""
        lost = [session for session in self if session.subscribed]
        # All groups at once: leaving each of 2,000,000 memberships would take half a second.
        self._of_groups, self.memberships = {}, 0
        self.crowded.clear()
        for session in self:
            session.reset()
        return lost

    def join(self, user_id: int, group_id: int, at: int) -> None:
        """The entry at this position adds a user to a group, which they see from it on. They may
        have joined on another node: a session for which there is no room here is dropped."""
        for session in self._subscribed(user_id):
            if not session.ended and not self.has_room_for(len(session.groups)):
                session.fall_behind(at - 1)  # its client is not shown this, nor what follows
                session.drop()
                continue
            session.groups_changed_at = at
            if group_id not in session.groups:
                session.groups.add(group_id)
                self.memberships += 1
                self._enter(session, group_id)

    def leave(self, user_id: int, group_id: int, at: int) -> None:
        """The entry at this position removes a user, or EVERYBODY, from a group."""
        some = list(self.in_group(group_id)) if user_id == EVERYBODY else self._subscribed(user_id)
        for session in some:
            session.groups_changed_at = at
            if group_id in session.groups:
                self._leave(session, group_id)
                session.groups.remove(group_id)

    def _subscribed(self, user_id: int) -> list[Session]:
        """A user's sessions whose `groups` are known."""
        return [session for session in self.of(user_id) if session.subscribed]

    def _leave_all(self, session: Session) -> None:
        if session.subscribed:
            for group_id in session.groups:
                self._leave(session, group_id)

    def _leave(self, session: Session, group_id: int) -> None:
        members = self._of_groups[group_id]
        del members[session]
        self.memberships -= 1
        if len(members) == READERS_PER_FRAME:
            self.crowded.discard(group_id)
        if not members:
            del self._of_groups[group_id]
