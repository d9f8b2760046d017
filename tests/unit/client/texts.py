"""Texts for user 13, as the server has them and as ChatClient gives them."""

from typing import Any

from adapters.client import Message
from tests.unit.client.fake_chat_server import Frame


def text(at: int, sender: int = 15, **fields: Any) -> Frame:
    """A text as a page has it."""
    who = {"msgid": 1005, "cid": f"c{at}", "id": sender, "name": "li", "toid": 13, "time": 7}
    return who | {"at": at, "msg": f"text {at}"} | fields


def message(at: int) -> Message:
    return Message(at, f"c{at}", 15, "li", f"text {at}", 7, to_id=13)
