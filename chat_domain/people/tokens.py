"""Tokens: logging in again without the password, and the sessions that can be resumed by one.

Rules:
1. A login begins a session and gives it its first token. Who resumes by a token that is older than
   ROTATED_AFTER_MS is given one that follows it. Both are good until the new one is used, so that a
   client whose connection breaks before it has read the answer can come again.
2. The first use of a token ends all others of its session. What follows when one of them comes
   again is in `accounts`: it is known by the part that all tokens of a session begin with.
"""

import hashlib
from collections.abc import Collection

import attrs

from chat_domain.errors import BadToken
from chat_domain.model import KeptToken, Resumable, User
from chat_domain.ports.runtime import Clock, Ids
from chat_domain.ports.store import Tokens

DAY_MS = 24 * 3600 * 1000
TOKEN_LIFE_MS = 14 * DAY_MS
ROTATED_AFTER_MS = DAY_MS
SESSIONS_KEPT = 10  # per user
NEW_KEPT = 3  # of a session; more were given in answers that nobody has read
SERIES_LENGTH = 32  # hex digits, 128 bits
_POINT = "."  # between what all tokens of a session begin with and what is each one's own


@attrs.frozen
class Token:
    """What a client resumes with. Only what is `kept` is ever stored."""

    text: str = attrs.field(repr=False)
    kept: KeptToken

    @property
    def session(self) -> str:
        return self.kept.session

    @property
    def expires_ms(self) -> int:
        return self.kept.expires_ms


def digest(token: str) -> str:
    """The form in which a token is kept. Tokens are random, so a fast hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def series_of(token: str) -> str:
    """A digest of what all tokens of a session begin with."""
    return digest(_beginning(token))[:SERIES_LENGTH]


def _beginning(token: str) -> str:
    return token.partition(_POINT)[0]


@attrs.frozen
class LoginTokens:
    tokens: Tokens
    clock: Clock
    ids: Ids

    def new(self, user: User, device: str = "", session: str = "") -> Token:
        """A session's first token. It is worth nothing until it is kept.

        device: what its user calls it. session: its name, a new one if it is "".
        """
        text, now_ms = f"{self.ids.token()}{_POINT}{self.ids.token()}", self.clock.now_ms()
        kept = KeptToken(
            digest(text),
            series_of(text),
            user.id,
            session or self.ids.session(),
            begun_ms=now_ms,
            expires_ms=now_ms + TOKEN_LIFE_MS,
            used=True,
            device=device,
            seen_ms=now_ms,
        )
        return Token(text, kept)

    def _following(self, token: Token) -> Token:
        text = f"{_beginning(token.text)}{_POINT}{self.ids.token()}"
        now_ms = self.clock.now_ms()
        kept = attrs.evolve(
            token.kept,
            digest=digest(text),
            expires_ms=now_ms + TOKEN_LIFE_MS,
            used=False,
            seen_ms=now_ms,
        )
        return Token(text, kept)

    async def keep(self, token: Token, connected: Collection[str] = ()) -> list[str]:
        """Let a user resume with this token. Return the names of the sessions that have made room
        for it (see `Tokens.add`)."""
        return await self.tokens.add(token.kept, sessions=SESSIONS_KEPT, connected=connected)

    async def look_up(self, text: str) -> tuple[User, Token]:
        """Whose token this is, and which. Raises BadToken where it is none, or none any more."""
        found = await self.tokens.find(digest(text), self.clock.now_ms())
        if found is None:
            raise BadToken
        user, kept = found
        return user, Token(text, kept)

    async def session_of(self, text: str) -> tuple[int, str] | None:
        """The user and the name of the session that this was a token of, if that has others."""
        return await self.tokens.session_of(series_of(text))

    async def use(self, token: Token) -> Token:
        """Note that a session was resumed by this token; return what to resume by from now on.

        To be called once the session has its claim, so that who ends tokens first and then the
        session misses neither. Raises BadToken where the token was ended since it was looked up.
        """
        following = self._following(token) if self._is_old(token) else None
        kept = None if following is None else following.kept
        used = attrs.evolve(token.kept, seen_ms=self.clock.now_ms())
        if not await self.tokens.use(used, kept, new=NEW_KEPT):
            raise BadToken
        return following or token

    def _is_old(self, token: Token) -> bool:
        made_ms = token.expires_ms - TOKEN_LIFE_MS
        return self.clock.now_ms() - made_ms >= ROTATED_AFTER_MS

    async def resumable(self, user: User, current: str) -> list[Resumable]:
        """A user's sessions that can be resumed, the last to expire first. current: the name of
        the one that asks."""
        sessions: dict[str, Resumable] = {}
        for kept in await self.tokens.of(user.id, self.clock.now_ms()):
            session = Resumable(
                name=kept.session,
                device=kept.device,
                begun_ms=kept.begun_ms,
                seen_ms=kept.seen_ms,
                expires_ms=kept.expires_ms,
                current=kept.session == current,
            )
            sessions.setdefault(kept.session, session)
        return list(sessions.values())

    async def device_of(self, user: User, name: str) -> str:
        """What a user calls the device that a session is on, "" where it has no name."""
        sessions = await self.resumable(user, name)
        return next((one.device for one in sessions if one.current), "")

    async def end(self, user_id: int, session: str) -> None:
        """Make the tokens of a session worthless, if it has any."""
        await self.tokens.remove(user_id, session)

    async def end_all_of(self, user: User) -> None:
        """Make all of a user's tokens worthless."""
        await self.tokens.remove_all(user.id)
