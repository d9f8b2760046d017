"""Who is or was a member of which conversation, and what they see of it."""

from collections import defaultdict

import attrs

from chat_domain.entries import FOR_EVER, Visibility
from chat_domain.model import Role


@attrs.define
class Seat:
    """A user's membership of a conversation. joined: the position of their joining. since, left:
    the `since` and `upto` of its `Visibility`. read: up to where they have read. quiet: muted."""

    role: Role
    joined: int
    since: int
    left: int = FOR_EVER
    read: int = 0
    quiet: bool = False

    @property
    def visibility(self) -> Visibility:
        return Visibility(self.since, self.left)


@attrs.define
class Members:
    """All seats, by conversation and by user."""

    _of_conv: defaultdict[int, dict[int, Seat]] = attrs.field(
        factory=lambda: defaultdict(dict), init=False
    )
    _of_user: defaultdict[int, dict[int, Seat]] = attrs.field(
        factory=lambda: defaultdict(dict), init=False
    )

    def seat(self, conv: int, user_id: int) -> Seat | None:
        """The seat of a user who is or was in the conversation; None of any other."""
        return self._of_user[user_id].get(conv) if user_id in self._of_user else None

    def put(self, conv: int, user_id: int, seat: Seat) -> None:
        self._of_conv[conv][user_id] = self._of_user[user_id][conv] = seat

    def all_of(self, user_id: int) -> dict[int, Seat]:
        """A user's seats by conversation, including those that they have left."""
        return dict(self._of_user.get(user_id, ()))

    def of(self, user_id: int) -> dict[int, Seat]:
        """A user's seats by conversation, except those that they have left."""
        return _seated(self._of_user.get(user_id, {}))

    def inside(self, conv: int) -> dict[int, Seat]:
        """The seats of a conversation's present members, by user."""
        return _seated(self._of_conv.get(conv, {}))

    def cut_marks(self, head: int) -> None:
        """Lower all read marks to this position at most."""
        for seats in self._of_conv.values():
            for seat in seats.values():
                seat.read = min(seat.read, head)

    def forget(self, user_id: int) -> None:
        for conv in self._of_user.pop(user_id, ()):
            del self._of_conv[conv][user_id]


def _seated(seats: dict[int, Seat]) -> dict[int, Seat]:
    return {number: seat for number, seat in seats.items() if seat.left == FOR_EVER}
