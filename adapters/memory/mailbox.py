"""Messages that wait for their recipients."""

from collections import defaultdict
from collections.abc import Collection, Sequence

import attrs

from adapters.memory.friends import MemoryFriends
from adapters.memory.users import MemoryUsers
from adapters.storage import reserve
from chat_domain.model import Entry, Filing, Message, Outcome


@attrs.define
class _Box:
    """One recipient's messages: by mid, and by sender and cid."""

    by_mid: dict[str, Message] = attrs.field(factory=dict)
    by_cid: dict[tuple[int, str], Message] = attrs.field(factory=dict)

    def put(self, message: Message) -> None:
        self.by_mid[message.mid] = message
        self.by_cid[message.sender_id, message.cid] = message

    def discard(self, mid: str) -> None:
        message = self.by_mid.pop(mid, None)
        if message:
            del self.by_cid[message.sender_id, message.cid]


@attrs.define
class MemoryMailbox:
    _users: MemoryUsers
    _friends: MemoryFriends
    _capacity: int
    _boxes: defaultdict[int, _Box] = attrs.field(factory=lambda: defaultdict(_Box), init=False)

    async def add(self, entries: Sequence[Entry]) -> list[Filing]:
        return [self._file(entry.recipient_id, entry.message) for entry in entries]

    async def read(self, user_id: int, limit: int, without: Collection[str]) -> list[Message]:
        by_mid = self._boxes[user_id].by_mid
        return [by_mid[mid] for mid in sorted(by_mid.keys() - set(without))[:limit]]

    async def sent(self, sender_id: int, recipients: Collection[int]) -> list[Entry]:
        return [
            Entry(user_id, message)
            for user_id in sorted(set(recipients))
            for _, message in sorted(self._boxes[user_id].by_mid.items())
            if message.sender_id == sender_id
        ]

    async def remove(self, user_id: int, mids: Collection[str]) -> None:
        for mid in mids:
            self._boxes[user_id].discard(mid)

    def forget(self, user_id: int) -> None:
        self._boxes.pop(user_id, None)

    def _file(self, recipient_id: int, message: Message) -> Filing:
        if self._users.user(recipient_id) is None:
            return Filing(Outcome.NO_SUCH_USER, message)
        box = self._boxes[recipient_id]
        first = box.by_cid.get((message.sender_id, message.cid))
        if first:
            return self._file_copy(box, first, message)
        if len(box.by_mid) >= self._room_for(message.sender_id, recipient_id):
            return Filing(Outcome.FULL, message)
        box.put(message)
        return Filing(Outcome.STORED, message)

    def _room_for(self, sender_id: int, owner_id: int) -> int:
        listed = self._friends.lists(owner_id, sender_id)
        return self._capacity + (reserve(self._capacity) if listed else 0)

    def _file_copy(self, box: _Box, first: Message, copy: Message) -> Filing:
        if not first.same_content(copy):
            return Filing(Outcome.CONFLICT, first)
        if copy.mid < first.mid:
            box.discard(first.mid)
            box.put(copy)
            return Filing(Outcome.STORED, copy)
        return Filing(Outcome.STORED, first)
