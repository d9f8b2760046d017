"""The log as it was at some time: who may see what of it, and who was in which group when."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

import attrs

from chat_domain.entries import What, is_group, pair, people
from tests.delivery.history import Event

FOR_EVER = 2**63


@attrs.frozen
class Line:
    """An entry. key: "" of a change. what: "" of a text."""

    at: int
    conv: int
    sender: int
    cid: str
    key: str = ""
    crc: int = 0
    what: str = ""
    whom: int = 0

    @property
    def is_text(self) -> bool:
        return not self.what


@attrs.define
class Stay:
    """In a group, from the joining to the leaving, which they both see."""

    joined: int
    left: int = FOR_EVER


class Chronicle:
    """lines: by their positions, ascending. twice: those whose sender and cid, or whose key, an
    earlier one has. unheard_of: those whose sender may not write there."""

    def __init__(self) -> None:
        self.lines: dict[int, Line] = {}
        self.twice: list[Line] = []
        self.strangers: list[Line] = []
        self._by_key: dict[str, int] = {}
        self._by_cid: dict[tuple[int, str], int] = {}
        self._members: defaultdict[int, set[int]] = defaultdict(set)
        self._stays: defaultdict[tuple[int, int], list[Stay]] = defaultdict(list)
        self._seen_by: defaultdict[int, list[int]] = defaultdict(list)
        self._of_others: dict[int, list[int]] = {}  # positions, by users, once they are asked for
        self._reached: defaultdict[int, list[int]] = defaultdict(list)  # by users; see `reached`

    def take(self, event: Event) -> None:
        """Heed a `log` event."""
        facts = {name: event[name] for name in attrs.fields_dict(Line) if name in event}
        line = Line(**facts)
        self.lines[line.at] = line
        if (line.sender, line.cid) in self._by_cid or (line.key and line.key in self._by_key):
            self.twice.append(line)
        self._by_cid.setdefault((line.sender, line.cid), line.at)
        if line.key:
            self._by_key.setdefault(line.key, line.at)
        self._show(line)

    def _show(self, line: Line) -> None:
        if not is_group(line.conv):
            self._show_to({*people(line.conv)}, line)
            if line.sender not in people(line.conv):
                self.strangers.append(line)
            return
        members = self._members[line.conv]
        if line.what in (What.CREATED, What.JOINED):
            members.add(line.sender)
            self._stays[line.sender, line.conv].append(Stay(line.at))
        if line.is_text and line.sender not in members:
            self.strangers.append(line)
        self._show_to(members, line)
        for user in self._gone_by(line):
            members.discard(user)
            self._stays[user, line.conv][-1].left = line.at

    def _gone_by(self, line: Line) -> list[int]:
        match line.what:
            case What.LEFT:
                return [line.sender]
            case What.REMOVED:
                return [line.whom]
            case What.ENDED:
                return list(self._members[line.conv])
        return []

    def _show_to(self, users: set[int], line: Line) -> None:
        for user in users:
            self._seen_by[user].append(line.at)

    @cached_property
    def head(self) -> int:
        return max(self.lines, default=0)

    def seen_by(self, user: int) -> list[int]:
        """The positions that a user may see, ascending."""
        return self._seen_by[user]

    def shown_to_version1(self, user: int) -> list[int]:
        """The positions of what a user may see and others have written, or they to themselves. To
        be asked for once the log is complete."""
        if user not in self._of_others:
            seen = self._seen_by[user]
            self._of_others[user] = [at for at in seen if self.is_of_another(at, user)]
        return self._of_others[user]

    def is_of_another(self, at: int, user: int) -> bool:
        """As version 1 has it: what one writes to oneself is as if another had written it."""
        line = self.lines[at]
        return line.is_text and (line.sender != user or line.conv == pair(user, user))

    def reached(self, user: int, keys: Sequence[str], count: int) -> int:
        """The highest position of the first `count` of a user's keys, which may only be added to.
        To be asked for once the log is complete."""
        reached = self._reached[user]
        for key in keys[len(reached) : count]:
            reached.append(max(self._by_key.get(key, 0), reached[-1] if reached else 0))
        return reached[count - 1] if count else 0

    def by_cid(self, sender: int, cid: str) -> Line | None:
        return self.lines.get(self._by_cid.get((sender, cid), 0))

    def by_key(self, key: str) -> Line | None:
        return self.lines.get(self._by_key.get(key, 0))

    def joined_after(self, user: int, line: Line) -> int:
        """Where a user has joined the group of an entry again, after the stay in which they saw it;
        FOR_EVER if they have not."""
        later = (stay.joined for stay in self._stays[user, line.conv] if stay.joined > line.at)
        return min(later, default=FOR_EVER)

    def stay(self, user: int, group: int, at: int) -> Stay | None:
        """The user's stay in a group at a position."""
        for stay in self._stays[user, group]:
            if stay.joined <= at <= stay.left:
                return stay
        return None
