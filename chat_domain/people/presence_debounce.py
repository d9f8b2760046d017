"""Who has come or gone, and when that may be announced.

Rules:
1. A user's change is due at once, unless the user was announced less than QUIET seconds ago. Then
   it is due at the end of that time, once, however many changes there were.
2. The same holds while the user is being announced: two announcements of one user never overlap.
3. The user who has waited longest is announced first. At most WAITING users wait: any others are
   not announced until they change again.
"""

import attrs

from chat_domain.model import User

QUIET = 5.0  # seconds
WAITING = 20_000  # users


@attrs.define
class _Telling:
    """An announcement of a user, made or in progress. again: the user, if another is to follow."""

    quiet_until: float = 0.0  # on the monotonic clock
    again: User | None = None


class PresenceDebounce:
    """It has no clock: callers pass the time, in monotonic seconds."""

    def __init__(self) -> None:
        self._due: dict[int, User] = {}
        self._announcing: dict[int, _Telling] = {}
        self._quiet_users: dict[int, _Telling] = {}  # in the order of their ends
        self._quiet = QUIET

    def __len__(self) -> int:
        """How many users are due."""
        return len(self._due)

    def changed(self, user: User) -> None:
        """This user has come or gone."""
        telling = self._announcing.get(user.id) or self._quiet_users.get(user.id)
        if telling is not None:
            telling.again = user
        elif len(self._due) < WAITING:
            self._due[user.id] = user

    def take(self, now: float) -> User | None:
        """The next user to be announced, from now on until `announced` is called; None if there is
        none."""
        self._end_quiet(now)
        for user_id, user in self._due.items():
            del self._due[user_id]
            self._announcing[user_id] = _Telling()
            return user
        return None

    def announced(self, user_id: int, now: float) -> None:
        """The announcement of this user is over, whether or not anybody could be told."""
        telling = self._announcing.pop(user_id)
        telling.quiet_until = now + self._quiet
        self._quiet_users[user_id] = telling

    def hurry(self) -> None:
        """Wait for nothing from now on."""
        self._quiet = 0.0
        for telling in self._quiet_users.values():
            telling.quiet_until = 0.0

    def _end_quiet(self, now: float) -> None:
        quiet = self._quiet_users
        while quiet:
            user_id, telling = next(iter(quiet.items()))
            if telling.quiet_until > now:
                return
            del quiet[user_id]
            if telling.again is not None:
                self.changed(telling.again)
