"""Registering an account."""

import attrs

from chat_domain.model import User
from chat_domain.names import Name
from chat_domain.people.accounts import check_password
from chat_domain.ports.runtime import Hasher
from chat_domain.ports.store import Users


@attrs.frozen
class Registration:
    users: Users
    hasher: Hasher

    async def register(self, name: str, password: str, origin: str = "") -> User:
        """Create an account and return its user, without logging them in.

        origin: where the asking client is; origins take turns at the hashing.
        Raises BadName, BadPassword, NameTaken and TryAgain.
        """
        parsed = Name.parse(name)
        check_password(password)
        secret = await self.hasher.hash(password, origin)
        return User(await self.users.add(parsed, secret), parsed.text)
