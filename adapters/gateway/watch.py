"""What a conversation does by the clock: it pings silent clients, and parts from those that stay
silent, do not read, or never log in."""

from adapters.gateway.endings import Ending
from adapters.gateway.intake import Intake
from adapters.gateway.talk import Talk
from chat_domain.errors import LoginTimeout

PING_AFTER = 20.0  # seconds of silence
DROP_AFTER = 60.0  # seconds of silence, or of not reading what is sent
HELD_UP = (Ending.NOT_READING, Ending.TOO_FAST)


class Watch:
    __slots__ = (
        "_dawdling_since",
        "_intake",
        "_pinged",
        "_quiet_since",
        "_talk",
    )

    def __init__(self, talk: Talk, intake: Intake) -> None:
        self._talk = talk
        self._intake = intake
        self._dawdling_since: float | None = None  # when a frame began, as far as `tick` has seen
        self._quiet_since = 0.0
        self._pinged = False

    def tick(self, now: float) -> None:
        """Look after what depends on time. Called about twice a second."""
        session = self._talk.session
        if session is not None:
            self._talk.chat.offline.go_on(session)
        elif not self._intake.waiting:
            self._look_at_stranger(now)
        self._intake.tick(now)
        self._listen(now)

    def held_up(self) -> Ending | None:
        """Why this client is held up: the ending to which that may lead, None if it is not."""
        if self._intake.choked:
            return Ending.NOT_READING
        if self._intake.is_paused():
            return Ending.TOO_FAST
        return None

    def _listen(self, now: float) -> None:
        intake, link, client = self._intake, self._talk.link, self._talk.client
        silence = now - self._quiet_since
        if intake.heard or intake.waiting or intake.is_paused():
            intake.heard, self._pinged, self._quiet_since = False, False, now
        elif silence >= DROP_AFTER and (intake.choked or self._pinged):
            link.abort(Ending.NOT_READING if intake.choked else Ending.SILENT)
        elif silence >= PING_AFTER and client is not None and not (self._pinged or intake.choked):
            self._pinged = client.version > 1
            client.ping(self._talk.place())

    def _look_at_stranger(self, now: float) -> None:
        talk = self._talk
        if talk.stranger_since is None:
            talk.stranger_since = now
        if self._dawdling_since is None or not self._intake.is_within_frame():
            self._dawdling_since = now
        here, dawdling = now - talk.stranger_since, now - self._dawdling_since
        if not talk.guard.origins.outstayed(talk.origin, here, dawdling):
            return
        talk.guard.counters.never_logged_in += 1
        talk.stranger_since = now  # once is enough
        if self._intake.choked:
            talk.link.abort(Ending.LOGIN_TIMEOUT)
        else:
            self._intake.part(LoginTimeout())
