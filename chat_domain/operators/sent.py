"""What a user has sent and waits for others: their mailboxes, looked into some at a time."""

from collections.abc import AsyncIterator

from chat_domain.model import Entry
from chat_domain.ports.store import Mailbox, Users

MAILBOXES = 1000  # looked into at once


async def sent_by(sender_id: int, users: Users, mailbox: Mailbox) -> AsyncIterator[list[Entry]]:
    """All of it in parts, ascending by recipient, each recipient's in one. Raises TryAgain."""
    after = 0
    while page := await users.page(after, MAILBOXES):
        yield await mailbox.sent(sender_id, [account.user.id for account in page])
        after = page[-1].user.id
