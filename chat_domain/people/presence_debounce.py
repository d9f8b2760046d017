"""Who has come or gone, and when that may be announced.

Rules:
1. A user's change is due at once, unless the user was announced less than QUIET seconds ago. Then
   it is due at the end of that time, once, however many changes there were.
2. The same holds while the user is being announced: two announcements of one user never overlap.
3. The user who has waited longest is announced first. At most WAITING users wait: any others are
   not announced until they change again.
"""

from collections import deque

from chat_domain.model import User

QUIET = 5.0  # seconds
WAITING = 20_000  # users


class PresenceDebounce:
    """It has no clock: callers pass the time, in monotonic seconds."""

    def __init__(self) -> None:
        self._due: dict[int, User] = {}
        # Who is being announced, or was less than QUIET ago; and the user again, if that is to
        # follow.
        self._announced: dict[int, User | None] = {}
        self._quiet_until: deque[tuple[float, int]] = deque()  # for these of them, ascending
        self._quiet = QUIET

    def __len__(self) -> int:
        """How many users are due."""
        return len(self._due)

    def changed(self, user: User) -> None:
        """This user has come or gone."""
        if user.id in self._announced:
            self._announced[user.id] = user
        elif len(self._due) < WAITING:
            self._due[user.id] = user

    def take(self, now: float) -> User | None:
        """The next user to be announced, from now on until `announced` is called; None if there is
        none."""
        self._end_quiet(now)
        if not self._due:
            return None
        user = self._due.pop(next(iter(self._due)))
        self._announced[user.id] = None
        return user

    def announced(self, user_id: int, now: float) -> None:
        """The announcement of this user is over, whether or not anybody could be told."""
        self._quiet_until.append((now + self._quiet, user_id))

    def hurry(self) -> None:
        """Wait for nothing from now on."""
        self._quiet = 0.0
        self._quiet_until = deque((0.0, user_id) for _, user_id in self._quiet_until)

    def _end_quiet(self, now: float) -> None:
        quiet = self._quiet_until
        while quiet and quiet[0][0] <= now:
            _, user_id = quiet.popleft()
            again = self._announced.pop(user_id)
            if again is not None:
                self.changed(again)
