"""What is done for a client by the clock: it pings silent clients, and disconnects those that stay
silent, do not read, or never log in."""

from adapters.gateway.client_context import ClientContext
from adapters.gateway.disconnect_reasons import DisconnectReason
from adapters.gateway.intake import Intake
from adapters.wire.errors import LoginTimeout

PING_AFTER = 20.0  # seconds of silence
DROP_AFTER = 60.0  # seconds of silence, or of not reading what is sent
HELD_UP = (DisconnectReason.NOT_READING, DisconnectReason.TOO_FAST)


class Keepalive:
    __slots__ = (
        "_context",
        "_dawdling_since",
        "_intake",
        "_pinged",
        "_quiet_since",
    )

    def __init__(self, context: ClientContext, intake: Intake) -> None:
        self._context = context
        self._intake = intake
        self._dawdling_since: float | None = None  # when `tick` first saw an unfinished frame
        self._quiet_since = 0.0
        self._pinged = False

    def tick(self, now: float) -> None:
        """Look after what depends on time. Called about twice a second."""
        session = self._context.session
        if session is not None:
            self._context.chat.offline.catch_up(session)
        elif not self._intake.waiting:
            self._check_stranger(now)
        self._intake.tick(now)
        self._check_silence(now)

    def held_up(self) -> DisconnectReason | None:
        """Why this client is held up: the disconnect reason that may follow, None if it is not."""
        if self._intake.choked:
            return DisconnectReason.NOT_READING
        if self._intake.is_paused():
            return DisconnectReason.TOO_FAST
        return None

    def _check_silence(self, now: float) -> None:
        intake, link, client = self._intake, self._context.link, self._context.client
        silence = now - self._quiet_since
        if intake.active or intake.waiting:
            intake.active, self._pinged, self._quiet_since = False, False, now
        elif silence >= DROP_AFTER and (intake.choked or self._pinged):
            link.abort(DisconnectReason.NOT_READING if intake.choked else DisconnectReason.SILENT)
        elif silence >= PING_AFTER and client is not None and not (self._pinged or intake.choked):
            self._pinged = client.version > 1
            client.ping(self._context.position())

    def _check_stranger(self, now: float) -> None:
        context = self._context
        if context.stranger_since is None:
            context.stranger_since = now
        if self._dawdling_since is None or not self._intake.is_within_frame():
            self._dawdling_since = now
        here, dawdling = now - context.stranger_since, now - self._dawdling_since
        if not context.guard.origins.outstayed(context.origin, here, dawdling):
            return
        context.guard.counters.never_logged_in += 1
        context.stranger_since = now  # once is enough
        if self._intake.choked:
            context.link.abort(DisconnectReason.LOGIN_TIMEOUT)
        else:
            self._intake.cut_off(LoginTimeout())
