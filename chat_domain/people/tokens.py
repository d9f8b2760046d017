"""Tokens: logging in again without the password.

Rules:
1. A login begins a session and gives it its first token. A client that resumes with a token older
   than ROTATED_AFTER_MS is given its successor. Both are valid until the successor is used, so that
   a client whose connection breaks before it has read the answer can resume again.
2. The first use of a token ends all others of its session. If one of these comes again, its session
   is known by the part that all its tokens begin with; `accounts` says what follows.
3. The tokens of a connected device do not expire: once a day they are extended, but not made young,
   so that the next time that the client resumes they are followed by rule 1.
"""

import hashlib

import attrs

from chat_domain.model import KeptToken, User
from chat_domain.ports.runtime import Ids

DAY_MS = 24 * 3600 * 1000
TOKEN_LIFE_MS = 14 * DAY_MS
ROTATED_AFTER_MS = DAY_MS
EXTENDED_LIFE_MS = TOKEN_LIFE_MS - ROTATED_AFTER_MS  # from the time of the extension
SERIES_LENGTH = 32  # hex digits, 128 bits
_POINT = "."  # between the part that all tokens of a session share and each one's own


@attrs.frozen
class Token:
    """What a client resumes with. Only what is `kept` is ever stored."""

    text: str = attrs.field(repr=False)
    kept: KeptToken

    @classmethod
    def first(cls, user: User, device: str, session: str, ids: Ids, now_ms: int) -> "Token":
        text = f"{ids.token()}{_POINT}{ids.token()}"
        kept = KeptToken(
            digest(text),
            series_of(text),
            user.id,
            session,
            begun_ms=now_ms,
            expires_ms=now_ms + TOKEN_LIFE_MS,
            used=True,
            device=device,
            seen_ms=now_ms,
        )
        return cls(text, kept)

    def following(self, ids: Ids, now_ms: int) -> "Token | None":
        """Its successor by rule 1, None while it is young."""
        if now_ms - (self.expires_ms - TOKEN_LIFE_MS) < ROTATED_AFTER_MS:
            return None
        text = f"{_beginning(self.text)}{_POINT}{ids.token()}"
        kept = attrs.evolve(
            self.kept,
            digest=digest(text),
            expires_ms=now_ms + TOKEN_LIFE_MS,
            used=False,
            seen_ms=now_ms,
        )
        return Token(text, kept)

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
