"""Proving who one is by a password, and changing it."""

import attrs

from chat_domain.errors import BadCredentials
from chat_domain.model import Account, User
from chat_domain.names import name_key
from chat_domain.people.passwords import MAX_PASSWORD, check_password
from chat_domain.people.tokens import LoginTokens, Token
from chat_domain.ports.runtime import Hasher
from chat_domain.ports.store import Users


@attrs.frozen
class Accounts:
    users: Users
    tokens: LoginTokens
    hasher: Hasher

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

    async def change_password(
        self, user: User, old: str, new: str, origin: str = "", session: str = ""
    ) -> Token:
        """End all of a user's tokens; return a new one for this session. Raises BadCredentials
        and BadPassword."""
        account = await self.users.by_id(user.id)
        await self._prove(account, old, origin)
        check_password(new)
        account = await self.users.by_id(user.id)  # proving may have renewed the secret
        secret = await self.hasher.hash(new, origin)
        if account is None or account.disabled:
            raise BadCredentials
        if not await self.users.set_secret(user.id, secret, instead_of=account.secret):
            raise BadCredentials
        await self.tokens.end_all_of(user)
        return await self.tokens.issue(user, session)
