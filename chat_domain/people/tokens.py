"""Tokens: logging in again without the password, and the sessions that can be resumed by one."""

import hashlib

import attrs

from chat_domain.errors import BadToken, NoSuchSession
from chat_domain.model import Resumable, User
from chat_domain.ports.runtime import Clock, Ids
from chat_domain.ports.store import Tokens

TOKEN_LIFE_MS = 14 * 24 * 3600 * 1000
NAME_LENGTH = 16  # hex digits of a token's digest, by which its session is called
TOKENS_KEPT = 10  # per user; the ones that expire first make room


@attrs.frozen
class Token:
    """What a client resumes with. Only its digest is ever stored."""

    text: str = attrs.field(repr=False)
    expires_ms: int

    @property
    def digest(self) -> str:
        return digest(self.text)


def digest(token: str) -> str:
    """The form in which a token is kept. Tokens are random, so a fast hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


@attrs.frozen
class LoginTokens:
    tokens: Tokens
    clock: Clock
    ids: Ids

    async def issue(self, user: User) -> Token:
        """A new token, good for TOKEN_LIFE_MS."""
        token = self.new()
        await self.keep(user, token)
        return token

    def new(self) -> Token:
        """A token that is worth nothing until it is kept, and then TOKEN_LIFE_MS."""
        return Token(self.ids.token(), self.clock.now_ms() + TOKEN_LIFE_MS)

    async def keep(self, user: User, token: Token) -> None:
        """Let a user resume with this token. Of too many, the one that expires first ends."""
        await self.tokens.add(token.digest, user.id, token.expires_ms, keep=TOKENS_KEPT)

    async def owner(self, token: str) -> User:
        """Whose token this is. Raises BadToken."""
        user = await self.tokens.owner(digest(token), self.clock.now_ms())
        if user is None:
            raise BadToken
        return user

    async def resumable(self, user: User, key: str) -> list[Resumable]:
        """A user's sessions that can be resumed, the latest first. key: the asking one's."""
        tokens = await self.tokens.of(user.id, self.clock.now_ms())
        return [
            Resumable(
                name=token[:NAME_LENGTH],
                begun_ms=expires_ms - TOKEN_LIFE_MS,
                expires_ms=expires_ms,
                current=token == key,
            )
            for token, expires_ms in tokens
        ]

    async def end_resumable(self, user: User, name: str) -> str:
        """Make a session's token worthless; return its digest. Raises NoSuchSession."""
        for token, _ in await self.tokens.of(user.id, self.clock.now_ms()):
            if token[:NAME_LENGTH] == name:
                await self.tokens.remove(token)
                return token
        raise NoSuchSession(name)

    async def end(self, token_digest: str) -> None:
        """Make a token worthless."""
        await self.tokens.remove(token_digest)

    async def end_some(self, limit: int) -> int:
        """Make so many tokens worthless, whosever they are, or all there are; return how many."""
        return await self.tokens.remove_some(limit)

    async def end_all_of(self, user: User) -> None:
        """Make all of a user's tokens worthless."""
        await self.tokens.remove_all(user.id)
