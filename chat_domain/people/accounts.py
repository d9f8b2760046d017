"""Proving a user's identity: by a password, which can be changed, or by a token."""

import attrs

from chat_domain.errors import BadCredentials, BadPassword, BadToken, TryAgain
from chat_domain.fairness.limits import Counters
from chat_domain.model import Account, User
from chat_domain.people.devices import Devices
from chat_domain.people.slots import SlotKeeper
from chat_domain.people.tokens import Token, series_of
from chat_domain.ports.runtime import Hasher
from chat_domain.ports.store import Users

MAX_PASSWORD = 128  # characters; longer ones would only cost hashing time


def check_password(password: str) -> None:
    """Raises BadPassword for one that nobody may have."""
    if not password:
        raise BadPassword("a password needs at least one character")
    if len(password) > MAX_PASSWORD:
        raise BadPassword(f"a password can have at most {MAX_PASSWORD} characters")


@attrs.frozen
class Accounts:
    """origin: where the asking client is; origins take turns at the hashing."""

    users: Users
    devices: Devices
    slots: SlotKeeper
    hasher: Hasher
    counters: Counters

    async def prove(self, who: int | str, password: str, origin: str = "") -> Account:
        """The account with this id, or this key of its name, and this password. Raises
        BadCredentials and TryAgain."""
        account = await self.users.find(who)
        if len(password) > MAX_PASSWORD:
            raise BadCredentials(tried=False)
        # A missing account costs the same time, so that nobody learns which ones exist.
        secret = account.secret if account and not account.disabled else None
        right = await self.hasher.verify(secret, password, origin)
        if account is None or not right:
            raise BadCredentials
        if self.hasher.needs_rehash(account.secret):
            return await self._rehash(account, password, origin)
        return account

    async def _rehash(self, account: Account, password: str, origin: str) -> Account:
        user_id, secret = account.user.id, await self.hasher.hash(password, origin)
        if not await self.users.set_secret(user_id, secret, instead_of=account.secret):
            return await self.prove(user_id, password, origin)  # it has changed
        return attrs.evolve(account, secret=secret)

    async def check_unchanged(self, proved: Account) -> None:
        """Raises TryAgain if an account has another secret by now, is disabled or gone.

        To be called once the session exists and its token is stored. Proving takes so long that the
        password can be changed meanwhile; a change ends tokens, then sessions, and would find
        neither of a login that is still being proved by the old password.
        """
        if await self.users.find(proved.user.id) != proved:
            raise TryAgain

    async def change_password(
        self, user: User, old: str, new: str, origin: str = "", session: str = ""
    ) -> Token:
        """Change a password and end all of the user's sessions except the one of this name, which
        gets a new token; return that.

        Of several changes at the same time, one is made, and the others raise BadCredentials: by
        then, what they give as the old password is wrong. Also raises BadPassword and TryAgain.
        """
        account = await self.prove(user.id, old, origin)
        check_password(new)
        secret = await self.hasher.hash(new, origin)
        devices = self.devices
        token = await devices.new_token(user, await devices.device_of(user, session), session)
        # The tokens end in the same step: who is refused ends none, and after a TryAgain below, a
        # client cannot repeat this with the old password.
        if not await self.users.set_secret(
            user.id, secret, instead_of=account.secret, ending_tokens=True
        ):
            raise BadCredentials
        await devices.end_all_connected(user, session)
        await devices.store_token(user, token)
        try:
            await self.check_unchanged(attrs.evolve(account, secret=secret))
        except TryAgain:
            await devices.tokens.remove(user.id, token.session)
            raise
        return token

    async def prove_by_token(self, text: str) -> tuple[User, Token]:
        """The user of a token, and the token. Raises BadToken, after `end_session_of`, and
        TryAgain."""
        try:
            return await self.devices.look_up(text)
        except BadToken:
            await self.end_session_of(text)
            raise

    async def end_session_of(self, text: str) -> None:
        """To be called when an ended token has come. Raises TryAgain.

        If its session has other tokens, two parties have had its tokens, and one of them is a
        thief. Nobody can tell which: the session ends, and the one who knows the password begins
        another.
        """
        now_ms = await self.devices.log.now_ms()
        found = await self.devices.tokens.session_of(series_of(text), now_ms)
        if found is None:
            return
        # A request from before this node hung proves nothing: its client has gone on elsewhere.
        if not self.slots.is_active():
            raise TryAgain
        user_id, name = found
        account = await self.users.find(user_id)
        if account is not None:
            self.counters.tokens_reused += 1
            await self.devices.revoke(account.user, name)
