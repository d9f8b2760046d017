"""Registering, proving who one is, and changing a password."""

import hashlib

import attrs

from chat_domain.errors import BadCredentials, BadPassword, BadToken, NoSuchSession
from chat_domain.model import Account, Resumable, User
from chat_domain.names import Name, name_key
from chat_domain.ports import Clock, Hasher, Ids, Tokens, Users

MAX_PASSWORD = 128  # characters; longer ones would only cost hashing time
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
class Accounts:
    users: Users
    tokens: Tokens
    hasher: Hasher
    clock: Clock
    ids: Ids

    async def register(self, name: str, password: str, origin: str = "") -> User:
        """Raises BadName, BadPassword, NameTaken and TryAgain."""
        parsed = Name.parse(name)
        check_password(password)
        secret = await self.hasher.hash(password, origin)
        return User(await self.users.add(parsed, secret), parsed.text)

    async def by_id(self, user_id: int, password: str, origin: str = "") -> User:
        """Whose id and password these are. Raises BadCredentials and TryAgain."""
        return await self._prove(await self.users.by_id(user_id), password, origin)

    async def by_name(self, name: str, password: str, origin: str = "") -> User:
        """Whose name and password these are. Raises BadCredentials and TryAgain."""
        return await self._prove(await self.users.by_name(name_key(name)), password, origin)

    async def _prove(self, account: Account | None, password: str, origin: str) -> User:
        # An account that is not there costs the same time, so that nobody learns which are.
        secret = account.secret if account and not account.disabled else None
        right = len(password) <= MAX_PASSWORD and await self.hasher.verify(secret, password, origin)
        if account is None or not right:
            raise BadCredentials
        if self.hasher.outdated(account.secret):
            await self._renew(account, password, origin)
        return account.user

    async def _renew(self, account: Account, password: str, origin: str) -> None:
        secret = await self.hasher.hash(password, origin)
        await self.users.set_secret(account.user.id, secret, instead_of=account.secret)

    async def change_password(self, user: User, old: str, new: str, origin: str = "") -> Token:
        """End all of a user's tokens; return a new one. Raises BadCredentials and BadPassword."""
        account = await self.users.by_id(user.id)
        await self._prove(account, old, origin)
        check_password(new)
        account = await self.users.by_id(user.id)  # proving may have renewed the secret
        secret = await self.hasher.hash(new, origin)
        if account is None or account.disabled:
            raise BadCredentials
        if not await self.users.set_secret(user.id, secret, instead_of=account.secret):
            raise BadCredentials
        await self.tokens.remove_all(user.id)
        return await self.issue_token(user)

    async def issue_token(self, user: User) -> Token:
        """A new token, good for TOKEN_LIFE_MS."""
        token = self.new_token()
        await self.keep_token(user, token)
        return token

    def new_token(self) -> Token:
        """A token that is worth nothing until it is kept, and then TOKEN_LIFE_MS."""
        return Token(self.ids.token(), self.clock.now_ms() + TOKEN_LIFE_MS)

    async def keep_token(self, user: User, token: Token) -> None:
        """Let a user resume with this token. Of too many, the one that expires first ends."""
        await self.tokens.add(token.digest, user.id, token.expires_ms, keep=TOKENS_KEPT)

    async def by_token(self, token: str) -> User:
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

    async def end_token(self, token_digest: str) -> None:
        """Make a token worthless."""
        await self.tokens.remove(token_digest)


def check_password(password: str) -> None:
    """Raises BadPassword for what may be nobody's."""
    if not password:
        raise BadPassword("a password needs at least one character")
    if len(password) > MAX_PASSWORD:
        raise BadPassword(f"a password has at most {MAX_PASSWORD} characters")
