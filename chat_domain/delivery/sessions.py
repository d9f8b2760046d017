"""The sessions of this node, by their users. One session per user."""

from collections.abc import Collection, Iterable, Iterator

from chat_domain.delivery.held import Held
from chat_domain.delivery.session import Session


class Sessions:
    """Who is connected here. Looked up for every message, so it is a plain dictionary inside."""

    def __init__(self) -> None:
        self._by_user: dict[int, Session] = {}
        self._stores: dict[int, int] = {}  # how many are under way for a user, here or not
        self.get = self._by_user.get  # the hot path: no wrapper around it

    def add(self, session: Session) -> None:
        """Make this the user's session, in place of any other."""
        self._by_user[session.user.id] = session
        session.older_stores = self._stores.get(session.user.id, 0)
        for _ in range(session.older_stores):
            session.store_begins()

    def discard(self, session: Session) -> None:
        """Forget this session, unless its user has another one by now."""
        if self._by_user.get(session.user.id) is session:
            del self._by_user[session.user.id]

    def of(self, user_ids: Iterable[int]) -> list[Session]:
        """The sessions of those of these users who are here."""
        return [session for session in map(self.get, user_ids) if session is not None]

    def store_begins(self, user_ids: Collection[int]) -> None:
        """Something is about to be stored for these users: keep their sessions from turning live
        before they have seen it, also those that begin meanwhile."""
        stores = self._stores
        for user_id in user_ids:
            stores[user_id] = stores.get(user_id, 0) + 1
        for session in self.of(user_ids):
            session.store_begins()

    def store_ended(self, user_ids: Collection[int]) -> list[tuple[int, Held]]:
        """Return what waited for these users and must be stored behind it."""
        stores = self._stores
        for user_id in user_ids:
            stores[user_id] -= 1
            if not stores[user_id]:
                del stores[user_id]
        here = self.of(user_ids)
        for session in here:
            session.older_stores = max(0, session.older_stores - 1)  # stores are done in order
        return [(session.user.id, held) for session in here for held in session.store_ended()]

    def __iter__(self) -> Iterator[Session]:
        return iter(tuple(self._by_user.values()))

    def __len__(self) -> int:
        return len(self._by_user)
