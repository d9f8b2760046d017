"""Proving who one is by a password, and changing it."""

import attrs

from chat_domain.errors import BadCredentials, BadPassword, TryAgain
from chat_domain.model import Account, User
from chat_domain.people.devices import Devices
from chat_domain.people.tokens import Token
from chat_domain.ports.runtime import Hasher
from chat_domain.ports.store import Users

MAX_PASSWORD = 128  # characters; longer ones would only cost hashing time


def check_password(password: str) -> None:
    """Raises BadPassword for what may be nobody's."""
    if not password:
        raise BadPassword("a password needs at least one character")
    if len(password) > MAX_PASSWORD:
        raise BadPassword(f"a password has at most {MAX_PASSWORD} characters")


@attrs.frozen
class Accounts:
    users: Users
    devices: Devices
    hasher: Hasher

    async def prove(self, who: int | str, password: str, origin: str = "") -> Account:
        """The account that has this id, or a name of this key, and this password. Raises
        BadCredentials and TryAgain."""
        users = self.users
        account = await (users.by_id(who) if isinstance(who, int) else users.by_name(who))
        if len(password) > MAX_PASSWORD:
            raise BadCredentials(tried=False)
        # An account that is not there costs the same time, so that nobody learns which are.
        secret = account.secret if account and not account.disabled else None
        right = await self.hasher.verify(secret, password, origin)
        if account is None or not right:
            raise BadCredentials
        if self.hasher.outdated(account.secret):
            return await self._renew(account, password, origin)
        return account

    async def _renew(self, account: Account, password: str, origin: str) -> Account:
        secret = await self.hasher.hash(password, origin)
        await self.users.set_secret(account.user.id, secret, instead_of=account.secret)
        return attrs.evolve(account, secret=secret)

    async def check_unchanged(self, proved: Account) -> None:
        """Raises TryAgain where an account has another secret by now, is disabled or gone.

        To be called once the session is there and its token is kept. Proving takes so long that
        the password can be changed meanwhile; who changes it ends tokens, then sessions, and would
        find neither of a login that is still being proved by the old one.
        """
        if await self.users.by_id(proved.user.id) != proved:
            raise TryAgain

    async def change_password(
        self, user: User, old: str, new: str, origin: str = "", session: str = ""
    ) -> Token:
        """End all of a user's sessions but the one of this name, which gets a new token; return
        that. Raises BadCredentials and BadPassword."""
        account = await self.prove(user.id, old, origin)
        check_password(new)
        secret = await self.hasher.hash(new, origin)
        tokens = self.devices.tokens
        token = tokens.new(user, await tokens.device_of(user, session), session)
        # Before as well, since who is told to try again cannot: the old password is not good then.
        await tokens.end_all_of(user)
        if not await self.users.set_secret(user.id, secret, instead_of=account.secret):
            raise BadCredentials
        await self.devices.end_all(user, session)
        await self.devices.keep(user, token)
        return token
