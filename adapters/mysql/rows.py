"""Messages as rows of OfflineMessage."""

from chat_domain.model import Entry

# in the order of Message's fields
MESSAGE_COLUMNS = "mid, cid, senderid, sendername, groupid, message, time_ms"

Row = tuple[int, str, str, int, str, int, str, int]


def row(entry: Entry) -> Row:
    """The recipient, then MESSAGE_COLUMNS."""
    message = entry.message
    return (
        entry.recipient_id,
        message.mid,
        message.cid,
        message.sender_id,
        message.sender_name,
        message.group_id,
        message.text,
        message.time_ms,
    )
