"""The sessions of this node, by their users. One session per user."""

from collections.abc import Iterator

from chat_domain.session import Session


class Sessions:
    """Who is connected here. Looked up for every message, so it is a plain dictionary inside."""

    def __init__(self) -> None:
        self._by_user: dict[int, Session] = {}
        self.get = self._by_user.get  # the hot path: no wrapper around it

    def add(self, session: Session) -> None:
        """Make this the user's session, in place of any other."""
        self._by_user[session.user.id] = session

    def discard(self, session: Session) -> None:
        """Forget this session, unless its user has another one by now."""
        if self._by_user.get(session.user.id) is session:
            del self._by_user[session.user.id]

    def __iter__(self) -> Iterator[Session]:
        return iter(tuple(self._by_user.values()))

    def __len__(self) -> int:
        return len(self._by_user)
