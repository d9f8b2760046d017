"""Message history: a user's conversations, and parts of each, as far as the user may see them."""

from collections.abc import Iterable, Mapping

import attrs

from chat_domain.entries import FOREVER, Entry, Visibility, is_group, other_of
from chat_domain.errors import NotMember
from chat_domain.log.marks import Marks
from chat_domain.messages.audience import MOST_MEMBERS
from chat_domain.model import Conversation, Page
from chat_domain.ports.log import Log

READ_AT_ONCE = 51  # entries: a page of 50, which most clients ask for, and one more
BYTES_AT_ONCE = 256 * 1024  # by `Entry.size`, beyond which no more fits into a frame
NEVER = Visibility(upto=0)  # of a conversation that a user never was in


@attrs.frozen
class Part:
    """A part of a conversation.

    entries: ascending by position. backwards: whether it goes back from its end: a caller with room
    for fewer shows the last of them, otherwise the first. more: whether there are more, below them
    if `backwards`, otherwise above. read: how far the user has read; reads: how far others have, by
    id, unless they hide it; both None unless the newest entries were asked for.
    """

    conv: int
    entries: tuple[Entry, ...]
    backwards: bool
    more: bool
    read: int | None = None
    reads: Mapping[int, int] | None = None


@attrs.frozen
class History:
    """All methods raise TryAgain."""

    log: Log
    marks: Marks

    async def conversations(
        self, user_id: int, before: int | None, limit: int
    ) -> Page[Conversation]:
        """A page of a user's conversations, the most recent first; if `before` is given, only those
        whose last entry is below it."""
        await self.marks.write(user_id)  # so that what was just read does not count as unread
        stored = await self.log.conversations(user_id, before, limit + 1)
        found = [self._with_unwritten_marks(user_id, one) for one in stored]
        return Page.cut(found, [one.last.at for one in found], limit)

    def _with_unwritten_marks(self, user_id: int, one: Conversation) -> Conversation:
        """Add the other user's marks that were not written yet when the store was asked: this user
        has been told of them, and is not told again."""
        got, read = one.peer_got, one.peer_read
        if got is None:
            return one
        peer = other_of(one.conv, user_id)
        got = self.marks.of(peer, got)
        read = None if read is None else self.marks.of(peer, read, one.conv)
        if (got, read) == (one.peer_got, one.peer_read):
            return one
        return attrs.evolve(one, peer_got=got, peer_read=read)

    async def part(
        self, user_id: int, conv: int, before: int | None, after: int | None, limit: int
    ) -> Part:
        """The first `limit` entries above `after`, or the last `limit` below `before`, or the last
        ones if neither is given. Empty if nobody has said anything, or the user may not see it.
        Raises NotMember for a group that they never were in."""
        found = await self._read_entries(user_id, conv, before, after, limit + 1)
        if not found and is_group(conv) and await self.log.visibility(user_id, conv) is None:
            raise NotMember(conv)
        backwards, more = after is None, len(found) > limit or _size(found) > BYTES_AT_ONCE
        if more:
            found = found[1:] if backwards else found[:-1]
        part = Part(conv, tuple(found), backwards, more)
        return await self._with_marks(user_id, part) if before is after is None else part

    async def _read_entries(
        self, user_id: int, conv: int, before: int | None, after: int | None, limit: int
    ) -> list[Entry]:
        """At most `limit` entries, fewer once they exceed BYTES_AT_ONCE together. They are read a
        few at a time, so that little is read in vain."""
        found: list[Entry] = []
        if after is None and before is None:
            before = FOREVER
        while len(found) < limit and _size(found) <= BYTES_AT_ONCE:
            piece = min(limit - len(found), READ_AT_ONCE)
            some = await self.log.page(user_id, conv, before=before, after=after or 0, limit=piece)
            found = [*some, *found] if after is None else [*found, *some]
            if len(some) < piece:
                break
            if after is None:
                before = found[0].at
            else:
                after = found[-1].at
        return found

    async def _with_marks(self, user_id: int, part: Part) -> Part:
        """Add the marks. A user who has left a group is not told how far others have read there."""
        conv = part.conv
        own = await self.log.visibility(user_id, conv) or NEVER
        reads = await self.log.reads(conv, MOST_MEMBERS) if own.upto == FOREVER else {}
        others = {one: self.marks.of(one, at, conv) for one, at in reads.items() if one != user_id}
        return attrs.evolve(part, read=self.marks.of(user_id, own.read, conv), reads=others)


def _size(entries: Iterable[Entry]) -> int:
    return sum(entry.size for entry in entries)
