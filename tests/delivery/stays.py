"""Who was in which group when."""

from collections import defaultdict

import attrs

from chat_domain.entries import ChangeKind, is_group, people
from tests.delivery.line import FOREVER, Line


@attrs.frozen
class Stay:
    """A user's time in a group, from the entry that joins to the entry that leaves; the user sees
    both."""

    joined: int
    left: int = FOREVER


class Stays:
    """The stays that a log's lines make; `take` gets the lines in order."""

    def __init__(self) -> None:
        self._members: defaultdict[int, set[int]] = defaultdict(set)
        self._stays: defaultdict[tuple[int, int], list[Stay]] = defaultdict(list)

    def upto(self, at: int) -> "Stays":
        """The stays that the lines up to a position make."""
        cut = Stays()
        for (user, group), stays in self._stays.items():
            begun = [stay for stay in stays if stay.joined <= at]
            if begun and begun[-1].left > at:
                begun[-1] = Stay(begun[-1].joined)
                cut._members[group].add(user)
            cut._stays[user, group] = begun
        return cut

    def take(self, line: Line) -> set[int]:
        """Process a line; return who may see it."""
        if not is_group(line.conv):
            return {*people(line.conv)}
        members = self._members[line.conv]
        if line.what in {ChangeKind.CREATED, ChangeKind.JOINED}:
            members.add(line.sender)
            self._stays[line.sender, line.conv].append(Stay(line.at))
        seen_by = {*members}
        for user in self._gone_by(line):
            members.discard(user)
            stays = self._stays[user, line.conv]
            stays[-1] = Stay(stays[-1].joined, line.at)
        return seen_by

    def _gone_by(self, line: Line) -> list[int]:
        match line.what:
            case ChangeKind.LEFT:
                return [line.sender]
            case ChangeKind.REMOVED:
                return [line.whom]
            case ChangeKind.ENDED:
                return list(self._members[line.conv])
        return []

    def is_member(self, user: int, group: int) -> bool:
        """Whether a user is in a group now."""
        return user in self._members.get(group, ())

    def joined_after(self, user: int, line: Line) -> int:
        """The position at which a user joined the group of a line again, after the stay in which
        they saw it; FOREVER if they did not."""
        later = (stay.joined for stay in self._of(user, line.conv) if stay.joined > line.at)
        return min(later, default=FOREVER)

    def stay(self, user: int, group: int, at: int) -> Stay | None:
        """The user's stay in a group at a position."""
        for stay in self._of(user, group):
            if stay.joined <= at <= stay.left:
                return stay
        return None

    def _of(self, user: int, group: int) -> list[Stay]:
        return self._stays.get((user, group), [])
