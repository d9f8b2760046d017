"""What an operator does with accounts. Each step can be repeated, and should be if it failed."""

from collections.abc import Callable, Sequence
from contextlib import suppress

import attrs

from chat_domain.entries import ErasureProgress
from chat_domain.errors import NoSuchGroup, NoSuchUser, NotMember, TryAgain
from chat_domain.groups.membership import GroupMembership
from chat_domain.model import DISABLED, Account, Page, Person, User
from chat_domain.names import id_or_key, name_key
from chat_domain.operators.pieces import Pieces
from chat_domain.people.accounts import check_password
from chat_domain.people.devices import Devices
from chat_domain.ports.cluster import Presence
from chat_domain.ports.log import Log
from chat_domain.ports.runtime import Hasher
from chat_domain.ports.store import Users

AT_ONCE = 100  # groups left before the next are looked up
SKIPPED = 1_000_000  # ids; far more than can have been assigned since any backup
TOKENS_AT_ONCE = 1000
TRIED_TIMES = 5  # to replace a secret that others replace at the same time


@attrs.frozen
class Administration:
    users: Users
    log: Log
    presence: Presence
    hasher: Hasher
    groups: GroupMembership
    devices: Devices
    pieces: Pieces

    async def people(self, after: int, limit: int, containing: str = "") -> Page[Person]:
        """A page of all users, or of those whose names contain this text, in any case."""
        found = await self.users.page(after, limit + 1, name_key(containing))
        return Page.cut(await self._persons(found), [account.user.id for account in found], limit)

    async def account(self, who: str) -> Account:
        """The account with this id or name. Raises NoSuchUser."""
        account = await self.users.find(id_or_key(who))
        if account is None:
            raise NoSuchUser(who)
        return account

    async def person(self, who: str) -> Person:
        """The user with this id or name. Raises NoSuchUser."""
        (person,) = await self._persons([await self.account(who)])
        return person

    async def _persons(self, accounts: Sequence[Account]) -> list[Person]:
        nodes = await self.presence.where([account.user.id for account in accounts])
        return [
            Person(account.user, account.disabled, tuple(nodes.get(account.user.id, ())))
            for account in accounts
        ]

    async def set_password(self, who: str, password: str) -> User:
        """Give a user another password and log them out. An account that is disabled stays so.

        Raises NoSuchUser and BadPassword.
        """
        check_password(password)
        secret = await self.hasher.hash(password)
        user = await self._replace_secret(
            who, lambda old: (DISABLED if old.disabled else "") + secret
        )
        await self.devices.end_all(user)
        return user

    async def log_out(self, who: str) -> tuple[User, bool]:
        """End a user's tokens and sessions; return the user, and whether they were online, as far
        as that can be found out. Raises NoSuchUser."""
        user = (await self.account(who)).user
        was_online = False
        with suppress(TryAgain):
            was_online = bool(await self.presence.where([user.id]))
        await self.devices.end_all(user)
        return user, was_online

    async def disable(self, who: str) -> User:
        """Keep a user from logging in, and log them out. They lose nothing. Raises NoSuchUser."""
        user = await self._replace_secret(
            who, lambda old: DISABLED + old.secret.removeprefix(DISABLED)
        )
        await self.devices.end_all(user)
        return user

    async def enable(self, who: str) -> User:
        """Undo `disable`: the old password is valid again. Raises NoSuchUser."""
        return await self._replace_secret(who, lambda old: old.secret.removeprefix(DISABLED))

    async def delete(self, who: str, *, with_sent: bool = False) -> User:
        """Remove an account with its friendships and memberships. Raises NoSuchUser.

        with_sent: empty all texts that it has written, wherever they are.
        The account is disabled first, so that nobody can use it after an interrupted deletion.
        """
        user = await self.disable(who)
        while page := (await self.groups.page(user.id, 0, AT_ONCE)).items:
            for own in page:
                with suppress(NotMember, NoSuchGroup):  # they have just left by themselves
                    await self.groups.leave(user, own.group.id)
        if with_sent:
            await self._erase(user)
        await self.users.remove(user.id)
        return user

    async def _erase(self, user: User) -> None:
        """Empty a user's texts, and end their sessions. The texts so far are emptied in pieces, so
        that nobody waits for it; then one change tells everybody, and empties those written
        meanwhile. Raises TryAgain; it can be repeated."""
        upto, so_far = (await self.log.ends()).head, ErasureProgress()

        async def go_on(limit: int) -> bool:
            nonlocal so_far
            so_far = await self.log.erase(user.id, so_far, upto, limit)
            return not so_far.done

        await self.pieces.run(go_on)
        await self.devices.erase(user, upto)

    async def after_restore(self) -> int:
        """Keep what happened since the backup from being mistaken for what comes now.

        The next SKIPPED ids of users and groups may have been assigned since, and clients remember
        whose they were. Positions in the log would be assigned again, so it gets a new epoch.
        Tokens that were ended since would be valid again, so all are ended; return how many.
        """
        await self.log.renew()
        await self.users.skip_ids(SKIPPED)
        await self.groups.groups.skip_ids(SKIPPED)
        ended = 0
        while some := await self.devices.tokens.remove_some(TOKENS_AT_ONCE):
            ended += some
        return ended

    async def _replace_secret(self, who: str, new: Callable[[Account], str]) -> User:
        for _ in range(TRIED_TIMES):
            account = await self.account(who)
            secret = new(account)
            if secret == account.secret or await self.users.set_secret(
                account.user.id, secret, instead_of=account.secret
            ):
                return account.user
        raise TryAgain
