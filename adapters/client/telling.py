"""What comes out of the log, as the application is told of it."""

from adapters.client.events import Changed, Message
from adapters.wire.frames import ChangedFrame, GroupChatFrame, OneChatFrame

MessageFrame = OneChatFrame | GroupChatFrame


def event_of_message(frame: MessageFrame, *, own: bool) -> Message:
    """own: whether the user has written it, with another device."""
    return Message(
        frame.at,
        frame.cid,
        frame.id,
        frame.name,
        frame.msg,
        frame.time,
        frame.toid if isinstance(frame, OneChatFrame) else 0,
        frame.groupid if isinstance(frame, GroupChatFrame) else 0,
        frame.re,
        own,
    )


def event_of_change(frame: ChangedFrame, *, own: bool) -> Changed:
    """own: whether the user has done it, with another device."""
    return Changed(
        frame.at,
        frame.cid,
        frame.id,
        frame.name,
        frame.time,
        frame.what,
        frame.groupid,
        frame.whom,
        frame.newname,
        frame.detail,
        own,
    )
