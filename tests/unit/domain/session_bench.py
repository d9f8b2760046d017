"""A session on a bench: what it is offered, what it finds, and what its clients hear."""

import itertools
from collections.abc import Iterable, Sequence

from chat_domain.delivery.held import Held
from chat_domain.delivery.receipt import Receipt
from chat_domain.delivery.session import WINDOW_MESSAGES, Phase, Session
from chat_domain.model import Claim, Message, User
from tests.unit.fakes import ManualClock, RecordingClient

NOW = 1_790_000_000_000
_numbers = itertools.count()


def message(text: str = "hello", *, cid: str | None = None, sender: int = 7) -> Message:
    mid = f"mid-{next(_numbers):06}"
    return Message(mid, cid or mid, sender, "Sam", 0, text, NOW)


def session_of(client: RecordingClient, user_id: int = 1) -> Session:
    claim = Claim(user_id, f"session of {user_id}", "here", "")
    return Session(claim, User(user_id, "U"), client, ManualClock().now_ms)


class Bench:
    """A session, and the far ends of what it is offered."""

    def __init__(self, *, live: bool = True) -> None:
        self.client = RecordingClient()
        self.session = session_of(self.client)
        self.sender = RecordingClient()
        self._sender_session = session_of(self.sender, 7)
        if live:
            self.read([])

    def read(self, found: Sequence[Message] | None) -> frozenset[str]:
        """Let a read of the mailbox begin, find this, and end; return what it leaves out."""
        asked, without = self.session.begin_read()
        self.session.end_read(found, asked)
        return frozenset(without)

    def is_live(self) -> bool:
        return self.session.phase is Phase.LIVE

    def is_catching_up(self) -> bool:
        return self.session.phase is Phase.CATCHING_UP

    def receipt(self, of: Message) -> Receipt:
        self._sender_session.sendings.unanswered[of.mid] = of.cid
        return Receipt(self._sender_session, of, of.mid, 1, 1)

    def offer(self, *texts: str) -> list[Message]:
        """Offer messages that are all taken."""
        messages = [message(text) for text in texts]
        for one in messages:
            assert self.session.offer(one, self.receipt(one)) is None
        return messages

    def fill_window(self) -> list[str]:
        window = [f"in the window {number}" for number in range(WINDOW_MESSAGES)]
        self.offer(*window)
        return window


def texts(held: Iterable[Held] | None) -> list[str]:
    assert held is not None
    return [one.message.text for one in held]
