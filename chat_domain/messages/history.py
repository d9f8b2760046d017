"""What was said: a user's conversations, and parts of each, as far as they may see them."""

import attrs

from chat_domain.entries import FOR_EVER, Entry, is_group
from chat_domain.errors import NotMember
from chat_domain.model import Conversation, Page
from chat_domain.pages import cut
from chat_domain.ports.store import Log


@attrs.frozen
class Part:
    """A part of a conversation. entries: ascending by position. backwards: whether they are the
    last of what was asked for, so that fewer would be the last of them. more: there are more, below
    them if `backwards`, otherwise above. read: up to where the user has read, None unless the
    newest entries were asked for."""

    conv: int
    entries: tuple[Entry, ...]
    backwards: bool
    more: bool
    read: int | None = None


@attrs.frozen
class History:
    """Raises TryAgain."""

    log: Log

    async def conversations(
        self, user_id: int, before: int | None, limit: int
    ) -> Page[Conversation]:
        """A user's conversations, those first in which something was said last; those alone whose
        last entry is below `before`."""
        found = await self.log.conversations(user_id, before, limit + 1)
        return cut(found, [one.last.at for one in found], limit)

    async def part(
        self, user_id: int, conv: int, before: int | None, after: int | None, limit: int
    ) -> Part:
        """The first `limit` entries above `after`, or the last `limit` below `before`, or the last
        ones where neither is given. Empty where nobody has said anything, or the user may not see
        what was said. Raises NotMember, for a group that they never were in.
        """
        found = await self.log.page(
            user_id,
            conv,
            before=None if after is not None else FOR_EVER if before is None else before,
            after=after or 0,
            limit=limit + 1,
        )
        if not found and is_group(conv) and await self.log.sight(user_id, conv) is None:
            raise NotMember(conv)
        newest = before is None and after is None
        return Part(
            conv,
            tuple(found[:limit] if after is not None else found[-limit:]),
            backwards=after is None,
            more=len(found) > limit,
            read=await self.log.read_mark(user_id, conv) if newest else None,
        )
