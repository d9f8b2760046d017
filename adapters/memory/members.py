"""Who is or was a member of which conversation, and what they see of it."""

from collections import defaultdict

import attrs

from chat_domain.entries import FOREVER, Visibility
from chat_domain.model import Role


@attrs.define
class MemberRow:
    """A user's membership of a conversation. joined: the position of their joining. since, left:
    the `since` and `upto` of its `Visibility`. read: up to where they have read. muted: by them."""

    role: Role
    joined: int
    since: int
    left: int = FOREVER
    read: int = 0
    muted: bool = False

    @property
    def visibility(self) -> Visibility:
        return Visibility(self.since, self.left, self.read)


@attrs.define
class Members:
    """All rows, by conversation and by user."""

    _of_conv: defaultdict[int, dict[int, MemberRow]] = attrs.field(
        factory=lambda: defaultdict(dict), init=False
    )
    _of_user: defaultdict[int, dict[int, MemberRow]] = attrs.field(
        factory=lambda: defaultdict(dict), init=False
    )

    def row(self, conv: int, user_id: int) -> MemberRow | None:
        """The row of a user who is or was in the conversation; None of any other."""
        return self._of_user[user_id].get(conv) if user_id in self._of_user else None

    def put(self, conv: int, user_id: int, row: MemberRow) -> None:
        self._of_conv[conv][user_id] = self._of_user[user_id][conv] = row

    def all_of(self, user_id: int) -> dict[int, MemberRow]:
        """A user's rows by conversation, including those that they have left."""
        return dict(self._of_user.get(user_id, ()))

    def of(self, user_id: int) -> dict[int, MemberRow]:
        """A user's rows by conversation, except those that they have left."""
        return _present(self._of_user.get(user_id, {}))

    def present(self, conv: int) -> dict[int, MemberRow]:
        """The rows of a conversation's present members, by user."""
        return _present(self._of_conv.get(conv, {}))

    def cut_marks(self, head: int) -> None:
        """Lower all read marks to this position at most."""
        for rows in self._of_conv.values():
            for row in rows.values():
                row.read = min(row.read, head)

    def forget(self, user_id: int) -> None:
        for conv in self._of_user.pop(user_id, ()):
            del self._of_conv[conv][user_id]


def _present(rows: dict[int, MemberRow]) -> dict[int, MemberRow]:
    return {number: row for number, row in rows.items() if row.left == FOREVER}
