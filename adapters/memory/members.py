"""Who is or was in which conversation, and from where to where they see it."""

from collections import defaultdict

import attrs

from chat_domain.entries import FOR_EVER, Sight
from chat_domain.model import Role


@attrs.define
class Seat:
    """since, left: as of `Sight`."""

    role: Role
    joined: int
    since: int
    left: int = FOR_EVER
    read: int = 0
    quiet: bool = False

    @property
    def sight(self) -> Sight:
        return Sight(self.since, self.left)


@attrs.define
class Members:
    """Seats by conversations, and by users."""

    _of_conv: defaultdict[int, dict[int, Seat]] = attrs.field(
        factory=lambda: defaultdict(dict), init=False
    )
    _of_user: defaultdict[int, dict[int, Seat]] = attrs.field(
        factory=lambda: defaultdict(dict), init=False
    )

    def seat(self, conv: int, user_id: int) -> Seat | None:
        """Also of who has left."""
        return self._of_user[user_id].get(conv) if user_id in self._of_user else None

    def put(self, conv: int, user_id: int, seat: Seat) -> None:
        self._of_conv[conv][user_id] = self._of_user[user_id][conv] = seat

    def all_of(self, user_id: int) -> dict[int, Seat]:
        """By conversations, those that they have left among them."""
        return dict(self._of_user.get(user_id, ()))

    def of(self, user_id: int) -> dict[int, Seat]:
        """By conversations that they have not left."""
        return _seated(self._of_user.get(user_id, {}))

    def inside(self, conv: int) -> dict[int, Seat]:
        """By users who have not left."""
        return _seated(self._of_conv.get(conv, {}))

    def cut_marks(self, head: int) -> None:
        """Nobody has read what is above this position."""
        for seats in self._of_conv.values():
            for seat in seats.values():
                seat.read = min(seat.read, head)

    def forget(self, user_id: int) -> None:
        for conv in self._of_user.pop(user_id, ()):
            del self._of_conv[conv][user_id]


def _seated(seats: dict[int, Seat]) -> dict[int, Seat]:
    return {number: seat for number, seat in seats.items() if seat.left == FOR_EVER}
