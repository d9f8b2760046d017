"""The registered users."""

from collections.abc import Callable, Collection

import attrs

from adapters.memory.lookalikes import Lookalikes
from chat_domain.errors import NameTaken, NotLoggedIn
from chat_domain.model import OPERATOR, UNNAMED, Account, User
from chat_domain.names import Name


@attrs.define
class MemoryUsers:
    """Callbacks of the other repositories, each called with a user's id. forget: the account was
    removed. end_tokens: the user's tokens end with their secret."""

    forget: list[Callable[[int], None]] = attrs.field(factory=list, init=False)
    end_tokens: Callable[[int], None] = attrs.field(init=False)
    _accounts: dict[int, Account] = attrs.field(factory=dict, init=False)
    _ids: dict[str, int] = attrs.field(factory=dict, init=False)  # by the name's key
    _lookalikes: Lookalikes = attrs.field(factory=Lookalikes, init=False)
    _last_id: int = attrs.field(default=0, init=False)

    def user(self, user_id: int) -> User | None:
        """A user, for the other repositories of this store."""
        account = self._accounts.get(user_id)
        return account.user if account else None

    def check(self, user_id: int) -> None:
        """Raises NotLoggedIn if there is no such user, or their account is disabled."""
        account = self._accounts.get(user_id)
        if account is None or account.disabled:
            raise NotLoggedIn

    def name(self, user_id: int) -> str:
        """A user's name; UNNAMED if their account was removed."""
        if user_id == OPERATOR.id:
            return OPERATOR.name
        account = self._accounts.get(user_id)
        return account.user.name if account else UNNAMED

    async def add(self, name: Name, secret: str) -> int:
        if name.key in self._ids or self._lookalikes.has(name):
            raise NameTaken(name.text)
        self._lookalikes.add(name)
        self._last_id += 1
        user_id = self._ids[name.key] = self._last_id
        self._accounts[user_id] = Account(User(user_id, name.text), secret)
        return user_id

    async def find(self, who: int | str) -> Account | None:
        user_id = who if isinstance(who, int) else self._ids.get(who, 0)
        return self._accounts.get(user_id)

    async def names(self, user_ids: Collection[int]) -> dict[int, str]:
        return {
            user_id: self._accounts[user_id].user.name
            for user_id in user_ids
            if user_id in self._accounts
        }

    async def set_secret(
        self, user_id: int, secret: str, *, instead_of: str, ending_tokens: bool = False
    ) -> bool:
        account = self._accounts.get(user_id)
        if account is None or account.secret != instead_of:
            return False
        self._accounts[user_id] = attrs.evolve(account, secret=secret)
        if ending_tokens:
            self.end_tokens(user_id)
        return True

    async def page(self, after: int, limit: int, containing: str = "") -> list[Account]:
        following = sorted(
            user_id for key, user_id in self._ids.items() if user_id > after and containing in key
        )
        return [self._accounts[user_id] for user_id in following[:limit]]

    async def remove(self, user_id: int) -> bool:
        account = self._accounts.pop(user_id, None)
        if account is None:
            return False
        name = Name(account.user.name)
        del self._ids[name.key]
        self._lookalikes.remove(name)
        for forget in self.forget:
            forget(user_id)
        return True

    async def skip_ids(self, number: int) -> None:
        self._last_id += number
