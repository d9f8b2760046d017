"""What a session's user has sent and has no answer to, and in which order it may be stored.

A message that is refused for the moment will be sent again, and what stood behind it as well. Until
then nothing of that may be accepted or stored, or it would come before what it was sent behind.
"""

import attrs

from chat_domain.model import Message

EXPECTED_AGAIN_WITHIN = 20_000  # ms from its acceptance; then its client has given it up


@attrs.frozen
class _Expected:
    """What a client has to send again before anything else."""

    mid: str
    cid: str
    until_ms: int


@attrs.define(eq=False)
class Sendings:
    """unanswered: how many messages await their fate.
    expected: the first of those that were refused for the moment.
    """

    unanswered: int = 0
    expected: _Expected | None = None
    _overtaking: tuple[str, str] = ("", "")  # see `overtakes`: the mids between these two
    _came_again_at: int = 0

    def expect_again(self, mid: str, message: Message) -> None:
        """A message was refused for the moment: what its client has sent behind it must wait until
        it is sent again, or the order would be lost. Of several, the client begins with the first.

        mid: under which it was accepted from this session, even if it has joined another copy.
        """
        if message.key is None:
            return  # it has no cid, by which it could be known again
        if self.expected is None or mid < self.expected.mid:
            until = message.time_ms + EXPECTED_AGAIN_WITHIN
            self.expected = _Expected(mid, message.cid, until)

    def out_of_order(self, mid: str, cid: str | None, now_ms: int) -> bool:
        """Whether a message comes while an earlier one is expected again."""
        expected = self.expected
        if expected is None:
            return False
        if cid != expected.cid and now_ms < expected.until_ms:
            return True
        recent = now_ms < self._came_again_at + EXPECTED_AGAIN_WITHIN
        self._overtaking = (self._overtaking[0] if recent else expected.mid, mid)
        self._came_again_at = now_ms
        self.expected = None
        return False

    def overtakes(self, mid: str) -> bool:
        """Whether the message that was accepted under this mid must not be stored any more: it
        stood behind one that has been refused since, and will be sent again like that."""
        if self.expected is not None and self.expected.mid < mid:
            return True
        after, before = self._overtaking
        return after < mid < before
