"""What a conversation does by the clock: asks whether the client is there, and parts from who is
silent, does not read, takes nothing over, or never logs in."""

from typing import TYPE_CHECKING

from adapters.gateway.endings import Ending
from chat_domain.delivery.session import Session
from chat_domain.errors import LoginTimeout

if TYPE_CHECKING:
    from adapters.gateway.conversation import Conversation

PING_AFTER = 20.0  # seconds of silence
DROP_AFTER = 60.0  # seconds of silence, or of not reading what we have to say
SLOW_AFTER = 2.0  # seconds without taking anything over
HELD_UP = (Ending.NOT_READING, Ending.TOO_FAST, Ending.STALLED)


class Watch:
    __slots__ = (
        "_dawdling_since",
        "_intake",
        "_pinged",
        "_quiet_since",
        "_stranger_since",
        "_talk",
    )

    def __init__(self, talk: "Conversation") -> None:
        self._talk = talk
        self._intake = talk.intake
        self._stranger_since: float | None = None  # as far as `tick` has seen
        self._dawdling_since: float | None = None  # over a frame; the same
        self._quiet_since = 0.0
        self._pinged = False

    def tick(self, now: float) -> None:
        """Look after what depends on time. Called about twice a second."""
        session = self._talk.session
        if session is not None:
            self._look_after(session, now)
        elif not self._intake.waiting:
            self._look_at_stranger(now)
        self._intake.tick(now)
        self._listen(now)

    def begin_again(self) -> None:
        """Somebody has logged out: from now on it is a stranger who is there."""
        self._stranger_since = None

    def held_up(self, now: float) -> Ending | None:
        """Why this client does not get on: the word for the end to which that may lead."""
        if self._intake.choked:
            return Ending.NOT_READING
        if self._intake.paused:
            return Ending.TOO_FAST
        session = self._talk.session
        if session is not None and session.untouched(now) > SLOW_AFTER:
            return Ending.STALLED
        return None

    def _listen(self, now: float) -> None:
        intake, link, client = self._intake, self._talk.link, self._talk.client
        silence = now - self._quiet_since
        if intake.heard or intake.waiting or intake.paused:
            intake.heard, self._pinged, self._quiet_since = False, False, now
        elif silence >= DROP_AFTER and (intake.choked or self._pinged):
            link.abort(Ending.NOT_READING if intake.choked else Ending.SILENT)
        elif silence >= PING_AFTER and client is not None and not (self._pinged or intake.choked):
            self._pinged = client.version > 1
            client.ping()

    def _look_at_stranger(self, now: float) -> None:
        if self._stranger_since is None:
            self._stranger_since = now
        if self._dawdling_since is None or not self._intake.is_within_frame:
            self._dawdling_since = now
        here, dawdling = now - self._stranger_since, now - self._dawdling_since
        guard = self._talk.guard
        if not guard.origins.outstayed(self._talk.origin, here, dawdling):
            return
        guard.counters.never_logged_in += 1
        self._stranger_since = now  # once is enough
        if self._intake.choked:
            self._talk.link.abort(Ending.LOGIN_TIMEOUT)
        else:
            self._talk.part(LoginTimeout())

    def _look_after(self, session: Session, now: float) -> None:
        talk = self._talk
        if session.stalled(now):
            talk.link.abort(Ending.STALLED)
            return
        if not session.is_behind():  # as most are, most of the time
            return
        storing = talk.chat.delivery.store_overdue(session)
        if storing is not None:
            talk.gateway.tasks.start(storing, talk)
        talk.chat.offline.fetch(session)
