"""What waits to be written when it is much: its writers take turns.

So a user who writes little waits for one message of each other user at most, however much others
have queued. The drafts of one user stay in order.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence

import attrs

from chat_domain.log.authorizing import Draft


@attrs.define
class _Own:
    """One user's drafts. size: of all of them, in bytes."""

    drafts: deque[Draft] = attrs.field(factory=deque)
    size: int = 0


class Backlog:
    """Empty unless much was queued."""

    def __init__(self) -> None:
        self._of: OrderedDict[int, _Own] = OrderedDict()  # by user, whose turn comes first is first
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def size_of(self, user_id: int) -> int:
        """How many bytes of a user wait here."""
        own = self._of.get(user_id)
        return 0 if own is None else own.size

    def add(self, drafts: Iterable[Draft]) -> None:
        """Queue these behind what their users have here."""
        for draft in drafts:
            entry = draft[0]
            own = self._of.get(entry.sender_id)
            if own is None:
                own = self._of[entry.sender_id] = _Own()
            own.drafts.append(draft)
            own.size += entry.size
            self._count += 1

    def take(self, most: int, most_bytes: int) -> tuple[Sequence[Draft], int]:
        """Remove the next drafts, one of each user in turn; return them, and their size. They are
        `most` at most, and have `most_bytes` at most unless there is only one."""
        batch, size = list[Draft](), 0
        while self._of and len(batch) < most:
            user_id, own = next(iter(self._of.items()))
            more = own.drafts[0][0].size
            if batch and size + more > most_bytes:
                break
            size += more
            batch.append(own.drafts.popleft())
            own.size -= more
            if own.drafts:
                self._of.move_to_end(user_id)
            else:
                del self._of[user_id]
        self._count -= len(batch)
        return batch, size

    def take_all(self) -> Sequence[Draft]:
        """Remove everything; the drafts of each user are in order."""
        drafts = [draft for own in self._of.values() for draft in own.drafts]
        self._of.clear()
        self._count = 0
        return drafts
