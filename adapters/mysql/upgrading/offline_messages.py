"""Turns the messages that wait in the C++ server's table into entries of the log.

The table has a row for each recipient, also of a group's message; the log has one entry for all.
Rows are taken in the order in which they were stored, which is more reliable than their times:
these came from the clocks of many clients.

Two identical rows for one recipient are two messages: the C++ server stored one row for each
sending, and a user who writes 'ok' twice within a second has said it twice. So of identical
messages to a group, the first of one recipient is the first of the others, the second their second.
"""

from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Mapping

import attrs

from adapters.mysql.upgrading.messages import Message, Unreadable
from chat_domain.entries import TEXT, pair, people

COLUMNS = "at, conv, kind, senderid, cid, time_ms, body"

Row = tuple[int, int, int, int, str, int, str]  # in the order of COLUMNS
_Said = tuple[int, int, str, str]  # a group, the sender, the text, and the time as in the row


@attrs.define
class OfflineMessages:
    """now_ms: when the log begins. users: those who exist. members: of each group.

    head: the last position so far. begun: where each conversation of two begins.
    """

    now_ms: int
    users: Container[int]
    members: Mapping[int, Container[int]]
    head: int = 0
    begun: dict[int, int] = attrs.field(factory=dict)
    _firsts: dict[int, int] = attrs.field(factory=dict)  # the first that waits, by recipient
    _said: defaultdict[_Said, list[int]] = attrs.field(factory=lambda: defaultdict(list))
    _times: Counter[tuple[int, int]] = attrs.field(factory=Counter)

    def got(self, user_id: int) -> int:
        """The position just below the first entry that waits for a user, otherwise the head."""
        return self._firsts.get(user_id, self.head + 1) - 1

    def memberships(self) -> Iterator[tuple[int, int, int]]:
        """The users in each conversation of two, and where it begins."""
        for conv, at in self.begun.items():
            for user_id in dict.fromkeys(people(conv)):
                yield user_id, conv, at

    def take(self, recipient: int, message: Message) -> list[Row]:
        """The entries that a row adds; none if another recipient's row has added them. Raises
        Unreadable."""
        if message.sender_id not in self.users:
            raise Unreadable(f"its sender, user {message.sender_id}, does not exist")
        if message.group_id:
            at, rows = self._take_from_group(recipient, message)
        else:
            at, conv = self.head + 1, pair(message.sender_id, recipient)
            self.begun.setdefault(conv, at)
            rows = self._rows(conv, message)
        self._firsts[recipient] = min(at, self._firsts.get(recipient, at))
        return rows

    def _take_from_group(self, recipient: int, message: Message) -> tuple[int, list[Row]]:
        group_id = message.group_id
        if recipient not in self.members.get(group_id, ()):
            raise Unreadable(f"they are not in group {group_id}")
        said = group_id, message.sender_id, message.text, repr(message.sent)
        places = self._said[said]
        first = places[0] if places else self.head + 1  # stands for `said`, which may be long
        times = self._times[recipient, first]
        self._times[recipient, first] += 1
        if times < len(places):
            return places[times], []
        places.append(self.head + 1)
        return places[-1], self._rows(group_id, message)

    def _rows(self, conv: int, message: Message) -> list[Row]:
        return [self._row(conv, message, part) for part in message.parts()]

    def _row(self, conv: int, message: Message, part: str) -> Row:
        self.head = at = self.head + 1
        cid = f"{self.now_ms:012x}-{at:08x}-00000000"
        return at, conv, TEXT, message.sender_id, cid, message.time_ms, part
